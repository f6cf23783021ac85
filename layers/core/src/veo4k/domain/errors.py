"""The errors of the package.

Veo4kError
├── InvalidMessageError     a queue message that breaks the schema
├── InvalidBodyError        a callback body that breaks the schema
├── SettingsError           an environment variable is missing or unusable
├── StorageError            table, queue, bucket, bus or secret store did not confirm a request
├── RejectedError           a request of the provider that fails a check; never leaves `services`
├── BrokenBoxError          bytes that are no movie; never leaves `domain.mp4`
└── DownloadError           the file could not be downloaded this time
    └── DeadLinkError       the link itself is dead: a fresh one is needed
"""


class Veo4kError(Exception):
    """Root of everything this package raises on purpose."""


class InvalidMessageError(Veo4kError):
    """The queue message breaks the schema of docs/interface.md; the text is the reason."""


class InvalidBodyError(Veo4kError):
    """The callback's body is not what the provider documents in any of its variants."""


class SettingsError(Veo4kError):
    """An environment variable is missing or unusable; the text names it."""


class StorageError(Veo4kError):
    """Table, queue, bucket, bus or secret store did not confirm a request; whether it was done is unknown."""


class DownloadError(Veo4kError):
    """The file could not be downloaded this time; another attempt follows."""


class DeadLinkError(DownloadError):
    """The link itself is dead (401, 403, 404, 410): a fresh one is needed."""
