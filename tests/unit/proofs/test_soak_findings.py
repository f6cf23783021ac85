"""What must hold after any fault, held against a world in which one thing is wrong."""

from dataclasses import replace
from typing import Any

import pytest

from proofs.soak.outside import Findings, problems

TASKS = ["veo_task_a", "veo_task_b"]


def row(task: str) -> dict[str, Any]:
    return {
        "taskId": task,
        "jobId": f"{task}#0#1",
        "state": "SUCCEEDED",
        "archive": {"key": f"videos/{task}/0/1.mp4", "sha256": f"hash of {task}"},
        "#tries": 1,
    }


def public_row(task: str) -> dict[str, Any]:
    return {name: value for name, value in row(task).items() if name != "#tries"}


def event(task: str) -> dict[str, Any]:
    return {"detail": public_row(task) | {"eventId": f"{task}#0#1#SUCCEEDED"}}


def charge(task: str) -> dict[str, Any]:
    return {"taskId": task, "credits": 120, "refundedAt": None}


RIGHT = Findings(
    tasks=TASKS,
    rows={task: row(task) for task in TASKS},
    ended_as={task: row(task) for task in TASKS},
    charges=[charge(task) for task in TASKS],
    objects={f"videos/{task}/0/1.mp4": f"hash of {task}" for task in TASKS},
    truth={task: f"hash of {task}" for task in TASKS},
    events=[event(task) for task in TASKS],
    dead_letters=0,
    densest=20,
    refused=0,
    requests=[],
)
A = "veo_task_a"

WRONG: dict[str, dict[str, Any]] = {
    "a job that is lost": {"rows": {"veo_task_b": row("veo_task_b")}, "events": [event("veo_task_b")]},
    "a job that failed": {"rows": dict(RIGHT.rows) | {A: row(A) | {"state": "FAILED"}}},
    "a second charge": {"charges": [*RIGHT.charges, charge(A)]},
    "no charge at all": {"charges": [charge("veo_task_b")]},
    "a charge given back": {"charges": [charge("veo_task_b"), charge(A) | {"refundedAt": 1.0}]},
    "a file that is not there": {"objects": {"videos/veo_task_b/0/1.mp4": "hash of veo_task_b"}},
    "another file": {"objects": dict(RIGHT.objects) | {f"videos/{A}/0/1.mp4": "another hash"}},
    "a file that is not the provider's": {"truth": dict(RIGHT.truth) | {A: "another hash"}},
    "a file of nobody": {"objects": dict(RIGHT.objects) | {"videos/veo_task_c/0/1.mp4": "hash"}},
    "no announcement": {"events": [event("veo_task_b")]},
    "two event ids": {"events": [*RIGHT.events, {"detail": public_row(A) | {"eventId": "another"}}]},
    "an event that tells otherwise": {
        "events": [event("veo_task_b"), {"detail": event(A)["detail"] | {"run": 2}}],
    },
    "an end that was changed": {"ended_as": dict(RIGHT.ended_as) | {A: row(A) | {"evidence": "probe"}}},
    "a dead letter": {"dead_letters": 1},
    "a window too dense": {"densest": 21},
    "a refusal for too many": {"refused": 1},
}


def test_a_right_world_has_no_problem() -> None:
    assert problems(RIGHT) == []


def test_an_event_may_come_twice() -> None:
    assert problems(replace(RIGHT, events=[*RIGHT.events, event(A)])) == []


@pytest.mark.parametrize("wrong", WRONG)
def test_whatever_is_wrong_is_seen(wrong: str) -> None:
    assert problems(replace(RIGHT, **WRONG[wrong]))
