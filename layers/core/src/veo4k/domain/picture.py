"""What a picture is, by its first bytes: a poster is stored only where it is one."""

import re

_MARKS = (
    (rb"\xff\xd8\xff", "image/jpeg"),
    (rb"\x89PNG\r\n\x1a\n", "image/png"),
    (rb"GIF8[79]a", "image/gif"),
    (rb"RIFF....WEBP", "image/webp"),
    (rb"....ftypavi[fs]", "image/avif"),
)
"""The first bytes of each kind of picture, and its content type."""


def content_type(content: bytes) -> str | None:
    """Return the content type of a picture; None where the bytes are none."""
    return next((kind for mark, kind in _MARKS if re.match(mark, content, re.DOTALL)), None)
