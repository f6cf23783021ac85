from dataclasses import replace

import pytest

from tests.doubles.stage import ELSEWHERE, HOSTS, TASK, URL
from tests.doubles.time_manual import NOON
from veo4k.domain.answer import Answer, Meaning
from veo4k.domain.job import JOBS, Code, Job, State
from veo4k.domain.rules import (
    LONGEST_URL,
    MOST_URLS,
    Due,
    Moment,
    after_answer,
    fetchable,
    is_turn,
    probes_by_post,
    when_due,
)
from veo4k.domain.schedule import Times

TIMES = Times()
JOB = Job(
    task_id=TASK,
    run=1,
    index=0,
    state=State.SUBMITTING,
    created_at=NOON,
    attempts=1,
    attempt="mine",
    asked_at=NOON,
    first_asked_at=NOON,
    ask_again_at=NOON + 210,
)
MOMENT = Moment(now=NOON + 1, until=NOON + 60, times=TIMES, hosts=HOSTS, on_trial=False, new_id="new")


def test_only_links_that_may_be_fetched_are_kept_and_only_a_few() -> None:
    links = [ELSEWHERE, "https://file.example/" + "x" * LONGEST_URL, *[f"https://file.example/{n}" for n in range(9)]]

    assert fetchable(links, HOSTS) == tuple(links[2 : 2 + MOST_URLS])


def test_a_link_may_be_as_long_as_the_longest_and_no_longer() -> None:
    longest = "https://file.example/".ljust(LONGEST_URL, "x")

    assert fetchable([longest, longest + "x"], HOSTS) == (longest,)


def test_a_result_whose_links_are_missing_is_asked_for_soon() -> None:
    answer = Answer(meaning=Meaning.WORKING, reason="generated successfully")
    write = after_answer(JOB, answer, MOMENT).write

    assert write is not None
    assert write.put["due"] == MOMENT.now + TIMES.probe


def test_an_acceptance_after_a_lost_answer_is_looked_at_like_any_other() -> None:
    write = after_answer(replace(JOB, lost=1), Answer(meaning=Meaning.WORKING), MOMENT).write

    assert write is not None
    assert write.put["due"] == MOMENT.now + TIMES.first_probe


def test_a_fresh_link_that_is_asked_for_where_no_path_is_left_costs_a_try() -> None:
    ready = replace(JOB, state=State.READY, link_dead=True, accepted_at=NOON, tries=3, probe="mine")
    never = Answer(meaning=Meaning.NEVER_SENT, reason="ConnectTimeout")
    gone = Answer(meaning=Meaning.NEVER_SENT, reason="PATH_GONE: set the stack's ProviderContract to jobs")

    assert after_answer(ready, never, MOMENT).write is not None
    assert after_answer(ready, gone, MOMENT).write is None


def test_a_plain_acceptance_leaves_the_due_index_alone() -> None:
    write = after_answer(JOB, Answer(meaning=Meaning.WORKING, first=True), MOMENT).write

    assert write is not None
    assert "due" not in write.put


def test_the_gates_own_probe_ends_no_job_by_its_silence() -> None:
    late = replace(JOB, lost=5, asked_at=NOON + TIMES.hard_deadline)
    lost = Answer(meaning=Meaning.LOST)

    assert after_answer(late, lost, MOMENT).action == "job_timed_out"
    assert after_answer(late, lost, replace(MOMENT, on_trial=True)).action == "answer_lost"


@pytest.mark.parametrize("meaning", sorted(set(Meaning) - {Meaning.DONE, Meaning.NEVER_SENT}))
def test_while_a_fresh_link_is_wanted_nothing_else_counts(meaning: Meaning) -> None:
    ready = replace(JOB, state=State.READY, link_dead=True)

    assert after_answer(ready, Answer(meaning=meaning), MOMENT).write is None


def test_a_fresh_link_to_a_foreign_host_is_none() -> None:
    ready = replace(JOB, state=State.READY, link_dead=True)

    assert after_answer(ready, Answer(meaning=Meaning.DONE, urls=(ELSEWHERE,)), MOMENT).write is None
    assert after_answer(ready, Answer(meaning=Meaning.DONE, urls=(URL,)), MOMENT).action == "link_refreshed"


def test_every_answer_has_a_rule_in_every_state_that_asks() -> None:
    for state in (State.SUBMITTING, State.PROCESSING, State.READY):
        for meaning in Meaning:
            assert after_answer(replace(JOB, state=state), Answer(meaning=meaning), MOMENT).action


@pytest.mark.parametrize(
    ("state", "attempts", "code"),
    [
        (State.QUEUED, 0, Code.NEVER_SUBMITTED),
        (State.QUEUED, 1, Code.SUBMISSION_UNCONFIRMED),
        (State.SUBMITTING, 1, Code.SUBMISSION_UNCONFIRMED),
        (State.PROCESSING, 1, Code.NO_ANSWER),
    ],
)
def test_after_thirteen_days_a_job_ends_in_any_case(state: State, attempts: int, code: Code) -> None:
    job = replace(JOB, state=state, attempts=attempts)
    due, step = when_due(job, NOON + TIMES.queued_deadline, "new", TIMES)

    assert (due, step.action) == (Due.WRITE, "job_timed_out")
    assert step.write is not None
    assert step.write.put["error"].code is code


def test_a_request_that_is_out_is_not_ended_over() -> None:
    out = replace(JOB, ask_again_at=NOON + TIMES.queued_deadline + 210)
    due, _ = when_due(out, NOON + TIMES.queued_deadline, "new", TIMES)

    assert due is Due.NOTHING


def test_an_accepted_job_is_not_asked_about_too_soon() -> None:
    job = replace(JOB, state=State.PROCESSING, accepts=1)

    assert when_due(job, NOON + TIMES.probe - 1, "new", TIMES)[0] is Due.NOTHING
    assert when_due(job, NOON + TIMES.probe, "new", TIMES)[0] is Due.PROBE


def test_a_fresh_link_is_not_asked_for_too_soon() -> None:
    job = replace(JOB, state=State.READY, link_dead=True)

    assert when_due(job, NOON + TIMES.probe - 1, "new", TIMES)[0] is Due.NOTHING
    assert when_due(job, NOON + TIMES.probe, "new", TIMES)[0] is Due.PROBE


def test_only_earlier_runs_must_have_ended() -> None:
    second = replace(JOB, run=2)
    ended, later = replace(JOB, state=State.FAILED), replace(JOB, run=3)

    assert is_turn(second, [ended, second, later])
    assert not is_turn(second, [JOB, second])


def test_under_the_jobs_contract_nothing_is_probed_by_a_second_request() -> None:
    assert probes_by_post(JOB)
    assert not probes_by_post(replace(JOB, contract=JOBS))
    assert not probes_by_post(replace(JOB, provider_task_id="another"))
    assert probes_by_post(replace(JOB, provider_task_id=TASK))
