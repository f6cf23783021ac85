"""A simulation that lets a broken product pass proves nothing: each named mutant is caught, by its own oracle."""

import pytest

from proofs.simulation.environment import Simulation
from proofs.simulation.fault_profile import draw_profile
from proofs.simulation.mutants import MUTANTS, hunt, mutated

LONG = {
    "a former path that is gone is asked every minute",
    "a kept link never goes on",
    "a refused token is sent every minute",
    "a refused token is sent for ever",
    "a result of a look is looked up for ever",
}
"""Those of which one seed already takes long, because they never end: `make prove` hunts them with all the others."""


@pytest.mark.parametrize("name", sorted(MUTANTS.keys() - LONG))
def test_the_simulation_catches(name: str) -> None:
    assert hunt(name)


def test_the_long_hunts_are_for_mutants_that_there_are() -> None:
    assert MUTANTS.keys() > LONG


def test_a_mutant_leaves_the_product_as_it_was() -> None:
    for name in MUTANTS:
        with mutated(name):
            pass
    assert not Simulation(1, draw_profile(1, 40)).run().oracles.violations
