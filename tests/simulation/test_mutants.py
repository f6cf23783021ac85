"""A simulation that lets a broken product pass proves nothing: each named mutant is caught."""

from itertools import count, islice

import pytest

from tests.simulation.mutants import MUTANTS, mutated
from tests.simulation.profiles import PROFILES
from tests.simulation.weather import Weather, draw_weather
from tests.simulation.world import Simulation

ENOUGH = 60  # seeds within which each of them is caught
NEEDS = {
    "a claim without conditions": "news meets a probe",
    "an end without conditions": "news meets a probe",
    "a crash is no lost answer": "an hour in which functions die at their requests",
    "a lost answer is a failure": "half an hour of lost answers",
}
"""Mutants that show soonest in a weather of their own."""


def _weather(name: str, seed: int) -> Weather:
    return PROFILES[NEEDS[name]] if name in NEEDS else draw_weather(seed, 40)


@pytest.mark.parametrize("name", MUTANTS)
def test_the_simulation_catches(name: str) -> None:
    with mutated(name):
        runs = (Simulation(seed, _weather(name, seed)).run() for seed in islice(count(), ENOUGH))
        assert any(world.oracles.violations for world in runs)


def test_a_mutant_leaves_the_product_as_it_was() -> None:
    for name in MUTANTS:
        with mutated(name):
            pass
    assert not Simulation(1, draw_weather(1, 40)).run().oracles.violations
