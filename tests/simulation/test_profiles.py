"""Fault profiles that the seeds hardly ever draw."""

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest

from proofs.simulation.environment import BEGIN, Simulation
from proofs.simulation.oracles import summary
from proofs.simulation.profiles import BURST, CALM_PROFILES, DAILY, NO_CREDITS, PROFILES, UNUSUAL
from veo4k.domain.gate import LONGEST_PAUSE, Pace
from veo4k.domain.job import ProviderApi, State
from veo4k.domain.response import Meaning
from veo4k.domain.schedule import DAY

JOBS, CALM_JOBS = 60, 40


@cache
def simulated(name: str) -> Simulation:
    return Simulation(0, replace(PROFILES[name], jobs=JOBS)).run()


@cache
def calm(name: str) -> Simulation:
    return Simulation(0, replace(CALM_PROFILES[name], jobs=CALM_JOBS)).run()


@pytest.mark.parametrize("name", [name for name in PROFILES if name not in UNUSUAL])
def test_everything_holds_with(name: str) -> None:
    violations = simulated(name).oracles.violations
    assert not violations, summary(violations)


@pytest.mark.parametrize("name", CALM_PROFILES)
def test_no_job_fails_because_of(name: str) -> None:
    simulation = calm(name)
    states = Counter(job.state for job in simulation.memory.all())
    assert not simulation.oracles.violations, summary(simulation.oracles.violations)
    assert states.keys() - {State.CANCELLED} == {State.SUCCEEDED}  # its owner cancels a job, as oracle 7 checks
    assert states.total() == CALM_JOBS
    assert not simulation.job_queue.dead


def test_with_every_callback_lost_every_video_is_archived_after_a_poll() -> None:
    simulation = calm("every callback lost")
    assert not simulation.callbacks.answers
    ended = [job for job in simulation.memory.all() if job.state is State.SUCCEEDED]
    assert {str(job.evidence) for job in ended} == {"probe"}


def test_an_account_without_credits_gets_one_request_a_pause() -> None:
    begin, end = BEGIN + NO_CREDITS.begin, BEGIN + NO_CREDITS.end
    sent = calm("an hour without credits").provider.sent
    waits = [
        later.left_at - earlier.left_at
        for earlier, later in pairwise(each for each in sent if begin <= each.left_at < end)
    ]
    first = next(place for place, wait in enumerate(waits) if wait > Pace().pause / 2)
    pauses = waits[first:]
    assert len(pauses) >= 4
    for number, pause in enumerate(pauses):
        assert pause >= min(Pace().pause * 2**number, LONGEST_PAUSE)


def test_each_day_uses_its_limit_while_jobs_wait_and_no_more() -> None:
    simulation = Simulation(0, replace(CALM_PROFILES["a limit of thirty submissions a day"], jobs=80)).run()
    sent = simulation.provider.sent
    days = Counter(int(each.left_at // DAY) for each in sent)
    full, rest = divmod(len(sent), DAILY)
    assert full > 1  # without those that their owner cancels
    assert list(days.values()) == [DAILY] * full + [rest] * (rest > 0)


def test_lost_responses_buy_no_run_twice_where_a_repeat_is_not_safe() -> None:
    profile = replace(PROFILES["half an hour of lost responses"], jobs=CALM_JOBS, provider_api=ProviderApi.JOBS)
    simulation = Simulation(0, profile).run()
    lost = {sent.key for sent in simulation.provider.sent if sent.paid and sent.meaning in (None, Meaning.LOST)}
    assert len(lost & {making.run for making in simulation.model.own_ids.values()}) > CALM_JOBS / 2
    assert set(_makings_of_runs(simulation).values()) == {1}


def test_a_restored_table_buys_nothing_twice() -> None:
    simulation = simulated("the table lost, and half an hour later as it was ten minutes before")
    before = {sent.key for sent in simulation.provider.sent if sent.left_at < simulation.restored_at}
    after = {sent.key for sent in simulation.provider.sent if sent.left_at >= simulation.restored_at}
    assert len(before & after) > 5
    assert set(_makings_of_runs(simulation).values()) == {1}


def _makings_of_runs(simulation: Simulation) -> Counter[object]:
    return Counter(making.run for makings in simulation.model.makings.values() for making in makings)


def test_a_burst_of_a_thousand_jobs_is_sent_at_the_providers_limit() -> None:
    simulation = Simulation(0, BURST).run()
    left = sorted(sent.left_at - BEGIN for sent in simulation.provider.sent)
    best = (len(left) - 1) // 20 * 10
    assert (len(left), simulation.model.refused_429, simulation.oracles.violations) == (1000, 0, [])
    assert left[-1] <= 1.03 * best
