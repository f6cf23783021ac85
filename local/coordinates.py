"""Former place of `local.cloud.connection_file`, as long as the command line imports it."""

from local.cloud.connection_file import FILE

__all__ = ["FILE"]
