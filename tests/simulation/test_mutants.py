"""A simulation that lets a broken product pass proves nothing: each named mutant is caught, by its own oracle."""

import pytest

from tests.simulation.mutants import ENOUGH, MUTANTS, drawn, hunt, mutated
from tests.simulation.profiles import PROFILES
from tests.simulation.weather import draw_weather
from tests.simulation.world import Simulation


@pytest.mark.parametrize("name", MUTANTS)
def test_the_simulation_catches(name: str) -> None:
    told = MUTANTS[name].shows_in
    assert hunt(name, (lambda _: PROFILES[told]) if told else drawn, range(ENOUGH))


def test_a_mutant_leaves_the_product_as_it_was() -> None:
    for name in MUTANTS:
        with mutated(name):
            pass
    assert not Simulation(1, draw_weather(1, 40)).run().oracles.violations
