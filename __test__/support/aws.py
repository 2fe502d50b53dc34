"""The two commands of the AWS command line that README.md shows, for a KMS emulator."""

import sys

import boto3

kms = boto3.client("kms")
match sys.argv[1:]:
    case ["kms", "create-key", "--query", "KeyMetadata.KeyId", "--output", "text"]:
        print(kms.create_key()["KeyMetadata"]["KeyId"])
    case ["kms", "create-alias", "--alias-name", alias, "--target-key-id", key_id]:
        kms.create_alias(AliasName=alias, TargetKeyId=key_id)
    case other:
        sys.exit(f"aws.py does not know {other}")
