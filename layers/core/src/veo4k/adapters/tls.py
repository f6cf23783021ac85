"""One TLS context for every connection of the process, to AWS, to the provider and to the hosts of results."""

import ssl
from functools import cache
from typing import Any

import certifi


class SharedContext(ssl.SSLContext):
    """A client's context that reads each bundle of root certificates once.

    urllib3 loads the bundle for every new connection, and reading it takes 15 ms of CPU (urllib3#3623).
    """

    def __init__(self, _protocol: int) -> None:
        self._loaded = set[Any]()

    def load_verify_locations(self, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        """Load the bundle, unless it has been loaded before."""
        bundle = (cafile, capath, cadata)
        if bundle not in self._loaded:
            super().load_verify_locations(*bundle)
            self._loaded.add(bundle)


@cache
def shared_context() -> ssl.SSLContext:
    """Return the context: TLS 1.2 or newer, with the checks of `ssl.create_default_context`.

    The usual roots are read here, before the first connection needs them.
    """
    context = SharedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    context.load_verify_locations(certifi.where(), None, None)
    return context
