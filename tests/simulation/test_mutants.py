"""A simulation that lets a broken product pass proves nothing: each named mutant is caught, by its own oracle."""

import pytest

from proofs.simulation.environment import Simulation
from proofs.simulation.fault_profile import draw_profile
from proofs.simulation.mutants import MUTANTS, hunt, mutated

LONG = {
    "a callback only hints",
    "a crash is no lost response",
    "a callback's links are trusted",
    "a claim without conditions",
    "a lost response starts another run",
    "a poll without a claim",
    "a processing job is submitted",
    "a request is repeated where a repeat is not safe",
    "an end without conditions",
    "ends are never announced again",
    "no token check",
    "own writes are not recognised",
    "the gate is a fixed window",
    "the first base video is every index's",
    "the paused gate has slots for all",
    "unknown words are a failure",
}
"""Those that take longest to be caught: `make prove` hunts them with all the others."""


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
