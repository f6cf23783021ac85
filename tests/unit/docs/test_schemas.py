"""docs/schemas: valid, and valid for what the code makes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from proofs.doubles.updates import apply
from tests.unit.docs.pages import ROOT, blocks, page
from veo4k.domain import transitions
from veo4k.domain.callback import Address, CallbackPayload
from veo4k.domain.conditional_update import ConditionalUpdate, Updated
from veo4k.domain.event import DETAIL_TYPES, SOURCE, detail
from veo4k.domain.gate import Wait
from veo4k.domain.job import ATTRIBUTES, ENDED, Archived, Code, Evidence, Job, ProviderApi, State
from veo4k.domain.message import LONGEST_TASK_TOKEN, Message
from veo4k.domain.response import Meaning, Response
from veo4k.domain.schedule import Times

SCHEMAS = {path.name: json.loads(path.read_text()) for path in (ROOT / "docs/schemas").iterdir()}
REGISTRY: Registry[Any] = Registry().with_resources(
    (name, Resource.from_contents(schema, default_specification=DRAFT202012)) for name, schema in SCHEMAS.items()
)
KINDS = ["message", "row", "event"]
EXAMPLES = [
    (kind, json.loads(text))
    for kind in KINDS
    for info, text in blocks(page("docs/interface.md"))
    if info == f"json {kind}"
]

TASK, NOW, TIMES = "veo_task_abcdef123456", 1_795_341_723.123, Times()
URLS = ("https://file.aiquickdraw.com/v/a.mp4?signature=secret",)
DONE = Response(meaning=Meaning.DONE, urls=URLS, credits=120)
GONE = Response(meaning=Meaning.FAILED, code=Code.NOT_AVAILABLE_IN_4K)
BASE = Archived("bucket", f"videos/{TASK}/0/1.base.mp4", 1, "0" * 64, 1280, 720)
STORED = Archived("bucket", f"videos/{TASK}/0/1.mp4", 1, "0" * 64, 2160, 3840)


def holds(kind: str, value: Any) -> bool:
    schema = SCHEMAS[f"{kind}.schema.json"]
    return Draft202012Validator(schema, registry=REGISTRY).is_valid(value)


def done(write: ConditionalUpdate, job: Job | None) -> Job:
    outcome = apply(write, job)
    assert isinstance(outcome, Updated)
    return outcome.job


def lives() -> list[Job]:
    """One job in every state, each made by the transitions that lead there."""
    message = Message(task_id=TASK, tags={"order": "A-1042"}, task_token="token")
    address = Address(TASK, 0, 1, "")
    queued = done(transitions.create_queued(message, 1, NOW, Wait(NOW, "WINDOW_FULL")), None)
    asked = done(transitions.claim_submission(queued, "attempt", NOW, TIMES, ProviderApi.VEO), queued)
    accepted = done(transitions.accept(asked, Response(meaning=Meaning.WORKING, task_id=TASK), NOW, None), asked)
    ready = done(transitions.callback_ready(address, CallbackPayload(DONE, None), URLS[0], NOW), accepted)
    claimed = done(transitions.claim_archive(ready.key, "lease", NOW, TIMES), ready)
    stored = done(transitions.succeed(claimed, STORED, "avc1", NOW), claimed)
    failed = done(transitions.callback_failed(address, CallbackPayload(GONE, None), NOW, TIMES), accepted)
    not_4k = done(transitions.fail(claimed, Code.NOT_4K, NOW, TIMES), claimed)
    unasked = done(transitions.time_out(queued, Code.NEVER_SUBMITTED, NOW, TIMES), queued)
    shown = done(transitions.succeed(claimed, STORED._replace(poster=True), "avc1", NOW), claimed)
    cancelled = done(transitions.cancel(queued.key, "cancel", NOW, TIMES), queued)
    kept = [done(transitions.keep_base(job, BASE), job) for job in (asked, stored, failed)]
    return [queued, asked, accepted, ready, claimed, stored, shown, failed, not_4k, unasked, cancelled, *kept]


LIVES = lives()
ENDS = [job for job in LIVES if job.state in ENDED]


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def event(job: Job) -> dict[str, Any]:
    return {"source": SOURCE, "detail-type": DETAIL_TYPES[job.state], "detail": plain(detail(job))}


def row(job: Job) -> dict[str, Any]:
    public: dict[str, Any] = plain(job.public())
    return public


def named(job: Job) -> str:
    return job.state


def test_there_is_a_schema_for_each_kind() -> None:
    assert sorted(SCHEMAS) == sorted(f"{kind}.schema.json" for kind in KINDS)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_schema_is_valid(name: str) -> None:
    assert SCHEMAS[name]["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize(("kind", "value"), EXAMPLES)
def test_every_example_of_the_interface_is_valid(kind: str, value: Any) -> None:
    assert holds(kind, value)


def test_the_jobs_here_are_in_every_state() -> None:
    assert {job.state for job in LIVES} == set(State)


@pytest.mark.parametrize("job", LIVES, ids=named)
def test_every_row_that_the_transitions_make_is_valid(job: Job) -> None:
    assert holds("row", row(job))


@pytest.mark.parametrize("job", ENDS, ids=named)
def test_every_end_is_announced_with_a_valid_event(job: Job) -> None:
    assert holds("event", event(job))


@pytest.mark.parametrize("job", ENDS, ids=named)
def test_an_event_of_another_kind_than_its_job_is_not_valid(job: Job) -> None:
    for kind in set(DETAIL_TYPES.values()) - {DETAIL_TYPES[job.state]}:
        assert not holds("event", event(job) | {"detail-type": kind})


@pytest.mark.parametrize("job", LIVES, ids=named)
def test_a_private_attribute_is_not_valid(job: Job) -> None:
    assert not holds("row", plain({**row(job), "#lease": "id"}))


@pytest.mark.parametrize("job", LIVES, ids=named)
def test_an_attribute_of_a_later_version_is_valid(job: Job) -> None:
    assert holds("row", row(job) | {"region": "eu"})


@pytest.mark.parametrize(
    "broken",
    [
        lambda row: row | {"state": "DONE"},
        lambda row: row | {"createdAt": "2026-11-22 10:02:03"},
        lambda row: row | {"resultUrls": ["https://file.aiquickdraw.com/v/a.mp4?signature=secret"]},
        lambda row: row | {"error": {"code": "NO_IDEA", "message": "?"}},
        lambda row: {name: value for name, value in row.items() if name != "attempts"},
    ],
)
@pytest.mark.parametrize("job", LIVES, ids=named)
def test_a_broken_row_is_not_valid(job: Job, broken: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    assert not holds("row", broken(row(job)))


def test_a_code_stands_with_its_state_only() -> None:
    failed, timed_out = (
        row(next(job for job in ENDS if job.state is state)) for state in (State.FAILED, State.TIMED_OUT)
    )
    assert not holds("row", failed | {"error": timed_out["error"]})
    assert not holds("row", timed_out | {"error": failed["error"]})


def test_the_schema_of_a_row_names_what_the_code_names() -> None:
    properties, codes = SCHEMAS["row.schema.json"]["properties"], SCHEMAS["row.schema.json"]["$defs"]
    assert properties.keys() == {name for name in ATTRIBUTES.values() if not name.startswith("#")} | {"jobId"}
    assert [*properties["archive"]["properties"]] == list(Archived._fields)
    assert {*properties["archive"]["required"]} == {*Archived._fields} - Archived._field_defaults.keys()
    assert properties["state"]["enum"] == list(State)
    assert properties["evidence"]["enum"] == list(Evidence)
    assert codes["failed"]["enum"] + codes["timedOut"]["enum"] == list(Code)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"taskId": "short"},
        {"taskId": TASK, "index": 100},
        {"taskId": TASK, "index": True},
        {"taskId": TASK, "index": None},
        {"taskId": TASK, "tags": {"order": 7}},
        {"taskId": TASK, "tags": {str(number): "" for number in range(11)}},
        {"taskId": TASK, "force": 1},
        {"taskId": TASK, "taskToken": ""},
        {"taskId": TASK, "taskToken": "x" * (LONGEST_TASK_TOKEN + 1)},
        {"taskId": TASK, "taskToken": "é"},
        {"taskId": TASK, "priority": 1},
    ],
)
def test_a_message_that_is_refused_for_its_shape_is_not_valid(message: dict[str, Any]) -> None:
    assert not holds("message", message)
