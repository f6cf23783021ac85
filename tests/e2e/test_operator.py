"""Many jobs at the command line: a thousand lines, and sums that equal the provider's ledger."""

import json
from collections.abc import Iterator

import pytest

from local.cloud.environment import Environment, environment
from local.kie import Settings
from local.kie.ledger import credits_spent
from local.waiting import wait_until
from tests.integration.command_line import veo4k, veo4k_json

# A poll that crosses a failure's callback buys again, and no row counts it: the first poll leaves callbacks their time.
TIMES = {"FirstProbeSeconds": "8", "ProbeSeconds": "3", "UnknownWaitSeconds": "1", "DeadlineSeconds": "40"}
BAD = {100: "short", 500: '{"taskId": "veo_task_abcdef123456", "index": 100}', 900: '{"taskId": "veo_task_abcdef12345'}
PAID = ("on_time", "lost", "answer_lost", "answer_and_callback_lost", "own_id_lost", "snake_case")
ENDED_WITHOUT_4K = ("failure", "data_null", "base_video", "unknown_task", "fallback")


@pytest.fixture
def env() -> Iterator[Environment]:
    with environment(Settings(speed=600), TIMES) as env:
        yield env


def test_of_a_thousand_lines_all_but_three_bad_ones_become_jobs(env: Environment) -> None:
    lines = [BAD.get(number, f"veo_task_on_time_{number:04}") for number in range(1, 1001)]
    veo4k(env.cloud, "gate", "pause")
    submitted = veo4k(env.cloud, "submit", "-", "--json", stdin="\n".join(lines))
    value = json.loads(submitted.stdout)
    assert (submitted.exit_code, value["sent"], [line["line"] for line in value["lines"]]) == (1, 997, list(BAD))
    rows = wait_until(lambda: found if len(found := env.cloud.rows()) >= 997 else None, 120)
    assert {row["taskId"] for row in rows} == set(lines) - set(BAD.values())
    assert {row["state"] for row in rows} == {"QUEUED"}
    assert (len(veo4k_json(env.cloud, "list")), env.simulator.ledger()) == (997, [])


def test_the_sums_equal_the_providers_ledger(env: Environment) -> None:
    """Failures are refunded there. Two tasks fail unheard: the repeat, which asks for their state, buys again."""
    twice, thrice = "veo_task_twice", "veo_task_thrice"
    for task in (twice, thrice):
        env.simulator.register(task, "failure", callbacks=[])
    tasks = [f"veo_task_{name}_sum" for name in (*PAID, *ENDED_WITHOUT_4K)]
    tasks += [twice, thrice]
    lines = [json.dumps({"taskId": task, "tags": {"task": task}}) for task in tasks]
    veo4k(env.cloud, "submit", "-", stdin="\n".join(lines))
    wait_until(lambda: len(env.charges(twice)) == 1)
    env.simulator.register(twice, "on_time")
    ends = {task: env.ended(task)["state"] for task in tasks}
    assert (ends[twice], ends[thrice]) == ("SUCCEEDED", "TIMED_OUT")
    veo4k(env.cloud, "submit", tasks[0], "--force", "--tag", f"task={tasks[0]}")
    assert env.ended(tasks[0], 2)["state"] == "SUCCEEDED"
    spent = veo4k_json(env.cloud, "spend", "--by", "tag:task")
    total, groups = spent["total"], {group["group"]: group for group in spent["groups"]}
    assert (total["jobs"], total["succeeded"], total["free"]) == (len(ends) + 1, len(PAID) + 2, 1)
    charges = {task: env.charges(task) for task in tasks}
    assert {task: groups[task]["credits"] for task in tasks} == {t: credits_spent(charges[t]) for t in tasks}
    assert {task: groups[task]["credits"] + groups[task]["maybeCredits"] for task in tasks} == {
        task: sum(charge["credits"] for charge in charges[task]) for task in tasks
    }
    assert total["credits"] == credits_spent(env.simulator.ledger())
    assert len(env.charges(thrice)) == 3
