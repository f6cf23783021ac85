"""A few of the cases that `python -m proofs.simulation.stateful 5000 100` runs."""

import pytest

from proofs.simulation.mutants import mutated
from proofs.simulation.stateful import run_cases

CASES, STEPS = 100, 50


def test_every_invariant_passes_and_every_job_ends_in_any_order_of_steps() -> None:
    run_cases(CASES, STEPS)


def test_the_cases_catch_a_broken_product() -> None:
    with mutated("a lost response starts another run"), pytest.raises(AssertionError, match="invariant"):
        run_cases(CASES, STEPS, shortens=False)
