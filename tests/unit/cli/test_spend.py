"""The command `spend`, and the sums behind it."""

import csv
import io
from typing import Any

import pytest

from proofs.doubles.time_manual import NOON
from tests.unit.cli.operator import Operator
from veo4k.domain.job import Evidence, Job, State
from veo4k_cli.spending import Charge, by_tag, charge, sums

BASIC: dict[str, Any] = {"task_id": "veo_task_1", "run": 1, "index": 0, "created_at": NOON, "requests_sent": 1}
BY_CALLBACK: dict[str, Any] = {"evidence": Evidence.CALLBACK, "acceptances": 1}


@pytest.mark.parametrize(
    ("state", "fields", "cost"),
    [
        (State.SUCCEEDED, BY_CALLBACK | {"credits_consumed": 90}, Charge(90, 0)),
        (State.SUCCEEDED, BY_CALLBACK, Charge(120, 0)),
        (State.SUCCEEDED, BY_CALLBACK | {"acceptances": 3}, Charge(120, 240)),
        (State.SUCCEEDED, BY_CALLBACK | {"acceptances": 2, "credits_consumed": 120}, Charge(120, 120)),
        (State.SUCCEEDED, {"evidence": Evidence.SUBMIT, "acceptances": 1}, Charge(0, 0)),
        (State.SUCCEEDED, {"evidence": Evidence.SUBMIT, "acceptances": 1, "lost_responses": 1}, Charge(120, 0)),
        (State.FAILED, BY_CALLBACK | {"maybe_charged": True}, Charge(120, 0)),
        (State.FAILED, {"acceptances": 1, "maybe_charged": True}, Charge(0, 120)),
        (State.TIMED_OUT, {"acceptances": 3, "maybe_charged": True}, Charge(0, 360)),
        (State.TIMED_OUT, {"lost_responses": 2, "maybe_charged": True}, Charge(0, 120)),
        (State.FAILED, {"maybe_charged": False}, Charge(0, 0)),
    ],
)
def test_a_job_costs_what_was_charged_and_what_may_have_been(state: State, fields: Any, cost: Charge) -> None:
    assert charge(Job(**BASIC, state=state, **fields)) == cost


def test_jobs_without_the_tag_are_a_group_of_their_own() -> None:
    jobs = [Job(**BASIC, state=State.SUCCEEDED, tags=tags, **BY_CALLBACK) for tags in ({"a": "x"}, {}, {"a": "x"})]
    assert [(each.group, each.jobs, each.credits) for each in sums(jobs, by_tag("a"))] == [
        ("(none)", 1, 120),
        ("x", 2, 240),
    ]


def add_jobs(operator: Operator) -> None:
    operator.add_job(State.SUCCEEDED, finished_at=NOON - 60, tags={"who": "=A1"}, **BY_CALLBACK)
    operator.add_job(State.FAILED, run=2, finished_at=NOON - 60, maybe_charged=True, acceptances=1)
    operator.add_job(State.SUCCEEDED, run=3, finished_at=NOON - 86_460, evidence="submit", acceptances=1)


def test_spend_sums_by_day_and_in_all(operator: Operator) -> None:
    add_jobs(operator)
    value = operator.run("spend", "--json").json
    assert [(day["jobs"], day["succeeded"], day["free"]) for day in value["groups"]] == [(1, 1, 1), (2, 1, 0)]
    assert value["total"] | {"share": 0} == {
        "group": "all",
        "jobs": 3,
        "succeeded": 2,
        "free": 1,
        "credits": 120,
        "creditsWithout4k": 0,
        "maybeCredits": 120,
        "share": 0,
        "dollars": 0.6,
    }
    assert operator.run("spend").out.splitlines()[-3].split() == ["all", "3", "2", "67%", "1", "120", "0.60", "120"]
    assert operator.table.scans == 0


@pytest.mark.parametrize(("words", "jobs"), [(["--since", "1d"], 2), (["--tag", "who==A1"], 1), (["--since", "1s"], 0)])
def test_spend_sums_what_is_selected(operator: Operator, words: list[str], jobs: int) -> None:
    add_jobs(operator)
    assert operator.run("spend", *words, "--json").json["total"]["jobs"] == jobs


def test_spend_as_csv_has_no_text_that_a_spreadsheet_runs(operator: Operator) -> None:
    add_jobs(operator)
    rows = list(csv.DictReader(io.StringIO(operator.run("spend", "--by", "tag:who", "--csv").out)))
    assert [(row["group"], row["credits"], row["maybeCredits"]) for row in rows] == [
        ("(none)", "0", "120"),
        ("'=A1", "120", "0"),
    ]


@pytest.mark.parametrize("by", ["month", "tag:", "tag"])
def test_spend_refuses_another_grouping(operator: Operator, by: str) -> None:
    assert "--by takes day or tag:NAME" in operator.run("spend", "--by", by).err
