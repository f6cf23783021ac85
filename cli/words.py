"""Times, ages and reasons in words, and times out of words."""

import re
from datetime import UTC, datetime

from cli.errors import OperatorError
from veo4k.domain.wait_reason import explain

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"([0-9]{1,6})([smhd])")
_STEPS = ((172_800, 86_400, "d"), (7200, 3600, "h"), (120, 60, "min"), (0, 1, "s"))


def why(reason: str) -> str:
    """Explain a reason; one that has no explanation (a network error) stands for itself."""
    return f"{reason}: {explanation}" if (explanation := explain(reason)) else reason


def harmless(text: str) -> str:
    """Give somebody else's text without what a terminal would obey."""
    return _CONTROL.sub("�", text)


def many(count: int, what: str) -> str:
    """Give a number of things: `1 message`, `2 messages`."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def span(seconds: float) -> str:
    """Give a length of time in one unit, such as `45 s`, `12 min`, `3 h`, `9 d`."""
    size, unit = next((size, unit) for least, size, unit in _STEPS if max(0.0, seconds) >= least)
    return f"{max(0.0, seconds) // size:.0f} {unit}"


def moment(seconds: float) -> str:
    """Give an instant (epoch seconds) as `2026-11-22 10:02:03` UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def ahead(seconds: float, now: float) -> str:
    """Give an instant and how far off it is."""
    return f"{moment(seconds)} ({'now' if seconds <= now else f'in {span(seconds - now)}'})"


def since(text: str, now: float) -> float:
    """Read `30m`, `6h`, `2d` before now, or a time such as `2026-11-22T10:00Z`; gives epoch seconds."""
    if given := _SPAN.fullmatch(text):
        return now - int(given[1]) * _UNITS[given[2]]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise OperatorError(f"{text!r} is no time: say 30m, 6h, 2d or 2026-11-22T10:00Z") from None
    return at.replace(tzinfo=at.tzinfo or UTC).timestamp()
