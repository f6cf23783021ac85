"""Times, counts and foreign text for a terminal, and times that the operator types."""

import re
from datetime import UTC, datetime

from veo4k_cli.errors import OperatorError

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"([0-9]{1,6})([smhd])")
_STEPS = ((172_800, 86_400, "d"), (7200, 3600, "h"), (120, 60, "min"), (0, 1, "s"))


def printable(text: str) -> str:
    """Replace what text of another origin must not hold.

    A terminal would obey a control character. Half a surrogate pair can be written in JSON, but not printed.
    """
    return _UNPRINTABLE.sub("�", text)


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: `1 message`, `2 messages`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def amount(credits_: float) -> str:
    """Return a number of credits, with a fraction only where there is one."""
    return f"{credits_:,.2f}".removesuffix("00").removesuffix(".")


def duration(seconds: float) -> str:
    """Return a length of time in one unit, such as `45 s`, `12 min`, `3 h`, `9 d`."""
    size, unit = next((size, unit) for least, size, unit in _STEPS if max(0.0, seconds) >= least)
    return f"{max(0.0, seconds) // size:.0f} {unit}"


def timestamp(seconds: float) -> str:
    """Return an instant (epoch seconds) as `2026-11-22 10:02:03`, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def timestamp_ahead(seconds: float, now: float) -> str:
    """Return a future instant and how far off it is."""
    return f"{timestamp(seconds)} ({'now' if seconds <= now else f'in {duration(seconds - now)}'})"


def parse_since(text: str | None, now: float, default: float = 0.0) -> float:
    """Parse `30m`, `6h`, `2d` before now, or a time such as `2026-11-22T10:00Z`. Return epoch seconds."""
    if text is None:
        return default
    if match := _DURATION.fullmatch(text):
        return now - int(match[1]) * _UNITS[match[2]]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise OperatorError(f"{text!r} is not a time. Examples are 30m, 6h, 2d and 2026-11-22T10:00Z.") from None
    return at.replace(tzinfo=at.tzinfo or UTC).timestamp()
