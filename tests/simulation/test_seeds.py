"""The first hundred seeds; `python -m tests.simulation` runs as many as you like."""

import os
import subprocess
import sys

import pytest

from tests.simulation.oracles import summary
from tests.simulation.seeds import simulate

BLOCK = 10


@pytest.mark.parametrize("first", range(0, 100, BLOCK))
def test_nothing_is_lost_and_nothing_is_paid_twice(first: int) -> None:
    for seed in range(first, first + BLOCK):
        report = simulate(seed, 100)
        assert not report.violations, f"python -m tests.simulation --seed {seed}\n{summary(report.violations)}"


def test_a_seed_replays_bit_for_bit() -> None:
    code = "from tests.simulation.seeds import simulate; print(simulate(3, 40).digest)"
    runs = [
        subprocess.run(  # noqa: S603 - our own interpreter, in which sets are ordered otherwise
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": order}, capture_output=True, check=True
        )
        for order in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout
    assert runs[0].stdout.decode().strip() == simulate(3, 40).digest
