"""One TLS context for all connections of the process, to AWS and to the provider alike."""

import ssl
from functools import cache
from threading import Lock
from typing import Any

import certifi


class OnceRead(ssl.SSLContext):
    """Reads a bundle of roots once. urllib3 has it read anew for every connection, at 15 ms of CPU (urllib3#3623)."""

    def __init__(self, _protocol: int) -> None:
        self._reading, self._read = Lock(), set[Any]()

    def load_verify_locations(self, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        """Read it, unless it has been read, however it was named; a second thread waits for the first."""
        wanted = (cafile, capath, cadata)
        with self._reading:
            if wanted not in self._read:
                super().load_verify_locations(cafile, capath, cadata)
                self._read.add(wanted)


@cache
def shared_context() -> ssl.SSLContext:
    """Give the context: TLS 1.2 at least, certificate and name are checked.

    The usual roots are read here: while a function starts it has a whole core, for its first batch a part of one.
    """
    context = OnceRead(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certifi.where(), None, None)  # as urllib3 names them
    return context
