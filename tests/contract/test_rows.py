"""A job is read as it was written, and is stored as docs/interface.md says."""

from dataclasses import replace
from string import printable
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proofs.table.rows import BARE, FULL, put
from proofs.table.tables import Table
from veo4k.adapters.jobs_dynamodb import DynamoJobs, placeholder_of
from veo4k.domain.job import ATTRIBUTES, DEFAULTS, Job
from veo4k.domain.ports import Jobs

OPTIONAL = [name for name, default in DEFAULTS.items() if getattr(BARE, name) == default]

WORDS = {"providerCode": {"N": "500"}, "providerMessage": {"S": "E-1207 记录"}}


def typed_file(key: str, **numbers: str) -> dict[str, Any]:
    return {"bucket": {"S": "bucket"}, "key": {"S": key}} | {name: {"N": text} for name, text in numbers.items()}


TYPED: dict[str, Any] = {
    "taskId": {"S": "veo_task_abcdef123456"},
    "run": {"N": "12"},
    "jobId": {"S": "veo_task_abcdef123456#99#12"},
    "index": {"N": "99"},
    "state": {"S": "FAILED"},
    "tags": {"M": {"shot": {"S": "7"}, "with space.and#dot": {"S": ""}, "día": {"S": "☃ 🎬"}}},
    "createdAt": {"S": "2027-01-15T08:00:00.125Z"},
    "acceptedAt": {"S": "2027-01-15T08:00:00.126Z"},
    "finishedAt": {"S": "2027-01-15T08:00:01.625Z"},
    "resultUrls": {"L": [{"S": "https://a.example/1.mp4"}, {"S": "https://a.example/2.mp4"}]},
    "archive": {
        "M": typed_file("videos/x/0/1.mp4", bytes="1099511627776", width="2160", height="3840")
        | {"sha256": {"S": "0f" * 32}, "poster": {"BOOL": True}}
    },
    "base": {
        "M": typed_file("videos/x/0/1.base.mp4", bytes="3", width="1280", height="720") | {"sha256": {"S": "1e" * 32}}
    },
    "error": {"M": {"code": {"S": "NOT_4K"}, "message": {"S": "Twice."}, **WORDS}},
    "maybeCharged": {"BOOL": False},
    "creditsConsumed": {"N": "0"},
    "evidence": {"S": "probe"},
    "attempts": {"N": "7"},
    "waitReason": {"S": "NO_CREDITS"},
}
"""The public part of the full row, as docs/interface.md promises it."""


def test_the_full_row_has_no_field_at_its_default() -> None:
    assert [name for name, default in DEFAULTS.items() if getattr(FULL, name) == default] == []


def test_every_field_survives_the_round_trip(jobs: Jobs, task_id: str) -> None:
    there = put(jobs, FULL, task_id)
    assert jobs.get(there.key) == there


@pytest.mark.parametrize("name", OPTIONAL)
def test_each_field_alone_survives_the_round_trip(jobs: Jobs, task_id: str, name: str) -> None:
    there = put(jobs, replace(BARE, **{name: getattr(FULL, name)}), task_id)
    assert jobs.get(there.key) == there


ANY_JOB = st.builds(
    replace,
    st.just(FULL),
    tags=st.dictionaries(st.text(printable, min_size=1), st.text(printable), max_size=5),
    due=st.floats(min_value=1e9, max_value=4e9),
    created_at=st.integers(min_value=10**12, max_value=4 * 10**12).map(lambda milliseconds: milliseconds / 1000),
    urls=st.lists(st.text(printable), max_size=4).map(tuple),
    credits_consumed=st.integers(min_value=0, max_value=10**6),
    task_tokens=st.frozensets(st.text(printable, min_size=1), max_size=3),
)


@given(ANY_JOB)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_values_survive_the_round_trip(jobs: Jobs, job: Job) -> None:
    there = put(jobs, job, f"veo_task_{uuid4().hex}")
    assert jobs.get(there.key) == there


def test_the_row_lies_there_as_the_interface_says(table: Table) -> None:
    put(DynamoJobs(table.client, table.name), FULL, FULL.task_id)
    item = table.item(FULL.key)
    assert {name: value for name, value in item.items() if not name.startswith("#")} == TYPED
    assert item["#tokens"].keys() == {"SS"}
    assert item["#ttl"] == {"N": "1900000000"}


def test_no_two_attributes_share_a_placeholder() -> None:
    placeholders = [placeholder_of(attribute) for attribute in ATTRIBUTES.values()]
    assert len(set(placeholders)) == len(placeholders)
