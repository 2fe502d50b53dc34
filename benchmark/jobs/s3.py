"""`s3.py PARTY OPERATION FILE ENDPOINT KEY_ARN`: as s3.js, by AWS's S3 Encryption Client for Python."""
import json
import os
import resource
import sys
import time

import boto3
from botocore.config import Config
from s3_encryption import S3EncryptionClient, S3EncryptionClientConfig
from s3_encryption.materials.kms_keyring import KmsKeyring

PART = 8 * 1024 * 1024
CONTEXT = {"purpose": "benchmark", "tenant": "acme"}


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main():
    party, operation, path, endpoint, key = sys.argv[1:]
    # An emulator takes long to join the parts of 1 GiB; a second try would find none.
    patient = Config(read_timeout=600, retries={"total_max_attempts": 1})
    where = {"endpoint_url": endpoint, "region_name": "us-east-1", "config": patient}
    keyring = KmsKeyring(boto3.client("kms", **where), key)
    client = S3EncryptionClient(boto3.client("s3", **where), S3EncryptionClientConfig(keyring))
    before, started = peak(), time.perf_counter_ns()
    if operation == "put":
        with open(path, "rb") as file:
            client.upload_fileobj(file, "benchmark", party, PART, EncryptionContext=CONTEXT)
    else:
        body = client.get_object(Bucket="benchmark", Key=party, EncryptionContext=CONTEXT)["Body"]
        length = 0
        while chunk := body.read(PART):
            length += len(chunk)
        assert length == os.path.getsize(path)
    print(json.dumps({"elapsed": time.perf_counter_ns() - started, "rise": peak() - before}))


main()
