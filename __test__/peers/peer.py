"""The Encryption SDK for Python, answering one JSON request a line until its input ends.

    {"id", "op": "encrypt", "keyring", "encryptionContext", "requiredContextKeys", "suite": "0478",
     "frameLength", "plaintext": base64 | "plaintextFile": path, "outFile": path}
    {"id", "op": "decrypt", "keyring", "encryptionContext", "message" | "messageFile", "outFile"}

answers {"id", "ok": true, "result": base64 (without outFile), "encryptionContext", "suite"} or
{"id", "ok": false, "error"}. Of a request only id, op, keyring and the data must be there.
Keyrings, where keys are base64 or PEM, and aws-kms takes its regions from the ARNs:

    {"type": "raw-aes", "namespace", "name", "wrappingKey"}
    {"type": "raw-rsa", "namespace", "name", "publicKey", "privateKey", "padding": "oaep-sha256" | "pkcs1"}
    {"type": "aws-kms", "keyArn", "additionalKeyArns", "multiRegion": true, "endpoint"}
    {"type": "aws-kms-rsa", "keyArn", "publicKey", "endpoint"}
    {"type": "raw-ecdh", "curveSpec", "privateKey", "recipientPublicKey"}, one of the keys at least
    {"type": "aws-kms-ecdh", "curveSpec", "keyArn", "recipientPublicKey", "endpoint"}, the recipient if it encrypts
    {"type": "aws-kms-discovery", "region", "filter": {"partition", "accountIds"}, "multiRegion": true, "endpoint"}
    {"type": "multi", "generator", "children"}

Of an aws-kms keyring only the key and the endpoint must be there, and the region of a discovery.
"""
import base64
import io
import json
import logging
import shutil
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

import aws_encryption_sdk  # noqa: E402
import boto3  # noqa: E402
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders  # noqa: E402
from aws_cryptographic_material_providers.mpl import models  # noqa: E402
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig  # noqa: E402
from aws_cryptographic_material_providers.mpl.references import IClientSupplier  # noqa: E402
from aws_encryption_sdk.identifiers import Algorithm  # noqa: E402

POLICY = aws_encryption_sdk.CommitmentPolicy
# Both read every suite; each writes those that the other may not.
COMMITTING = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=POLICY.REQUIRE_ENCRYPT_ALLOW_DECRYPT)
OLDER = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=POLICY.FORBID_ENCRYPT_ALLOW_DECRYPT)
PROVIDERS = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
PIECE = 1 << 20


def main():
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"ok": True, **OPERATIONS[request["op"]](request)}
        except Exception as error:  # noqa: BLE001 - a refusal is an answer
            answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
        print(json.dumps({"id": request["id"], **answer}), flush=True)


def encrypt(request):
    suite = int(request.get("suite", "0478"), 16)
    options = {
        "encryption_context": request.get("encryptionContext") or {},
        "algorithm": Algorithm.get_by_id(suite),
        **materials(request),
    }
    if "frameLength" in request:
        options["frame_length"] = request["frameLength"]
    client = COMMITTING if suite >= 0x0400 else OLDER
    return transform(client, "encrypt", request, "plaintext", options)


def decrypt(request):
    options = materials(request)
    if request.get("encryptionContext"):
        options["encryption_context"] = request["encryptionContext"]
    return transform(COMMITTING, "decrypt", request, "message", options)


OPERATIONS = {"encrypt": encrypt, "decrypt": decrypt}


def transform(client, mode, request, name, options):
    with source(request, name) as data, sink(request) as out:
        with client.stream(mode=mode, source=data, **options) as stream:
            shutil.copyfileobj(stream, out, PIECE)
            header = stream.header
        answer = {
            "encryptionContext": header.encryption_context,
            "suite": f"{header.algorithm.algorithm_id:04x}",
        }
        if "outFile" not in request:
            answer["result"] = base64.b64encode(out.getvalue()).decode()
    return answer


def source(request, name):
    if f"{name}File" in request:
        return open(request[f"{name}File"], "rb")
    return io.BytesIO(base64.b64decode(request[name]))


def sink(request):
    return open(request["outFile"], "wb") if "outFile" in request else io.BytesIO()


def materials(request):
    ring = keyring(request["keyring"])
    if not request.get("requiredContextKeys"):
        return {"keyring": ring}
    default = PROVIDERS.create_default_cryptographic_materials_manager(
        models.CreateDefaultCryptographicMaterialsManagerInput(keyring=ring))
    return {"materials_manager": PROVIDERS.create_required_encryption_context_cmm(
        models.CreateRequiredEncryptionContextCMMInput(
            keyring=None, underlying_cmm=default,
            required_encryption_context_keys=request["requiredContextKeys"]))}


def keyring(spec):
    return KEYRINGS[spec["type"]](spec)


def raw_aes(spec):
    key = base64.b64decode(spec["wrappingKey"])
    return PROVIDERS.create_raw_aes_keyring(models.CreateRawAesKeyringInput(
        key_namespace=spec["namespace"], key_name=spec["name"], wrapping_key=key,
        wrapping_alg=getattr(models.AesWrappingAlg, f"ALG_AES{len(key) * 8}_GCM_IV12_TAG16")))


