"""The simulator's settings. `/_sim/control` changes all but the fixed ones at run time."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from local.paths import LOGS, MEDIA

MINUTE = 60.0
VEO, JOBS = PROVIDER_APIS = ("veo", "jobs")
"""The older and the newer API of the provider, as the stack's parameter ProviderContract names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one simulator. Minutes are simulated, seconds are real.

    speed               simulated seconds in a real second: with 60 a minute takes a second
    generation_minutes  shortest and longest generation
    window_count        POSTs admitted in any window_seconds
    error_http_status   HTTP status of responses whose code is not 200; 0: the same as the code
    after_failure       repeat after a failure: `new_attempt` (paid again) or `failed_again` (the failure, unpaid)
    key_counts_index    whether a repeated POST is recognised by task and index, or by the task alone
    callback_attempts   attempts to deliver one callback, callback_retry_minutes apart
    second_base         base URL of the simulator's second address, which no list of hosts has
    generations_held    no generation ends until this is false again
    callbacks_held      no callback is sent until this is false again
    refuse_with         a code with which every API request is refused; 0: none
    outage              `none`, `hang` (no response until it is over), `reset` (closes connections),
                        `html` (a 502 page), `blocked` (the proxy's 403)
    retired             the veo paths are gone: HTTP 404 without an envelope
    """

    host: str = "127.0.0.1"
    port: int = 0
    public_base: str = ""
    second_base: str = ""
    media_folder: Path = MEDIA
    log_file: Path = LOGS / "kie.jsonl"
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
    callback_attempts: int = 3
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
        """Return the real seconds that simulated minutes take."""
        return minutes * MINUTE / self.speed


CHOICES = {"outage": ("none", "hang", "reset", "html", "blocked"), "after_failure": ("new_attempt", "failed_again")}
FIXED = frozenset({"host", "port", "public_base", "second_base", "media_folder", "log_file", "seed"})


def controlled(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Return settings changed at run time. Raise ValueError for an unknown, wrong or fixed one."""
    if fixed := sorted(FIXED & changes.keys()):
        raise ValueError(f"fixed while the simulator runs: {', '.join(fixed)}")
    return changed(settings, changes)


def changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Return settings with the changes applied. Raise ValueError for an unknown name or a wrong value."""
    if unknown := sorted(changes.keys() - {known.name for known in fields(settings)}):
        raise ValueError(f"unknown: {', '.join(unknown)}")
    return replace(settings, **{name: _checked(settings, name, value) for name, value in changes.items()})


def _checked(settings: Settings, name: str, value: Any) -> Any:
    if value not in CHOICES.get(name, (value,)):
        raise ValueError(f"{name} is one of {', '.join(CHOICES[name])}")
    return converted(name, value, type(getattr(settings, name)))


def converted(name: str, value: Any, kind: type) -> Any:
    """Return a JSON value as the type: a list as tuple, a string as path, an integer as float. Raise ValueError."""
    accepted = {float: (int, float), tuple: (list, tuple)}.get(kind, (str, kind) if issubclass(kind, Path) else (kind,))
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{name} must be a {kind.__name__}")
    return kind(value)
