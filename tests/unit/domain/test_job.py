from dataclasses import fields

import pytest

from veo4k.domain.event import detail
from veo4k.domain.job import ATTRIBUTES, ENDED, KNOWN, LIVE, Archived, Code, Evidence, Failure, Job, Partition, State

FULL = Job(
    task_id="veo_task_abcdef123456",
    run=2,
    index=1,
    state=State.FAILED,
    created_at=1_795_341_723.123,
    tags={"a": "b"},
    accepted_at=1_795_341_724.0,
    finished_at=1_795_341_725.5,
    result_urls=("https://file.example/a.mp4",),
    archive=Archived("bucket", "key", 1, "00", 3840, 2160),
    error=Failure(Code.NOT_4K, "why"),
    maybe_charged=True,
    credits_consumed=120,
    evidence=Evidence.POLL,
    requests_sent=3,
    partition=Partition.LIVE,
    due=1_795_341_999.25,
    task_tokens=frozenset({"token"}),
    urls=("https://file.example/a.mp4?secret=1",),
)


def test_a_row_read_back_is_the_same_job_whatever_a_later_version_adds() -> None:
    assert Job.from_row(FULL.row()) == FULL
    assert Job.from_row(FULL.row() | {"#tomorrow": 1}) == FULL


def test_what_has_no_value_is_absent() -> None:
    small = Job(task_id="veo_task_abcdef123456", run=1, index=0, state=State.QUEUED, created_at=0.0, requests_sent=0)

    assert set(small.row()) == {"taskId", "run", "jobId", "index", "state", "createdAt", "attempts"}


def test_the_public_row_holds_nothing_private() -> None:
    public = FULL.public()

    assert not [name for name in public if name.startswith("#")]
    assert "secret" not in str(public)
    assert public["createdAt"] == "2026-11-22T10:02:03.123Z"


def test_every_field_has_an_attribute_of_its_own() -> None:
    """Those without a hash are public, and stand in docs/interface.md, whose table is held against them."""
    assert len(set(ATTRIBUTES.values())) == len(fields(Job))


def test_an_event_is_the_public_row_with_an_id_that_every_repeat_carries() -> None:
    assert detail(FULL) == FULL.public() | {"eventId": "veo_task_abcdef123456#1#2#FAILED"}


def test_values_of_a_later_version_are_read_as_they_stand() -> None:
    row = FULL.row() | {"state": "PARKED", "evidence": "telegram", "error": {"code": "MOON", "message": "why"}}
    job = Job.from_row(row)

    assert (job.row(), job.state in KNOWN, set(State) > {job.state}) == (row, False, False)
    with pytest.raises(ValueError, match="7 is not a valid State"):
        State(7)  # type: ignore[arg-type]


def test_every_state_is_either_live_or_ended() -> None:
    assert set(State) == LIVE | ENDED == KNOWN
    assert not LIVE & ENDED
