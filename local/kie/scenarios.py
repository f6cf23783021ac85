"""How a task behaves: a table of scenarios, chosen by registration or by the task id itself."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from local.kie.settings import as_kind

PREFIX = "veo_task_"


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback.

    body     name in `callback_payloads.BODIES`; `outcome`: the success or failure the generation came to
    at       part of the generation after which it is due; 1 is the end
    delay    simulated minutes after that
    target   `given`, `no_token` (last path segment missing), `wrong_token`
    headers  `signed`, `unsigned`, `wrong` (another key), `stale` (signed an hour ago)
    once     a forger does not try again
    """

    body: str = "outcome"
    at: float = 1.0
    delay: float = 0.0
    target: str = "given"
    headers: str = "signed"
    once: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """One task's behaviour; minutes are simulated.

    minutes          length of the generation; 0: the settings' range
    refusal          name in `responses.REFUSALS`, given for `refused_minutes` after the first POST
    fails            the generation ends in a failure
    early            the generation and its callback come before the POST is answered
    callbacks        what is called back
    manners          how the first POSTs are answered (`veo_api.MANNERS`), then `told`
    links            what the first, second, … link handed out leads to (`files.LINKS`); the last one stays
    downloads        how the first, second, … download of a file goes (`files.DOWNLOADS`); the last one stays
    host             result URLs name this host instead of the simulator
    portrait         the video is upright
    own_id           the POST's answer, the callback and record-info name an id of its own (`jobs`: always)
    nameless         the POST is accepted, but its answer names no task
    signed_id        id under the callback's signature: `record` (the one the body names) or `task`
    keyed_by_index   a repeated POST is recognised by task and index
    same_bytes       every index gets the same file
    """

    summary: str
    minutes: float = 0.0
    refusal: str = ""
    refused_minutes: float = math.inf
    fails: bool = False
    early: bool = False
    callbacks: tuple[Callback, ...] = (Callback(),)
    manners: tuple[str, ...] = ()
    links: tuple[str, ...] = ("uhd",)
    downloads: tuple[str, ...] = ("whole",)
    host: str = ""
    portrait: bool = False
    own_id: bool = False
    nameless: bool = False
    signed_id: str = "record"
    keyed_by_index: bool = False
    same_bytes: bool = False


def _told(body: str) -> tuple[Callback, ...]:
    return (Callback(body),)


FORGERIES = (
    Callback("off_list", at=0.3, target="no_token", once=True),
    Callback("off_list", at=0.4, target="wrong_token", once=True),
    Callback("off_list", at=0.5, headers="unsigned", once=True),
    Callback("off_list", at=0.6, headers="wrong", once=True),
    Callback("off_list", at=0.7, headers="stale", once=True),
)

SCENARIOS = {
    "on_time": Scenario("one signed callback when the video is done"),
    "portrait": Scenario("as on_time, upright", portrait=True),
    "lost": Scenario("the callback is never sent", callbacks=()),
    "doubled": Scenario("the callback is sent twice", callbacks=(Callback(), Callback(delay=0.5))),
    "early": Scenario("the callback comes before the POST's answer", early=True),
    "late": Scenario("the callback comes 30 minutes after the video is done", callbacks=(Callback(delay=30.0),)),
    "failure": Scenario("the generation fails", fails=True),
    "data_null": Scenario(
        "the generation fails and the callback names no task", fails=True, callbacks=_told("data_null")
    ),
    "tampered": Scenario("a true signature over a body with a foreign host", callbacks=_told("off_list")),
    "forged": Scenario("five forged callbacks before the true one", callbacks=(*FORGERIES, Callback())),
    "answer_lost": Scenario("the first POST is applied and charged, and never answered", manners=("lost",)),
    "answer_and_callback_lost": Scenario("no answer and no callback either", manners=("lost",), callbacks=()),
    "garbage": Scenario("the first POST is applied and answered with a proxy's page", manners=("garbage",)),
    "garbage_unapplied": Scenario("as garbage, but the POST never arrived", manners=("garbage_unapplied",)),
    "base_video": Scenario("every link leads to the 720p base video", links=("base",)),
    "base_video_once": Scenario("the first link leads to the base video, a fresh one to 4K", links=("base", "uhd")),
    "dead_link": Scenario("the first link is dead, a fresh one works", links=("dead", "uhd")),
    "not_mp4": Scenario("every link leads to a page", links=("page",)),
    "short_body": Scenario("the first download ends early", downloads=("short", "whole")),
    "busy_host": Scenario("the first two downloads are refused with 503", downloads=("busy", "busy", "whole")),
    "off_list": Scenario("the true result lies on a foreign host", host="https://files.off-list.example"),
    "unfinished_base": Scenario("the base video takes 4 more minutes", refusal="not_finished", refused_minutes=4.0),
    "never_finished_base": Scenario("the base video is never finished", refusal="not_finished"),
    "fallback": Scenario("the base video came through the fallback path", refusal="fallback"),
    "unknown_task": Scenario("no such task", refusal="unknown"),
    "expired": Scenario("the base task is older than 14 days", refusal="expired"),
    "blank": Scenario("the base task has no result", refusal="blank"),
    "own_id": Scenario("the 4K task has an id of its own", own_id=True),
    "own_id_lost": Scenario("an id of its own, and no callback", own_id=True, callbacks=()),
    "own_id_base_signed": Scenario("an id of its own, the base id signed", own_id=True, signed_id="task"),
    "nameless": Scenario("the POST's answer names no task", nameless=True),
    "plain": Scenario("the callback of the older documentation", callbacks=_told("plain")),
    "snake_case": Scenario("the callback in snake case", callbacks=_told("snake_case")),
    "json_string": Scenario("the callback's URLs as a JSON string", callbacks=_told("json_string")),
    "bare_url": Scenario("the callback's URLs as one bare string", callbacks=_told("bare_url")),
    "flat": Scenario("the callback's URLs directly under data", callbacks=_told("flat")),
    "no_urls": Scenario("the callback says success and brings no URLs", callbacks=_told("no_urls")),
    "working_422_callback": Scenario("the callback says it is still working", callbacks=_told("working")),
    "per_index": Scenario("every index is a paid task of its own", keyed_by_index=True),
    "no_index": Scenario("every index is paid and gets the same file", keyed_by_index=True, same_bytes=True),
}

_BY_LENGTH = sorted(SCENARIOS, key=len, reverse=True)


def scenario_of(task_id: str) -> Scenario:
    """The scenario of a task nobody registered: the one its id names, as in `veo_task_lost_0001`.

    Another id with the prefix is on time, any other is unknown.
    """
    if not task_id.startswith(PREFIX):
        return SCENARIOS["unknown_task"]
    rest = task_id.removeprefix(PREFIX) + "_"
    return SCENARIOS[next((name for name in _BY_LENGTH if rest.startswith(name + "_")), "on_time")]


def varied(name: str, changes: Mapping[str, Any]) -> Scenario:
    """A scenario of the table with some fields changed (JSON values). Raises ValueError."""
    if name not in SCENARIOS:
        raise ValueError(f"no such scenario: {name}")
    scenario = SCENARIOS[name]
    if unknown := sorted(changes.keys() - {known.name for known in fields(scenario)}):
        raise ValueError(f"unknown: {', '.join(unknown)}")
    return replace(scenario, **{field: _valued(scenario, field, value) for field, value in changes.items()})


def _valued(scenario: Scenario, field: str, value: Any) -> Any:
    if field == "callbacks":
        return tuple(Callback(**callback) for callback in value)
    return as_kind(field, value, type(getattr(scenario, field)))
