"""Fault profiles that the seeds hardly ever draw."""

from itertools import pairwise

import pytest

from proofs.simulation.environment import BEGIN, Simulation
from proofs.simulation.oracles import summary
from proofs.simulation.profiles import BURST, CALM_PROFILES, DAILY, NO_CREDITS, PROFILES
from veo4k.domain.gate import DAY, LONGEST_PAUSE, Pace
from veo4k.domain.job import State
from veo4k.domain.response import Meaning


@pytest.mark.parametrize("name", PROFILES)
def test_everything_holds_with(name: str) -> None:
    violations = Simulation(0, PROFILES[name]).run().oracles.violations
    assert not violations, summary(violations)


@pytest.mark.parametrize("name", CALM_PROFILES)
def test_no_job_fails_because_of(name: str) -> None:
    simulation = Simulation(0, CALM_PROFILES[name]).run()
    assert not simulation.oracles.violations, summary(simulation.oracles.violations)
    by_the_provider = {job.state for job in simulation.memory.all()} - {
        State.CANCELLED
    }  # by its owner, as oracle 7 checks
    assert by_the_provider == {State.SUCCEEDED}
    assert len(simulation.memory.all()) == CALM_PROFILES[name].jobs
    assert not simulation.job_queue.dead


def test_with_every_callback_lost_every_video_is_archived_after_a_poll() -> None:
    simulation = Simulation(1, CALM_PROFILES["every callback lost"]).run()
    assert not simulation.callbacks.answers
    assert {str(job.evidence) for job in simulation.memory.all()} == {"probe"}


def test_an_account_without_credits_gets_one_request_a_pause() -> None:
    simulation = Simulation(0, CALM_PROFILES["an hour without credits"]).run()
    begin, end = BEGIN + NO_CREDITS.begin, BEGIN + NO_CREDITS.end
    sent_at = [sent.left_at for sent in simulation.provider.sent if begin <= sent.left_at < end]
    first = next(
        place for place, (earlier, later) in enumerate(pairwise(sent_at)) if later - earlier > Pace().pause / 2
    )
    pauses = [later - earlier for earlier, later in pairwise(sent_at[first:])]
    assert len(pauses) >= 4
    for number, pause in enumerate(pauses):
        assert pause >= min(Pace().pause * 2**number, LONGEST_PAUSE)


def test_each_day_uses_its_limit_while_jobs_wait_and_no_more() -> None:
    simulation = Simulation(0, CALM_PROFILES["a limit of thirty submissions a day"]).run()
    days: dict[int, int] = {}
    for sent in simulation.provider.sent:
        days[int(sent.left_at // DAY)] = days.get(int(sent.left_at // DAY), 0) + 1
    full, rest = divmod(len(simulation.provider.sent), DAILY)
    assert full > 1  # of a hundred jobs, without those that their owner cancels
    assert list(days.values()) == [DAILY] * full + [rest] * (rest > 0)


def test_lost_responses_buy_no_run_twice_where_a_repeat_is_not_safe() -> None:
    bought_unheard = set()
    for seed in range(4):
        simulation = Simulation(seed, PROFILES["the unified task API"]).run()
        lost = {sent.key for sent in simulation.provider.sent if sent.paid and sent.meaning in (None, Meaning.LOST)}
        bought_unheard |= lost & {making.run for making in simulation.model.own_ids.values()}
        assert all(len(makings) == 1 for makings in _makings_of_runs(simulation).values())
    assert bought_unheard


def test_a_restored_table_buys_nothing_twice() -> None:
    name = "the table lost, and half an hour later as it was ten minutes before"
    simulation = Simulation(0, PROFILES[name]).run()
    requested_before = {sent.key for sent in simulation.provider.sent if sent.left_at < simulation.restored_at}
    requested_after = {sent.key for sent in simulation.provider.sent if sent.left_at >= simulation.restored_at}
    assert len(requested_before & requested_after) > 5
    assert all(len(makings) <= 1 for makings in _makings_of_runs(simulation).values())


def _makings_of_runs(simulation: Simulation) -> dict[object, list[object]]:
    runs: dict[object, list[object]] = {}
    for makings in simulation.model.makings.values():
        for making in makings:
            runs.setdefault(making.run, []).append(making)
    return runs


def test_a_burst_of_a_thousand_jobs_is_sent_at_the_providers_limit() -> None:
    simulation = Simulation(0, BURST).run()
    left = sorted(sent.left_at - BEGIN for sent in simulation.provider.sent)
    best = (len(left) - 1) // 20 * 10
    assert (len(left), simulation.model.refused_429, simulation.oracles.violations) == (1000, 0, [])
    assert left[-1] <= 1.03 * best
