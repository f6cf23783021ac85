"""The first thirty seeds; `make simulate` runs as many as you like."""

import os
import subprocess
import sys

import pytest

from proofs.simulation.oracles import summary
from proofs.simulation.seeds import replay, simulate
from veo4k.domain.job import ProviderApi

BLOCK = 10


@pytest.mark.parametrize("first", range(0, 30, BLOCK))
def test_nothing_is_lost_and_nothing_is_paid_twice(first: int) -> None:
    for seed in range(first, first + BLOCK):
        report = simulate(seed)
        assert not report.violations, f"{replay(seed)}\n{summary(report.violations)}"


def test_a_seed_replays_bit_for_bit() -> None:
    code = "from proofs.simulation.seeds import simulate; print(simulate(3, 40).digest)"
    runs = [
        subprocess.run(  # noqa: S603 - our own interpreter, in which sets are ordered otherwise
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": order}, capture_output=True, check=True
        )
        for order in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout
    assert runs[0].stdout.decode().strip() == simulate(3, 40).digest


def test_a_seed_is_replayed_by_a_target_of_the_makefile() -> None:
    assert replay(7) == "make simulate SEED=7"
    assert replay(7, 40, ProviderApi.JOBS) == "make simulate SEED=7 JOBS=40 CONTRACT=jobs"
    command = ["make", "--dry-run", *replay(7, 40, ProviderApi.JOBS).split()[1:]]
    shown = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - our own Makefile
    words = " ".join(shown.stdout.decode().replace("\\\n", " ").split())
    assert "proofs.simulation --seed 7 --jobs 40 --contract jobs" in words
