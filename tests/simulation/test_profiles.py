"""Weathers of a kind that is hardly ever drawn."""

import pytest

from tests.simulation.oracles import summary
from tests.simulation.profiles import BURST, PROFILES
from tests.simulation.world import BEGIN, Simulation
from veo4k.domain.job import State

HOUR = 3600.0


@pytest.mark.parametrize("name", PROFILES)
def test_everything_holds_with(name: str) -> None:
    violations = Simulation(0, PROFILES[name]).run().oracles.violations
    assert not violations, summary(violations)


def test_with_every_callback_lost_every_video_that_was_made_comes_home() -> None:
    world = Simulation(1, PROFILES["every callback lost, and nothing else"]).run()
    assert not world.callbacks.heard
    assert sum(job.state is State.SUCCEEDED for job in world.memory.all()) > 80


def test_an_account_without_credits_is_asked_once_a_pause() -> None:
    world = Simulation(0, PROFILES["an hour without credits"]).run()
    closed = [sent for sent in world.provider.sent if BEGIN + 400 < sent.left_at < BEGIN + 300 + HOUR]
    assert 3 <= len(closed) <= 12


def test_no_job_fails_because_the_account_is_out_of_credits() -> None:
    world = Simulation(0, PROFILES["an hour without credits"]).run()
    assert not [job for job in world.memory.all() if job.error and "CREDITS" in job.error.message.upper()]
    assert not world.job_queue.dead


def test_a_burst_of_a_thousand_jobs_is_sent_as_fast_as_the_provider_allows_and_no_faster() -> None:
    world = Simulation(0, BURST).run()
    left = sorted(sent.left_at - BEGIN for sent in world.provider.sent)
    best = (len(left) - 1) // 20 * 10
    assert (len(left), world.model.refused_429, world.oracles.violations) == (1000, 0, [])
    assert left[-1] <= 1.03 * best
