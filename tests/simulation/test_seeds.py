"""The first sixteen seeds, which draw every kind of setting; `make simulate` runs as many as you like."""

import os
import subprocess
import sys

import pytest

from proofs.simulation.oracles import summary
from proofs.simulation.seeds import replay, simulate
from veo4k.domain.job import ProviderApi

JOBS = 60


@pytest.mark.parametrize("seed", range(16))
def test_nothing_is_lost_and_nothing_is_paid_twice(seed: int) -> None:
    violations = simulate(seed, JOBS).violations
    assert not violations, f"{replay(seed, JOBS)}\n{summary(violations)}"


def test_a_seed_replays_bit_for_bit() -> None:
    code = "from proofs.simulation.seeds import simulate; print(simulate(3, 20).digest)"
    environment = os.environ | {"PYTHONHASHSEED": "1"}  # here it is random: sets are ordered otherwise
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)  # noqa: S603 - our own
    assert run.stdout.decode().strip() == simulate(3, 20).digest


def test_a_seed_is_replayed_by_a_target_of_the_makefile() -> None:
    command = replay(7, 40, ProviderApi.JOBS)
    assert (replay(7), command) == ("make simulate SEED=7", "make simulate SEED=7 JOBS=40 CONTRACT=jobs")
    planned = ["make", "--dry-run", "PYTHON=python3", *command.split()[1:]]
    shown = subprocess.run(planned, capture_output=True, check=True)  # noqa: S603 - our own Makefile
    words = " ".join(shown.stdout.decode().replace("\\\n", " ").split())
    assert "proofs.simulation --seed 7 --jobs 40 --contract jobs" in words
