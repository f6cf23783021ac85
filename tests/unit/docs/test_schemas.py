"""docs/schemas: valid, and valid for what the code makes."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from proofs.doubles.updates import applied
from proofs.fuzz.wrong_messages import WRONG, shown
from proofs.table.rows import ARCHIVE, BASE, LEASED, NOW, PROCESSING, QUEUED, READY, SIGNED, SUBMITTING, TASK, TIMES
from tests.unit.docs.pages import SCHEMAS, examples, holds
from veo4k.domain import transitions
from veo4k.domain.callback import Address, CallbackPayload
from veo4k.domain.event import DETAIL_TYPES, SOURCE, detail
from veo4k.domain.job import ATTRIBUTES, Archived, Code, Evidence, Job, State
from veo4k.domain.response import Meaning, Response

LOOKED = applied(transitions.look_ready(QUEUED, SIGNED, NOW, TIMES), QUEUED)
LOOKED_LEASED = applied(transitions.claim_archive(LOOKED.key, "lease-1", NOW, TIMES), LOOKED)
FAILURE = CallbackPayload(Response(meaning=Meaning.FAILED, code=Code.NOT_AVAILABLE_IN_4K), None)
ENDS = [
    applied(transitions.succeed(LEASED, ARCHIVE, "avc1", NOW), LEASED),
    applied(transitions.succeed(LEASED, ARCHIVE._replace(poster=True), "avc1", NOW), LEASED),
    applied(transitions.callback_failed(Address(TASK, 1, 1, ""), FAILURE, NOW, TIMES), PROCESSING),
    applied(transitions.fail(LEASED, Code.NOT_4K, NOW, TIMES), LEASED),
    applied(transitions.time_out(QUEUED, Code.NEVER_SUBMITTED, NOW, TIMES), QUEUED),
    applied(transitions.cancel(QUEUED.key, "cancel", NOW, TIMES), QUEUED),
    applied(transitions.succeed(LOOKED_LEASED, ARCHIVE, "avc1", NOW), LOOKED_LEASED),
    applied(transitions.fail(LOOKED_LEASED, Code.NOT_4K, NOW, TIMES), LOOKED_LEASED),
]
KEPT = [applied(transitions.keep_base(job, BASE), job) for job in (SUBMITTING, ENDS[0], ENDS[2])]
JOBS = [QUEUED, SUBMITTING, PROCESSING, READY, LEASED, LOOKED, *ENDS, *KEPT]


def row(job: Job) -> dict[str, Any]:
    """Return the row as readers of the table see it."""
    public: dict[str, Any] = json.loads(json.dumps(job.public()))
    return public


def test_every_schema_is_valid() -> None:
    assert SCHEMAS.keys() == {"message", "row", "event"}
    for schema in SCHEMAS.values():
        assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("name", "kinds"), [("docs/interface.md", ["message", "row", "event"]), ("AGENTS.md", ["message", "event"])]
)
def test_every_example_of_a_page_is_valid(name: str, kinds: list[str]) -> None:
    found = {kind: examples(name, kind) for kind in kinds}
    assert all(found.values())
    assert [value for kind, values in found.items() for value in values if not holds(kind, value)] == []


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.state)
def test_a_row_of_a_job_is_valid_until_it_is_broken(job: Job) -> None:
    public = row(job)
    assert holds("row", public)
    assert holds("row", public | {"region": "eu"}), "an attribute of a later version"
    for broken in (
        {"#lease": "id"},
        {"state": "DONE"},
        {"createdAt": "2026-11-22 10:02:03"},
        {"resultUrls": ["https://file.aiquickdraw.com/v/a.mp4?signature=secret"]},
        {"error": {"code": "NO_IDEA", "message": "?"}},
    ):
        assert not holds("row", public | broken), broken
    assert not holds("row", {name: value for name, value in public.items() if name != "attempts"})


@pytest.mark.parametrize("job", ENDS, ids=lambda job: job.state)
def test_an_end_is_announced_with_a_valid_event_of_its_own_kind(job: Job) -> None:
    event = {"source": SOURCE, "detail": json.loads(json.dumps(detail(job)))}
    kinds = [kind for kind in DETAIL_TYPES.values() if holds("event", event | {"detail-type": kind})]
    assert kinds == [DETAIL_TYPES[job.state]]


def test_a_video_that_the_free_look_found_succeeds_without_an_acceptance() -> None:
    """Nothing was requested, so nothing was accepted or charged."""
    [public] = [row(job) for job in ENDS if job.is_by_look and job.state is State.SUCCEEDED]
    assert (public["evidence"], public["attempts"], "acceptedAt" in public) == ("look", 0, False)
    assert holds("row", public)
    event = {"source": SOURCE, "detail-type": DETAIL_TYPES[State.SUCCEEDED]}
    assert holds("event", event | {"detail": public | {"eventId": f"{public['jobId']}#SUCCEEDED"}})


def test_a_code_stands_with_its_state_only() -> None:
    rows = {job.state: row(job) for job in ENDS}
    for state, other in ((State.FAILED, State.TIMED_OUT), (State.TIMED_OUT, State.FAILED)):
        assert not holds("row", rows[state] | {"error": rows[other]["error"]})


def test_the_schema_of_a_row_names_what_the_code_names() -> None:
    properties, codes = SCHEMAS["row"]["properties"], SCHEMAS["row"]["$defs"]
    assert properties.keys() == {name for name in ATTRIBUTES.values() if not name.startswith("#")} | {"jobId"}
    assert [*properties["archive"]["properties"]] == list(Archived._fields)
    assert {*properties["archive"]["required"]} == {*Archived._fields} - Archived._field_defaults.keys()
    assert properties["state"]["enum"] == list(State)
    assert {job.state for job in JOBS} == set(State), "the jobs of these tests"
    assert properties["evidence"]["enum"] == list(Evidence)
    assert codes["failed"]["enum"] + codes["timedOut"]["enum"] == list(Code)


@pytest.mark.parametrize("message", WRONG, ids=shown)
def test_a_message_that_is_refused_for_its_shape_is_not_valid(message: Any) -> None:
    assert not holds("message", message)
