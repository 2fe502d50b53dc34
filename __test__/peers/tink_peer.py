"""Google Tink for Python, for the tests: a list of jobs in JSON on stdin, their results on stdout.

A job: `op`, `keyset` (Tink's JSON, or another form that `form` names), and what the op takes, in base64.
"""

import base64
import io
import json
import sys

import tink
from tink import aead, daead, prf
from tink import json_proto_keyset_format, proto_keyset_format, secret_key_access

TOKEN = secret_key_access.TOKEN
TEMPLATES = {
    "AES128_GCM": aead.aead_key_templates.AES128_GCM,
    "AES256_GCM": aead.aead_key_templates.AES256_GCM,
    "AES256_GCM_SIV": aead.aead_key_templates.AES256_GCM_SIV,
    "AES256_SIV": daead.deterministic_aead_key_templates.AES256_SIV,
    "HMAC_SHA256_PRF": prf.prf_key_templates.HMAC_SHA256,
    "HMAC_SHA512_PRF": prf.prf_key_templates.HMAC_SHA512,
}


def unb64(text):
    return base64.b64decode(text or "")


def kms(job):
    import boto3
    from tink.integration import awskms

    region = job["uri"].split(":")[4]
    client = boto3.client(
        "kms",
        region_name=region,
        endpoint_url=job["endpoint"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    return awskms.new_client(boto3_client=client, key_uri=job["uri"]).get_aead(job["uri"])


def read(job):
    form, data = job.get("form", "tink-json"), unb64(job["keyset"])
    bound = unb64(job.get("associatedData"))
    if form == "tink-json":
        return json_proto_keyset_format.parse(data.decode(), TOKEN)
    if form == "tink-binary":
        return proto_keyset_format.parse(data, TOKEN)
    if form == "tink-encrypted-json":
        return json_proto_keyset_format.parse_encrypted(data.decode(), kms(job), bound)
    return proto_keyset_format.parse_encrypted(data, kms(job), bound)


def write(handle, job):
    form, bound = job["form"], unb64(job.get("associatedData"))
    if form == "tink-json":
        return json_proto_keyset_format.serialize(handle, TOKEN).encode()
    if form == "tink-binary":
        return proto_keyset_format.serialize(handle, TOKEN)
    if form == "tink-encrypted-json":
        return json_proto_keyset_format.serialize_encrypted(handle, kms(job), bound).encode()
    return proto_keyset_format.serialize_encrypted(handle, kms(job), bound)


def run(job):
    op = job["op"]
    if op == "generate":
        return write(tink.new_keyset_handle(TEMPLATES[job["type"]]), job)
    handle = read(job)
    data, bound = unb64(job.get("data")), unb64(job.get("bound"))
    if op == "encrypt":
        return handle.primitive(aead.Aead).encrypt(data, bound)
    if op == "decrypt":
        return handle.primitive(aead.Aead).decrypt(data, bound)
    if op == "encryptDeterministic":
        return handle.primitive(daead.DeterministicAead).encrypt_deterministically(data, bound)
    if op == "decryptDeterministic":
        return handle.primitive(daead.DeterministicAead).decrypt_deterministically(data, bound)
    if op == "prf":
        return handle.primitive(prf.PrfSet).primary().compute(data, job["length"])
    raise ValueError(op)


def answer(job):
    try:
        return {"result": base64.b64encode(run(job)).decode()}
    except Exception as error:  # pylint: disable=broad-except
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    for register in (aead.register, daead.register, prf.register):
        register()
    jobs = json.load(io.TextIOWrapper(sys.stdin.buffer, "utf-8"))
    json.dump([answer(job) for job in jobs], sys.stdout)


main()
