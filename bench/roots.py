"""A certificate for the loopback, and the usual roots with its authority among them: TLS at its usual cost."""

import shutil
import ssl
from pathlib import Path

import certifi
import trustme

HOST = "127.0.0.1"


def server_context(place: Path) -> ssl.SSLContext:
    """Return the server's context, and put a package `certifi` that trusts it into `place`."""
    authority = trustme.CA()
    shutil.copytree(Path(certifi.__file__).parent, place / "certifi", ignore=shutil.ignore_patterns("__pycache__"))
    with (place / "certifi/cacert.pem").open("ab") as bundle:
        bundle.write(authority.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    return context
