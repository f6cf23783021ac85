"""A certificate for the loopback and the usual roots with its authority among them: TLS as it is, at its usual cost."""

import datetime as dt
import ipaddress
import shutil
import ssl
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"


def server_context(place: Path) -> ssl.SSLContext:
    """Give the server's context; in `place` then lies a package `certifi` that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed(key)
    made = place / "server.pem"
    made.write_bytes(_pem(key) + certificate)
    shutil.copytree(Path(certifi.__file__).parent, place / "certifi", ignore=shutil.ignore_patterns("__pycache__"))
    with (place / "certifi/cacert.pem").open("ab") as bundle:
        bundle.write(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made)
    return context


def _signed(key: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + dt.timedelta(days=2))
    certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