def raw_rsa(spec):
    padding = spec["padding"].upper().replace("-", "_") + ("" if spec["padding"] == "pkcs1" else "_MGF1")
    public_key, private_key = (
        spec[name].encode() if spec.get(name) else None for name in ("publicKey", "privateKey"))
    return PROVIDERS.create_raw_rsa_keyring(models.CreateRawRsaKeyringInput(
        key_namespace=spec["namespace"], key_name=spec["name"],
        padding_scheme=getattr(models.PaddingScheme, padding), public_key=public_key, private_key=private_key))


def aws_kms(spec):
    region, additional = spec["keyArn"].split(":")[3], spec.get("additionalKeyArns")
    one = {"kms_key_id": spec["keyArn"], "kms_client": kms_client(region, spec)}
    several = {"generator": spec["keyArn"], "kms_key_ids": additional, "client_supplier": Clients(spec)}
    if spec.get("multiRegion"):
        if additional:
            return PROVIDERS.create_aws_kms_mrk_multi_keyring(models.CreateAwsKmsMrkMultiKeyringInput(**several))
        return PROVIDERS.create_aws_kms_mrk_keyring(models.CreateAwsKmsMrkKeyringInput(**one))
    if additional:
        return PROVIDERS.create_aws_kms_multi_keyring(models.CreateAwsKmsMultiKeyringInput(**several))
    return PROVIDERS.create_aws_kms_keyring(models.CreateAwsKmsKeyringInput(**one))


def aws_kms_rsa(spec):
    return PROVIDERS.create_aws_kms_rsa_keyring(models.CreateAwsKmsRsaKeyringInput(
        kms_key_id=spec["keyArn"], public_key=spec["publicKey"].encode(),
        encryption_algorithm="RSAES_OAEP_SHA_256", kms_client=kms_client(spec["keyArn"].split(":")[3], spec)))


def raw_ecdh(spec):
    private = spec["privateKey"].encode() if spec.get("privateKey") else None
    recipient = base64.b64decode(spec["recipientPublicKey"]) if spec.get("recipientPublicKey") else None
    if private and recipient:
        schema = models.RawEcdhStaticConfigurationsRawPrivateKeyToStaticPublicKey(
            models.RawPrivateKeyToStaticPublicKeyInput(
                sender_static_private_key=private, recipient_public_key=recipient))
    elif recipient:
        schema = models.RawEcdhStaticConfigurationsEphemeralPrivateKeyToStaticPublicKey(
            models.EphemeralPrivateKeyToStaticPublicKeyInput(recipient_public_key=recipient))
    else:
        schema = models.RawEcdhStaticConfigurationsPublicKeyDiscovery(
            models.PublicKeyDiscoveryInput(recipient_static_private_key=private))
    return PROVIDERS.create_raw_ecdh_keyring(models.CreateRawEcdhKeyringInput(
        curve_spec=spec["curveSpec"], key_agreement_scheme=schema))


def aws_kms_ecdh(spec):
    if spec.get("recipientPublicKey"):
        schema = models.KmsEcdhStaticConfigurationsKmsPrivateKeyToStaticPublicKey(
            models.KmsPrivateKeyToStaticPublicKeyInput(
                sender_kms_identifier=spec["keyArn"],
                recipient_public_key=base64.b64decode(spec["recipientPublicKey"])))
    else:
        schema = models.KmsEcdhStaticConfigurationsKmsPublicKeyDiscovery(
            models.KmsPublicKeyDiscoveryInput(recipient_kms_identifier=spec["keyArn"]))
    return PROVIDERS.create_aws_kms_ecdh_keyring(models.CreateAwsKmsEcdhKeyringInput(
        curve_spec=spec["curveSpec"], key_agreement_scheme=schema,
        kms_client=kms_client(spec["keyArn"].split(":")[3], spec)))


def aws_kms_discovery(spec):
    options = {"kms_client": kms_client(spec["region"], spec)}
    if "filter" in spec:
        options["discovery_filter"] = models.DiscoveryFilter(
            partition=spec["filter"]["partition"], account_ids=spec["filter"]["accountIds"])
    if spec.get("multiRegion"):
        return PROVIDERS.create_aws_kms_mrk_discovery_keyring(
            models.CreateAwsKmsMrkDiscoveryKeyringInput(region=spec["region"], **options))
    return PROVIDERS.create_aws_kms_discovery_keyring(models.CreateAwsKmsDiscoveryKeyringInput(**options))


def multi(spec):
    return PROVIDERS.create_multi_keyring(models.CreateMultiKeyringInput(
        generator=keyring(spec["generator"]) if spec.get("generator") else None,
        child_keyrings=[keyring(child) for child in spec.get("children", [])]))


KEYRINGS = {
    "raw-aes": raw_aes, "raw-rsa": raw_rsa, "aws-kms": aws_kms, "aws-kms-rsa": aws_kms_rsa,
    "raw-ecdh": raw_ecdh, "aws-kms-ecdh": aws_kms_ecdh, "aws-kms-discovery": aws_kms_discovery, "multi": multi,
}


class Clients(IClientSupplier):
    """A KMS client for each region, all of them at the endpoint of the keyring."""

    def __init__(self, spec):
        self.spec = spec

    def get_client(self, param):
        return kms_client(param.region, self.spec)


def kms_client(region, spec):
    return boto3.client("kms", region_name=region, endpoint_url=spec.get("endpoint"),
                        aws_access_key_id="test", aws_secret_access_key="test")


if __name__ == "__main__":
    main()
