"""A poster is a picture by its first bytes, whatever its name and header say."""

import pytest

from veo4k.domain.picture import content_type

PICTURES = [
    (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
    (b"\xff\xd8\xff\xdb", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a....", "image/gif"),
    (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
    (b"\0\0\0\x1cftypavif\0\0\0\0", "image/avif"),
    (b"\0\0\0\x1cftypavis\0\0\0\0", "image/avif"),
]
OTHERS = [b"", b"\xff\xd8", b"\xff\xd9\xff", b"<html>", b"\x89PNG\n\x1a\n", b"GIF88a", b"RIFF\0\0\0\0WAVE"]
OTHERS += [b"\0\0\0\x20ftypisom", b"....WEBP", b"12345678WEBP", b"12345678avif", b"%PDF-1.7", b" \xff\xd8\xff"]


@pytest.mark.parametrize(("content", "kind"), PICTURES)
def test_a_picture_is_known_by_its_first_bytes(content: bytes, kind: str) -> None:
    assert content_type(content) == kind


@pytest.mark.parametrize("content", OTHERS)
def test_what_is_no_picture_has_no_content_type(content: bytes) -> None:
    assert content_type(content) is None
