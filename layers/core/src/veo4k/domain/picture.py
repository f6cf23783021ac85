"""What a picture is, by its first bytes: a poster is stored only where it is one."""

_SIGNATURES = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"avif", "image/avif"),
    (8, b"avis", "image/avif"),
)
"""Place, bytes and content type."""
_CONTAINERS = {"image/webp": (0, b"RIFF"), "image/avif": (4, b"ftyp")}
"""What stands in front of those that lie in a container."""


def content_type(content: bytes) -> str | None:
    """Return the content type of a picture; None where the bytes are none."""
    return next((kind for place, mark, kind in _SIGNATURES if _is_at(content, place, mark, kind)), None)


def _is_at(content: bytes, place: int, mark: bytes, kind: str) -> bool:
    start, container = _CONTAINERS.get(kind, (0, b""))
    return content.startswith(mark, place) and content.startswith(container, start)
