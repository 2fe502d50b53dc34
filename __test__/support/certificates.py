"""Makes an authority and a server's certificate, and prints both and the server's key as JSON.

`certificates.py NAME`: the certificate is for that address or host name.
"""

import datetime
import ipaddress
import json
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def main(name):
    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = f"authority of {name}"
    authority = certificate(issuer, issuer, authority_key.public_key(), authority_key)
    server = certificate("server", issuer, server_key.public_key(), authority_key, name)
    key = server_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    print(json.dumps({"authority": pem(authority), "server": pem(server), "key": key.decode()}))


def certificate(subject, issuer, public_key, signing_key, server_name=None):
    """For a day; an authority's, unless it is for a server."""
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(common_name(subject))
        .issuer_name(common_name(issuer))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.BasicConstraints(ca=server_name is None, path_length=None), True)
    )
    if server_name is not None:
        alternatives = x509.SubjectAlternativeName([alternative(server_name)])
        builder = builder.add_extension(alternatives, False)
    return builder.sign(signing_key, hashes.SHA256())


def common_name(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def alternative(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def pem(made):
    return made.public_bytes(serialization.Encoding.PEM).decode()


main(*sys.argv[1:])
