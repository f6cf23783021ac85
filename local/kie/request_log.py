"""A log of every request as JSON lines. It never holds a key, a signature or a query string."""

import json
from pathlib import Path
from typing import Any, TextIO


class RequestLog:
    """Keeps the rows in memory and writes each to a file."""

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
