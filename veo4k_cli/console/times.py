"""Instants and lengths of time, as the pages show them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from veo4k_cli.formatting import duration

Row = Mapping[str, Any]
"""A job as it is stored, as plain values: a row of another version may have states and fields unknown here."""

SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86_400


def epoch(text: object) -> float | None:
    """Return `2026-11-22T10:02:03.123Z` as epoch seconds. Return None for anything else."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return None


def seconds_of(row: Row, name: str) -> float | None:
    """Return an instant of a row in epoch seconds, or None. Private instants are stored as numbers."""
    value = row.get(name)
    return float(value) if isinstance(value, int | float) else epoch(value)


def age(row: Row, now: float) -> float:
    """Return the seconds from a job's creation to its end, or until now."""
    created = seconds_of(row, "createdAt") or now
    return max(0.0, (seconds_of(row, "finishedAt") or now) - created)


def day_of(seconds: float) -> str:
    """Return the UTC day of an instant as `2026-11-22`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def clock(seconds: float) -> str:
    """Return the UTC time of an instant as `10:02:03`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S")


def precise(seconds: float) -> str:
    """Return a length of time with the digits that matter: `0.4 s`, `12.5 s`, `3 min 20 s`."""
    if seconds < MINUTE:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE:.0f} min {seconds % MINUTE:.0f} s"
    return f"{seconds // HOUR:.0f} h {seconds % HOUR // MINUTE:.0f} min" if seconds < DAY else duration(seconds)


def megabytes(count: float) -> str:
    """Return a number of bytes as `62.1 MB`."""
    return f"{count / 1e6:,.1f} MB"
