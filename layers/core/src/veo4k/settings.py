"""The environment of the functions: read here and nowhere else, and refused by name where it is unusable."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TypeVar

from veo4k.domain.errors import SettingsError
from veo4k.domain.gate import Pace
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.schedule import Times

T = TypeVar("T")
Environment = Mapping[str, str]
_TUNABLE = {
    "FirstProbeSeconds": "first_probe",
    "ProbeSeconds": "probe",
    "NudgeSeconds": "nudge",
    "UnknownWaitSeconds": "unknown_wait",
    "LeaseSeconds": "lease",
    "PauseSeconds": "pause",
    "BaseRetrySeconds": "base_retry",
    "DeadlineSeconds": "deadline",
    "HardDeadlineSeconds": "hard_deadline",
    "QueuedDeadlineSeconds": "queued_deadline",
    "ArchiveAttempts": "archive_attempts",
    "ArchiveRetrySeconds": "archive_retry",
    "ArchiveLeaseSeconds": "archive_lease",
    "WindowSeconds": "window",
    "UnclearSeconds": "unclear",
}
TUNING_NAMES = tuple(_TUNABLE)
"""The names that the stack parameter `Tuning` allows; each sets a field of `Times`, of `Pace` or of both."""
_NUMBER = re.compile(r"[1-9][0-9]{0,7}")


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment of one function, validated when it is read. A missing or wrong variable raises SettingsError."""

    environment: Environment

    def __post_init__(self) -> None:
        """Raise SettingsError where TUNING is wrong, also in a function that needs none of its values."""
        self._tuning()

    def text(self, name: str) -> str:
        """Return a variable that must be set; raise SettingsError where it is not."""
        if not (value := self.environment.get(name, "").strip()):
            raise SettingsError(f"{name} is not set")
        return value

    def number(self, name: str) -> int:
        """Return a whole number above zero."""
        return _parsed(name, self.text(name), _positive)

    def count(self, name: str) -> int:
        """Return a whole number, zero where the variable is not set."""
        return _parsed(name, self.environment.get(name) or "0", _whole)

    def chosen(self, name: str, *choices: str) -> str:
        """Return one of the choices."""
        value = self.text(name)
        if value not in choices:
            raise SettingsError(f"{name} must be one of {', '.join(choices)}")
        return value

    def times(self) -> Times:
        """Return the times: the tuned ones, and defaults for the others."""
        return Times(**self._tuned(Times))

    def pace(self) -> Pace:
        """Return the account's pace; its times are the tuned ones, and defaults for the others."""
        requests, daily = self.number("REQUESTS_PER_WINDOW"), self.count("DAILY_REQUEST_LIMIT")
        return Pace(requests=requests, daily=daily, **self._tuned(Pace))

    def hosts(self) -> ResultHosts:
        """Return the hosts that results are downloaded from."""
        hosts, base = self.text("RESULT_HOSTS"), self.text("KIE_BASE_URL")
        return _parsed("RESULT_HOSTS", hosts, lambda text: ResultHosts.parse(text, base))

    def _tuned(self, kind: type[Times | Pace]) -> dict[str, int]:
        """Return the tuned fields of `kind`, times in seconds."""
        known = {field.name for field in fields(kind)}
        return {field: number for name, number in self._tuning().items() if (field := _TUNABLE[name]) in known}

    def _tuning(self) -> dict[str, int]:
        """Parse TUNING, `Name=number,…`. Raise SettingsError that quotes the first wrong entry."""
        tuned: dict[str, int] = {}
        text = self.environment.get("TUNING", "")
        for entry in text.split(",") if text else ():
            name, _, number = entry.partition("=")
            if wrong := _wrong(name, number, tuned):
                raise SettingsError(f"TUNING: {wrong}; allowed are {', '.join(TUNING_NAMES)}")
            tuned[name] = int(number)
        return tuned


def _wrong(name: str, number: str, tuned: Mapping[str, int]) -> str:
    if name not in _TUNABLE:
        return f"unknown name {name!r}"
    if name in tuned:
        return f"{name!r} is given twice"
    return "" if _NUMBER.fullmatch(number) else f"{name}={number!r} is not a whole number from 1 to 99999999"


def _positive(text: str) -> int:
    if not (number := _whole(text)):
        raise ValueError(text)
    return number


def _whole(text: str) -> int:
    """Return a number without its fraction, as CloudFormation allows one. What is above zero does not become zero."""
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return int(value) or int(value > 0)


def _parsed(name: str, text: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(text)
    except ValueError:
        raise SettingsError(f"{name} is unusable") from None
