"""The errors of the package.

Veo4kError
├── InvalidMessageError     a queue message that breaks the contract
├── InvalidBodyError        a callback body that breaks the contract
├── SettingsError           an environment variable is missing or unusable
├── StorageError            table, queue, bucket, bus or secret store did not do what was asked
├── BrokenBoxError          bytes that are no movie; never leaves `domain.mp4`
└── DownloadError           the file could not be fetched this time
    └── DeadLinkError       the link itself is dead: only a fresh one helps
"""


class Veo4kError(Exception):
    """Root of everything this package raises on purpose."""


class InvalidMessageError(Veo4kError):
    """The queue message breaks the contract of docs/interface.md; the text is the reason given with it."""


class InvalidBodyError(Veo4kError):
    """The callback's body is not what the provider documents in any of its variants."""


class SettingsError(Veo4kError):
    """An environment variable is missing or unusable; the text names it."""


class StorageError(Veo4kError):
    """Table, queue, bucket, bus or secret store did not do what was asked; whether it did is unknown."""


class DownloadError(Veo4kError):
    """The file could not be fetched this time; it is tried again."""


class DeadLinkError(DownloadError):
    """The link itself is dead (401, 403, 404, 410): a fresh one is needed."""
