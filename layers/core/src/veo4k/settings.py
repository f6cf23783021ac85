"""The environment of the functions: read here and nowhere else, and refused by name where it is unusable."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TypeVar

from veo4k.domain.errors import SettingsError
from veo4k.domain.gate import Pace
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.schedule import Times

T = TypeVar("T")
Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Settings:
    """What one function is told; asking for what it was not told is a SettingsError."""

    environment: Environment

    def text(self, name: str) -> str:
        """Give a variable that must be there."""
        if not (value := self.environment.get(name, "").strip()):
            raise SettingsError(f"{name} is not set")
        return value

    def number(self, name: str) -> float:
        """Give a number above zero."""
        return _parsed(name, self.text(name), _positive)

    def count(self, name: str) -> int:
        """Give a whole number, zero where it was not told."""
        return _parsed(name, self.environment.get(name) or "0", _whole)

    def chosen(self, name: str, *choices: str) -> str:
        """Give one of the choices."""
        value = self.text(name)
        if value not in choices:
            raise SettingsError(f"{name} must be one of {', '.join(choices)}")
        return value

    def times(self) -> Times:
        """Give the times this function was told, defaults for the others, which it does not use."""
        given = {f.name: _variable(f.name) for f in fields(Times)}
        told = {name: self.number(variable) for name, variable in given.items() if variable in self.environment}
        attempts = {"archive_attempts": int(told["archive_attempts"])} if "archive_attempts" in told else {}
        return Times(**told | attempts)  # type: ignore[arg-type]  # attempts are an int

    def pace(self) -> Pace:
        """Give the account's pace."""
        return Pace(
            requests=int(self.number("REQUESTS_PER_WINDOW")),
            window=self.number("WINDOW_SECONDS"),
            pause=self.number("PAUSE_SECONDS"),
            lease=self.number("LEASE_SECONDS"),
            daily=self.count("DAILY_REQUEST_LIMIT"),
        )

    def hosts(self) -> ResultHosts:
        """Give the hosts results are fetched from."""
        hosts, base = self.text("RESULT_HOSTS"), self.text("KIE_BASE_URL")
        return _parsed("RESULT_HOSTS", hosts, lambda text: ResultHosts.parse(text, base))


def _variable(name: str) -> str:
    return name.upper() if name == "archive_attempts" else f"{name.upper()}_SECONDS"


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError(text)
    return int(value) if value.is_integer() else value


def _whole(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


def _parsed(name: str, text: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(text)
    except ValueError:
        raise SettingsError(f"{name} is unusable") from None
