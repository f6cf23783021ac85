"""Old and new code on the same rows: while a deployment moves traffic, and after one that was taken back.

`golden/rows-0.1.0.json` are rows as version 0.1.0 wrote them, in DynamoDB's typed JSON. They are never written anew:
what a released version has written, every later one must read and carry on. `rows-0.2.0.json` adds what 0.2.0 writes,
and `rows-later.json` what a version to come may write: states, evidences and codes that no current version knows.
"""

import json
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from proofs.doubles.event_publisher_recording import RecordingEventPublisher
from proofs.doubles.fake_aws import typed_row
from proofs.doubles.faults import FaultInjector
from proofs.doubles.stage import Stage
from proofs.table.rows import NOW, SIGNED, Case, moved
from proofs.table.tables import Table
from tests.contract.conftest import TableMaker
from tests.contract.transition_table import CASES
from veo4k.adapters.dynamodb_types import from_item
from veo4k.adapters.gate_dynamodb import DynamoGate
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.adapters.stream_dynamodb import read_changes
from veo4k.domain import transitions
from veo4k.domain.callback import Address, CallbackPayload
from veo4k.domain.conditional_update import Refused, Updated
from veo4k.domain.gate import Pace
from veo4k.domain.job import ENDED, LIVE, Job, Key, State
from veo4k.domain.ports import Change
from veo4k.domain.response import Meaning, Response
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.schedule import Times
from veo4k.services.publish import Publisher

Item = dict[str, Any]


def golden(name: str) -> dict[str, Item]:
    rows: dict[str, Item] = json.loads((Path(__file__).parent / f"golden/rows-{name}.json").read_text())
    return rows


GOLDEN = golden("0.1.0") | golden("0.2.0")
ROWS = {name: item for name, item in GOLDEN.items() if not name.startswith("GATE")}
LATER_ROWS = golden("later")
PARKED = {name: item for name, item in LATER_ROWS.items() if item["state"]["S"] == "PARKED"}
LATER: Item = {
    "#later": {"S": "a private attribute"},
    "later": {"M": {"a": {"L": [{"N": "1"}, {"NULL": True}, {"B": b"x"}]}}},
    "laterStill": {"BOOL": True},
}
"""Attributes that a later version may write."""


def named(*states: State) -> list[str]:
    return [name for name, item in ROWS.items() if item["state"]["S"] in states]


def key_of(item: Item) -> Key:
    return Key(item["taskId"]["S"], int(item["run"]["N"]))


def environment_over(table: Table) -> Stage:
    """Return a test environment with the real jobs and gate, an hour after the golden rows."""
    environment, ids = Stage(Response(meaning=Meaning.DONE, urls=(SIGNED,))), count()
    environment.clock.at = NOW + 3600
    environment.hosts = ResultHosts.parse("file.aiquickdraw.com", "https://api.kie.ai")
    environment.faulty_jobs = FaultInjector(DynamoJobs(table.client, table.name))
    environment.faulty_gate = FaultInjector(
        DynamoGate(table.client, table.name, Pace(), lambda: f"writer-{next(ids)}"),
    )
    return environment


def publisher_over(table: Table, announcements: RecordingEventPublisher) -> Publisher:
    return Publisher(DynamoJobs(table.client, table.name), announcements, 90, keep_base=True, times=Times())


def test_there_is_a_row_of_every_state() -> None:
    assert {item["state"]["S"] for item in ROWS.values()} == set(State)


@pytest.mark.parametrize("item", [*ROWS.values(), *LATER_ROWS.values()])
def test_a_row_of_another_version_is_read_whole(item: Item) -> None:
    # What is read is written again as it was: no attribute was passed over.
    assert typed_row(Job.from_row(from_item(item))) == item


