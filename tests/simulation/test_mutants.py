"""A simulation that lets a broken product pass proves nothing: each named mutant is caught, by its own oracle."""

import pytest

from proofs.simulation.environment import Simulation
from proofs.simulation.fault_profile import draw_profile
from proofs.simulation.mutants import ENOUGH, MUTANTS, drawn, hunt, mutated
from proofs.simulation.profiles import PROFILES

LONG = {
    "a callback only hints",
    "a poll without a claim",
    "an end without conditions",
    "ends are never announced again",
    "own writes are not recognised",
    "a processing job is submitted",
}
"""Those that take longest to be caught: `make prove` hunts them with all the others."""


@pytest.mark.parametrize("name", sorted(MUTANTS.keys() - LONG))
def test_the_simulation_catches(name: str) -> None:
    shows_in = MUTANTS[name].shows_in
    assert hunt(name, (lambda _: PROFILES[shows_in]) if shows_in else drawn, range(ENOUGH))


def test_the_long_hunts_are_for_mutants_that_there_are() -> None:
    assert MUTANTS.keys() > LONG


def test_a_mutant_leaves_the_product_as_it_was() -> None:
    for name in MUTANTS:
        with mutated(name):
            pass
    assert not Simulation(1, draw_profile(1, 40)).run().oracles.violations
