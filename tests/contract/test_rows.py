"""A job is read as it was written, and is stored as docs/interface.md says."""

from dataclasses import replace
from string import printable
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proofs.table.rows import NOW, put
from proofs.table.tables import Table
from veo4k.adapters.jobs_dynamodb import DynamoJobs, placeholder_of
from veo4k.domain.job import ATTRIBUTES, DEFAULTS, Archived, Code, Evidence, Failure, Job, Partition, ProviderApi, State
from veo4k.domain.ports import Jobs
from veo4k.domain.provider_words import Words

FULL = Job(
    task_id="veo_task_abcdef123456",
    run=12,
    index=99,
    state=State.FAILED,
    created_at=NOW,
    tags={"shot": "7", "with space.and#dot": "", "día": "☃ 🎬"},
    accepted_at=NOW + 0.001,
    finished_at=NOW + 1.5,
    result_urls=("https://a.example/1.mp4", "https://a.example/2.mp4"),
    archive=Archived("bucket", "videos/x/0/1.mp4", 2**40, "0f" * 32, 2160, 3840, poster=True),
    base=Archived("bucket", "videos/x/0/1.base.mp4", 3, "1e" * 32, 1280, 720),
    error=Failure(Code.NOT_4K, "Twice.", Words(500, "E-1207 记录")),
    maybe_charged=False,
    credits_consumed=0,
    evidence=Evidence.POLL,
    requests_sent=7,
    message_id="8a6f",
    provider_api=ProviderApi.JOBS,
    wait_text="NO_CREDITS",
    wait_reason="NO_CREDITS",
    partition=Partition.LIVE,
    due=NOW + 1 / 3,
    looked_at=NOW + 0.05,
    looks=2,
    base_url="https://a.example/base.mp4?sig=x",
    passes_label=True,
    claim_id="attempt",
    first_requested_at=NOW + 0.1,
    requested_at=NOW + 0.2,
    retry_at=NOW + 0.3,
    lost_responses=3,
    unclear_responses=2,
    unclear_since=NOW + 0.4,
    words=Words(None, "E-1207"),
    acceptances=2,
    provider_task_id="veo_task_2",
    unknown_records=1,
    poll_id="probe",
    urls=("https://a.example/1.mp4?sig=%20x",),
    image_urls=("https://a.example/1.jpg?sig=x",),
    lease="lease",
    lease_until=NOW + 960,
    archive_attempts=4,
    link_dead=True,
    link_refusals=2,
    tried_links=frozenset({"digest-1", "digest-2"}),
    failure_reported=True,
    not_4k=1,
    codec="av01",
    retrigger_id="nudge",
    on_bus=True,
    announcing_since=NOW + 2,
    task_tokens=frozenset({"token-1", "token-2"}),
    day="2027-01-15",
    ttl=1_900_000_000,
)
BARE = Job(task_id="veo_task_abcdef123456", run=1, index=0, state=State.QUEUED, created_at=NOW, requests_sent=0)
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


def test_what_has_no_value_is_absent_from_the_row(table: Table) -> None:
    bare = put(DynamoJobs(table.client, table.name), BARE, "veo_task_bare_row")
    assert table.item(bare.key).keys() == {"taskId", "run", "jobId", "index", "state", "createdAt", "attempts"}


def test_no_two_attributes_share_a_placeholder() -> None:
    placeholders = [placeholder_of(attribute) for attribute in ATTRIBUTES.values()]
    assert len(set(placeholders)) == len(placeholders)
