"""The problems that the soak finds, each in findings with one thing wrong."""

from dataclasses import replace
from typing import Any

import pytest

from proofs.soak.findings import Findings, problems

A, B = TASKS = ["veo_task_a", "veo_task_b"]


def row(task: str) -> dict[str, Any]:
    archive = {"key": f"videos/{task}/0/1.mp4", "sha256": f"hash of {task}"}
    return {"taskId": task, "jobId": f"{task}#0#1", "state": "SUCCEEDED", "archive": archive, "#tries": 1}


def event(task: str, **changes: Any) -> dict[str, Any]:
    public = {name: value for name, value in row(task).items() if name != "#tries"}
    return {"detail": public | {"eventId": f"{task}#0#1#SUCCEEDED"} | changes}


def charge(task: str) -> dict[str, Any]:
    return {"taskId": task, "credits": 120, "refundedAt": None}


CORRECT = Findings(
    tasks=TASKS,
    rows={task: row(task) for task in TASKS},
    ended_as={task: row(task) for task in TASKS},
    charges=[charge(task) for task in TASKS],
    objects={f"videos/{task}/0/1.mp4": f"hash of {task}" for task in TASKS},
    expected={task: f"hash of {task}" for task in TASKS},
    events=[event(A), event(B), event(B)],  # an event may be delivered twice
    dead_letters=0,
    densest=20,
    refused=0,
    requests=[],
)

WRONG: dict[str, dict[str, Any]] = {
    "a lost job": {"rows": {B: row(B)}, "events": [event(B)]},
    "a failed job": {"rows": {**CORRECT.rows, A: row(A) | {"state": "FAILED"}}},
    "a second charge": {"charges": [*CORRECT.charges, charge(A)]},
    "no charge": {"charges": [charge(B)]},
    "a refund": {"charges": [charge(B), charge(A) | {"refundedAt": 1.0}]},
    "a missing file": {"objects": {f"videos/{B}/0/1.mp4": f"hash of {B}"}},
    "another file": {"objects": {**CORRECT.objects, f"videos/{A}/0/1.mp4": "another hash"}},
    "a file that is not the provider's": {"expected": {**CORRECT.expected, A: "another hash"}},
    "a file without a job": {"objects": {**CORRECT.objects, "videos/veo_task_c/0/1.mp4": "hash"}},
    "no event": {"events": [event(B)]},
    "two event ids": {"events": [*CORRECT.events, event(A, eventId="another")]},
    "an event that differs from its row": {"events": [event(A, run=2), event(B)]},
    "a row that changed after the end": {"ended_as": {**CORRECT.ended_as, A: row(A) | {"evidence": "probe"}}},
    "a dead letter": {"dead_letters": 1},
    "a window too dense": {"densest": 21},
    "a request refused as too many": {"refused": 1},
}


def test_correct_findings_have_no_problem() -> None:
    assert problems(CORRECT) == []


@pytest.mark.parametrize("wrong", WRONG)
def test_each_wrong_finding_is_a_problem(wrong: str) -> None:
    assert problems(replace(CORRECT, **WRONG[wrong]))
