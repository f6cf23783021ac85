"""What can be set: at the start by a JSON file, and all but the places of things at run time by `/_sim/control`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one simulator. Minutes are simulated, seconds are real.

    speed               simulated seconds per real second: with 60 a minute takes a second
    generation_minutes  shortest and longest generation
    window_count        POSTs admitted in any window_seconds
    error_http_status   HTTP status of answers whose body code is not 200; 0: the same as the code
    after_failure       repeat after a failure: `new_attempt` (paid again) or `failed_again` (the failure, unpaid)
    key_counts_index    whether a repeated POST is recognised by task and index, or by the task alone
    callback_tries      tries of one callback, callback_retry_minutes apart
    generations_held    no generation ends until this is false again
    callbacks_held      no callback is sent until this is false again
    refuse_with         a body code every API request is answered with; 0: none
    outage              `none`, `hang` (no answer until resumed), `reset` (closed unanswered), `html` (a proxy's 502)
    retired             the veo paths are gone: HTTP 404 without envelope
    """

    host: str = "127.0.0.1"
    port: int = 0
    public_base: str = ""
    media_folder: Path = Path(".local/media")
    log_file: Path = Path(".local/log/kie.jsonl")
    seed: int = 0
    api_key: str = field(default="kie-simulator-key", repr=False)
    webhook_key: str = field(default="kie-simulator-webhook-key", repr=False)
    speed: float = 60.0
    generation_minutes: tuple[float, float] = (5.0, 10.0)
    credits: int = 1_000_000
    price: int = 120
    window_count: int = 20
    window_seconds: float = 10.0
    error_http_status: int = 200
    after_failure: str = "new_attempt"
    key_counts_index: bool = False
    callback_tries: int = 3
    callback_retry_minutes: tuple[float, ...] = (1.0, 5.0, 15.0)
    callback_timeout_seconds: float = 15.0
    renew_timestamp: bool = True
    generations_held: bool = False
    callbacks_held: bool = False
    maintenance: bool = False
    refuse_with: int = 0
    outage: str = "none"
    retired: bool = False

    def real_seconds(self, minutes: float) -> float:
        """Real seconds that so many simulated minutes take."""
        return minutes * MINUTE / self.speed


CHOICES = {"outage": ("none", "hang", "reset", "html"), "after_failure": ("new_attempt", "failed_again")}
FIXED = frozenset({"host", "port", "public_base", "media_folder", "log_file", "seed"})


def read_settings(path: Path) -> Settings:
    """Settings from a JSON file holding any of the fields. Raises ValueError naming the first wrong one."""
    return changed(Settings(), json.loads(path.read_text()))


def controlled(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Settings changed at run time. Raises ValueError for an unknown, wrong or fixed one."""
    if late := sorted(FIXED & changes.keys()):
        raise ValueError(f"fixed while the simulator runs: {', '.join(late)}")
    return changed(settings, changes)


def changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Settings with the changes applied. Raises ValueError for an unknown name or a wrong value."""
    if unknown := sorted(changes.keys() - {known.name for known in fields(settings)}):
        raise ValueError(f"unknown: {', '.join(unknown)}")
    return replace(settings, **{name: _checked(settings, name, value) for name, value in changes.items()})


def _checked(settings: Settings, name: str, value: Any) -> Any:
    if value not in CHOICES.get(name, (value,)):
        raise ValueError(f"{name} is one of {', '.join(CHOICES[name])}")
    return as_kind(name, value, type(getattr(settings, name)))


def as_kind(name: str, value: Any, kind: type) -> Any:
    """A JSON value as the given type: a list as tuple, a string as path, an integer as float. Raises ValueError."""
    accepted = {float: (int, float), tuple: (list, tuple)}.get(kind, (str, kind) if issubclass(kind, Path) else (kind,))
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{name} must be a {kind.__name__}")
    return kind(value)
