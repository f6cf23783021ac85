from dataclasses import fields

import pytest

from proofs.table.rows import BARE, FULL
from veo4k.domain.event import detail
from veo4k.domain.job import ATTRIBUTES, ENDED, KNOWN, LIVE, Job, State


def test_a_row_read_back_is_the_same_job_whatever_a_later_version_adds() -> None:
    assert Job.from_row(FULL.row()) == FULL
    assert Job.from_row(FULL.row() | {"#tomorrow": 1}) == FULL


def test_what_has_no_value_is_absent() -> None:
    assert set(BARE.row()) == {"taskId", "run", "jobId", "index", "state", "createdAt", "attempts"}


def test_the_public_row_holds_nothing_private() -> None:
    public = FULL.public()

    assert not [name for name in public if name.startswith("#")]
    assert "sig=" not in str(public)
    assert public["createdAt"] == "2027-01-15T08:00:00.125Z"


def test_every_field_has_an_attribute_of_its_own() -> None:
    """Those without a hash are public, and stand in docs/interface.md, whose table is held against them."""
    assert len(set(ATTRIBUTES.values())) == len(fields(Job))


def test_an_event_is_the_public_row_with_an_id_that_every_repeat_carries() -> None:
    assert detail(FULL) == FULL.public() | {"eventId": "veo_task_abcdef123456#99#12#FAILED"}


def test_values_of_a_later_version_are_read_as_they_stand() -> None:
    row = FULL.row() | {"state": "PARKED", "evidence": "telegram", "error": {"code": "MOON", "message": "why"}}
    job = Job.from_row(row)

    assert (job.row(), job.state in KNOWN, set(State) > {job.state}) == (row, False, False)
    with pytest.raises(ValueError, match="7 is not a valid State"):
        State(7)  # type: ignore[arg-type]


def test_every_state_is_either_live_or_ended() -> None:
    assert set(State) == LIVE | ENDED == KNOWN
    assert not LIVE & ENDED
