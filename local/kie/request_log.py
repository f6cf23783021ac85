"""Logs each request as a JSON line, without keys, signatures and query strings."""

import json
from pathlib import Path
from typing import Any, TextIO


class RequestLog:
    """The rows in memory and in a file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.rows: list[dict[str, Any]] = []
        self._file: TextIO = path.open("a", encoding="utf-8", buffering=1)

    def write(self, **row: Any) -> None:
        """Add one row."""
        self.rows.append(row)
        self._file.write(json.dumps(row) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
