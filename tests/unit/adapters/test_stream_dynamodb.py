from dataclasses import replace
from typing import Any

import pytest

from veo4k.adapters.dynamodb_types import to_typed
from veo4k.adapters.stream_dynamodb import read_changes
from veo4k.domain.job import Job, State
from veo4k.domain.ports import Change

READY = Job(task_id="veo_task_abcdef123456", run=1, index=0, state=State.READY, created_at=1.5, requests_sent=1)
ENDED = replace(READY, state=State.FAILED)

Record = dict[str, Any]


def image(job: Job) -> Record:
    return {name: to_typed(value) for name, value in job.row().items()}


def record(number: int, **images: Any) -> Record:
    return {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": str(number), **images}}


GOOD = record(1, OldImage=image(READY), NewImage=image(ENDED))


def test_a_change_is_the_row_before_and_after() -> None:
    assert read_changes([GOOD]) == ([Change(READY, ENDED)], [])


def test_a_new_row_has_none_before_it() -> None:
    assert read_changes([record(1, NewImage=image(READY))]) == ([Change(None, READY)], [])


def test_a_row_that_went_is_no_change() -> None:
    assert read_changes([record(1, OldImage=image(ENDED))]) == ([], [])


UNREADABLE: dict[str, Any] = {
    "a row without its state": {name: value for name, value in image(READY).items() if name != "state"},
    "a time that is none": image(READY) | {"createdAt": {"S": "yesterday"}},
    "a time that is a number": image(READY) | {"createdAt": {"N": "5"}},
    "a number without end": image(READY) | {"run": {"N": "Infinity"}},
    "a number that is none": image(READY) | {"run": {"N": "one"}},
    "an unknown type": image(READY) | {"index": {"X": "0"}},
    "two types": image(READY) | {"index": {}},
    "no type": image(READY) | {"index": 5},
    "an archive that is none": image(READY) | {"archive": {"M": {"bucket": {"S": "b"}}}},
    "an archive that is text": image(READY) | {"archive": {"S": "b"}},
    "the gate's row": {"taskId": {"S": "#gate"}, "run": {"N": "0"}, "#gate": {"M": {"version": {"N": "1"}}}},
    "an image that is a list": [],
    "an image that is text": "row",
    "no image": None,
}


@pytest.mark.parametrize("new", UNREADABLE.values(), ids=UNREADABLE)
def test_a_record_that_cannot_be_read_hides_no_other(new: Any) -> None:
    after = record(3, NewImage=image(READY))
    changes, unreadable = read_changes([GOOD, record(2, NewImage=new), after])
    assert changes == [Change(READY, ENDED), Change(None, READY)]
    assert unreadable == ["2"]


def test_an_old_image_that_cannot_be_read_spoils_its_record_alone() -> None:
    spoiled = record(2, OldImage={"state": {"S": "DANCING"}}, NewImage=image(READY))
    assert read_changes([spoiled, GOOD]) == ([Change(READY, ENDED)], ["2"])


@pytest.mark.parametrize("broken", [{}, {"dynamodb": None}, {"dynamodb": 5}, [], None, 5, "x"])
def test_a_record_that_is_none_hides_no_other(broken: Any) -> None:
    changes, unreadable = read_changes([broken, GOOD])
    assert changes == [Change(READY, ENDED)]
    assert unreadable == ["None"]


def test_attributes_of_another_version_are_ignored() -> None:
    newer = image(READY) | {"priority": {"N": "5"}, "#later": {"M": {"a": {"L": [{"B": "eA=="}, {"NULL": True}]}}}}
    assert read_changes([record(1, NewImage=newer)]) == ([Change(None, READY)], [])


def test_no_records_are_no_changes() -> None:
    assert read_changes([]) == ([], [])
