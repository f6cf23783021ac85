"""Which files of a row lie in a bucket, by the field under which the HTTP API gives a link to each."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any


def file_keys(row: Mapping[str, Any], bucket: str) -> dict[str, str]:
    """Return the object keys of a public row's files in this bucket, by the name of the link."""
    keys: dict[str, str] = {}
    for part, link in (("archive", "downloadUrl"), ("base", "baseUrl")):
        file = row.get(part) or {}
        if file.get("bucket") == bucket:
            keys[link] = file["key"]
            if file.get("poster"):
                keys["posterUrl"] = str(PurePosixPath(file["key"]).with_suffix(".jpg"))
    return keys
