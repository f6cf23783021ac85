"""One job, one fault: every fault at every effect. `python -m proofs.simulation --exhaustive 2` places two."""

import pytest

from proofs.simulation import exhaustive
from proofs.simulation.oracles import summary


@pytest.mark.parametrize("way", exhaustive.WAYS)
def test_a_job_ends_right_without_faults(way: str) -> None:
    violations, passed, _ = exhaustive.run(exhaustive.WAYS[way], ())
    assert not violations
    assert len(passed) > 20


def test_a_job_ends_right_whatever_single_fault_meets_it_anywhere() -> None:
    outcomes = [exhaustive.part(part) for part in exhaustive.parts(1)]
    failed = [f"{way} {places}\n{summary(bad)}" for _, failures in outcomes for way, places, bad in failures]
    assert sum(runs for runs, _ in outcomes) > 300
    assert not failed