@pytest.mark.parametrize("name", ROWS)
def test_a_row_with_attributes_of_a_later_version_is_read(name: str) -> None:
    deeper = {part: {"M": ROWS[name][part]["M"] | LATER} for part in ("archive", "error") if part in ROWS[name]}
    assert Job.from_row(from_item(ROWS[name] | LATER | deeper)) == Job.from_row(from_item(ROWS[name]))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_transition_keeps_what_a_later_version_has_written(table: Table, task_id: str, case: Case) -> None:
    before = replace(case.before, task_id=task_id)
    table.put(typed_row(before) | LATER)
    outcome = DynamoJobs(table.client, table.name).write(moved(case.write, task_id))
    assert outcome == Updated(replace(case.after, task_id=task_id))
    assert LATER.items() <= table.item(before.key).items()


@pytest.mark.parametrize("name", PARKED)
def test_nobody_writes_a_row_in_an_unknown_state(new_table: TableMaker, name: str) -> None:
    table, item = new_table(), PARKED[name]
    table.put(item)
    environment, job = environment_over(table), Job.from_row(from_item(item))
    jobs = DynamoJobs(table.client, table.name)
    swept = environment.sweep()
    assert environment.ask(job.task_id, index=1) == ["job_joined"]
    assert environment.ask(job.task_id, index=1, taskToken="token-2") == ["message_store_failed"]
    assert publisher_over(table, RecordingEventPublisher()).publish([Change(None, job)], NOW) == []
    claim = jobs.write(transitions.claim_archive(job.key, "lease-9", NOW, Times()))
    payload = CallbackPayload(Response(meaning=Meaning.DONE, urls=(SIGNED,)), None)
    ready = jobs.write(transitions.callback_ready(Address(job.task_id, 1, 1, ""), payload, SIGNED, NOW))
    assert (set(swept) <= {"job_skipped"}, claim, ready) == (True, Refused(job), Refused(job))
    assert table.item(job.key) == item


def test_a_later_run_waits_for_a_run_in_an_unknown_state(new_table: TableMaker) -> None:
    table, item = new_table(), PARKED["PARKED"]
    table.put(item)
    assert environment_over(table).ask(item["taskId"]["S"], index=0) == ["job_queued"]


@pytest.mark.parametrize("name", named(*LIVE))
def test_a_sweep_carries_a_live_row_of_the_released_version_on(new_table: TableMaker, name: str) -> None:
    table, item = new_table(), ROWS[name] | LATER
    table.put(item)
    assert "job_skipped" not in environment_over(table).sweep()
    after = table.item(key_of(item))
    assert after["state"]["S"] == "READY"
    assert after["#due"] != item["#due"]
    assert LATER.items() <= after.items()


@pytest.mark.parametrize("name", [name for name in named(*ENDED) if "#lane" in ROWS[name]])
def test_an_end_of_the_released_version_is_announced(new_table: TableMaker, name: str) -> None:
    table, item, announcements = new_table(), ROWS[name] | LATER, RecordingEventPublisher()
    table.put(item)
    changes, unreadable = read_changes([{"dynamodb": {"NewImage": item}}])
    publisher_over(table, announcements).publish(changes, NOW)
    after = table.item(key_of(item))
    assert (unreadable, announcements.bus) == ([], [key_of(item)])
    assert "#lane" not in after
    assert LATER.items() <= after.items()


@pytest.mark.parametrize("name", ["GATE_OPEN", "GATE_SHUT"])
def test_a_gate_of_another_version_paces_and_its_row_is_kept(new_table: TableMaker, name: str) -> None:
    table, item = new_table(), GOLDEN[name]
    table.put(item | LATER | {"#gate": {"M": item["#gate"]["M"] | LATER}})
    gate = DynamoGate(table.client, table.name, Pace(daily=50), lambda: "writer-z")
    before = gate.read()
    slots = gate.reserve(1, NOW + 2, counted=True)
    after = gate.read()
    assert (len(before.instants), before.submissions) == (3, 3)
    assert (slots.instants == (), after.reason) == (name == "GATE_SHUT", before.reason)
    assert LATER.items() <= table.item(Key("#gate", 0)).items()
