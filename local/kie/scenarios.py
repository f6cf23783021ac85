"""How a task behaves: a table of scenarios, selected by registration or by the task's id."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from local.kie.settings import converted

PREFIX = "veo_task_"


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback.

    payload  name in `callback_payloads.PAYLOADS`, or `outcome`: success or failure, as the generation ended
    at       part of the generation after which it is sent; 1 is the end
    delay    simulated minutes after that
    target   `requested` (the URL of the request), `no_token` (last path segment missing), `wrong_token`
    headers  `signed`, `unsigned`, `wrong` (another key), `stale` (signed an hour ago)
    once     it is not retried
    """

    payload: str = "outcome"
    at: float = 1.0
    delay: float = 0.0
    target: str = "requested"
    headers: str = "signed"
    once: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """One task's behaviour; minutes are simulated.

    minutes          length of the generation; 0: drawn from the settings' range
    refusal          name in `responses.REFUSALS`, returned for `refused_minutes` after the first POST
    fails            the generation fails
    early            the generation ends and calls back before the response of the POST
    callbacks        the callbacks
    post_faults      the faults of the first POSTs (`veo_api.POST_FAULTS`)
    links            the files behind the first, second, … link (`files.LINKS`); the last holds for all later ones
    downloads        how the first, second, … download of a file goes (`files.DOWNLOADS`); the last holds likewise
    host             result URLs have this host instead of the simulator's
    portrait         the video is upright
    own_id           response, callback and record-info have an id of their own for the 4K task (`jobs`: always)
    no_task_id       the POST is accepted, but its response has no task id
    signed_id        id under the callback's signature: `record` (that of the payload) or `task`
    keyed_by_index   a repeated POST is recognised by task and index
    same_bytes       every index has the same file
    """

    summary: str
    minutes: float = 0.0
    refusal: str = ""
    refused_minutes: float = math.inf
    fails: bool = False
    early: bool = False
    callbacks: tuple[Callback, ...] = (Callback(),)
    post_faults: tuple[str, ...] = ()
    links: tuple[str, ...] = ("uhd",)
    downloads: tuple[str, ...] = ("whole",)
    host: str = ""
    portrait: bool = False
    own_id: bool = False
    no_task_id: bool = False
    signed_id: str = "record"
    keyed_by_index: bool = False
    same_bytes: bool = False


def _payload(name: str) -> tuple[Callback, ...]:
    return (Callback(name),)


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
    "early": Scenario("the callback is sent before the response of the POST", early=True),
    "late": Scenario("the callback is sent 30 minutes after the video is done", callbacks=(Callback(delay=30.0),)),
    "failure": Scenario("the generation fails", fails=True),
    "data_null": Scenario(
        "the generation fails and the callback has no task id", fails=True, callbacks=_payload("data_null")
    ),
    "tampered": Scenario("a true signature and a payload with a foreign host", callbacks=_payload("off_list")),
    "forged": Scenario("five forged callbacks before the true one", callbacks=(*FORGERIES, Callback())),
    "answer_lost": Scenario("the first POST is applied and charged, and its response is lost", post_faults=("lost",)),
    "answer_and_callback_lost": Scenario("response and callback are lost", post_faults=("lost",), callbacks=()),
    "garbage": Scenario("the response of the first, applied POST is a proxy's page", post_faults=("garbage",)),
    "garbage_unapplied": Scenario("as garbage, but the POST was not applied", post_faults=("garbage_unapplied",)),
    "base_video": Scenario("every link leads to the 720p base video", links=("base",)),
    "base_video_once": Scenario("the first link leads to the base video, a fresh one to 4K", links=("base", "uhd")),
    "dead_link": Scenario("the first link is dead, a fresh one works", links=("dead", "uhd")),
    "not_mp4": Scenario("every link leads to a page", links=("page",)),
    "short_body": Scenario("the first download ends early", downloads=("short", "whole")),
    "busy_host": Scenario("the first two downloads are refused with 503", downloads=("busy", "busy", "whole")),
    "page_first": Scenario("the first two downloads are a proxy's page", downloads=("page", "page", "whole")),
    "late_file": Scenario("the file is at its host only at the second download", downloads=("absent", "whole")),
    "blank_encoding": Scenario("the file comes with a blank Content-Encoding", downloads=("blank",)),
    "off_list": Scenario("the true result is on a foreign host", host="https://files.off-list.example"),
    "unfinished_base": Scenario("the base video takes 4 more minutes", refusal="not_finished", refused_minutes=4.0),
    "never_finished_base": Scenario("the base video is never finished", refusal="not_finished"),
    "fallback": Scenario("the base video was made through the fallback path", refusal="fallback"),
    "unknown_task": Scenario("the task does not exist", refusal="unknown"),
    "expired": Scenario("the base task is older than 14 days", refusal="expired"),
    "blank": Scenario("the base task has no result", refusal="blank"),
    "own_id": Scenario("the 4K task has an id of its own", own_id=True),
    "own_id_lost": Scenario("an id of its own, and no callback", own_id=True, callbacks=()),
    "own_id_base_signed": Scenario("an id of its own, and the base id signed", own_id=True, signed_id="task"),
    "no_task_id": Scenario("the response of the POST has no task id", no_task_id=True),
    "plain": Scenario("the callback of the older documentation", callbacks=_payload("plain")),
    "snake_case": Scenario("the callback in snake case", callbacks=_payload("snake_case")),
    "json_string": Scenario("the callback's URLs as a JSON string", callbacks=_payload("json_string")),
    "bare_url": Scenario("the callback's URLs as one string", callbacks=_payload("bare_url")),
    "flat": Scenario("the callback's URLs directly under data", callbacks=_payload("flat")),
    "no_urls": Scenario("the callback reports success without URLs", callbacks=_payload("no_urls")),
    "working_422_callback": Scenario("the callback reports that the task is working", callbacks=_payload("working")),
    "per_index": Scenario("every index is a paid task of its own", keyed_by_index=True),
    "no_index": Scenario("every index is paid and has the same file", keyed_by_index=True, same_bytes=True),
}

_LONGEST_FIRST = sorted(SCENARIOS, key=len, reverse=True)


def scenario_of(task_id: str) -> Scenario:
    """Return the scenario of a task that is not registered, by its id: `veo_task_lost_0001`.

    Other ids with the prefix are on time. Ids without it are unknown.
    """
    if not task_id.startswith(PREFIX):
        return SCENARIOS["unknown_task"]
    rest = task_id.removeprefix(PREFIX) + "_"
    return SCENARIOS[next((name for name in _LONGEST_FIRST if rest.startswith(name + "_")), "on_time")]


def varied(name: str, changes: Mapping[str, Any]) -> Scenario:
    """Return a scenario of the table with some fields changed (JSON values). Raise ValueError."""
    if name not in SCENARIOS:
        raise ValueError(f"no such scenario: {name}")
    scenario = SCENARIOS[name]
    if unknown := sorted(changes.keys() - {known.name for known in fields(scenario)}):
        raise ValueError(f"unknown: {', '.join(unknown)}")
    return replace(scenario, **{field: _valued(scenario, field, value) for field, value in changes.items()})


def _valued(scenario: Scenario, field: str, value: Any) -> Any:
    if field == "callbacks":
        return tuple(Callback(**callback) for callback in value)
    return converted(field, value, type(getattr(scenario, field)))
