"""Former place of `local.cloud.aws`, as long as the command line imports it."""

from local.cloud.aws import CONFIG, NO_FILES, REGION, ROOT_KEYS, client

__all__ = ["CONFIG", "NO_FILES", "REGION", "ROOT_KEYS", "client"]
