"""Command line: one seed with its timeline, many seeds, every placement of faults, or the mutants."""

import argparse
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TypeVar

from proofs.simulation import exhaustive, profiles, seeds
from proofs.simulation.environment import Simulation
from proofs.simulation.fault_profile import draw_profile
from proofs.simulation.mutants import MUTANTS, hunt
from proofs.simulation.oracles import summary
from veo4k.domain.job import ProviderApi

T = TypeVar("T")
U = TypeVar("U")


def main() -> int:
    """Run the command line. Return 1 where an invariant is broken."""
    parser = argparse.ArgumentParser(prog="python -m proofs.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay one seed and print its timeline")
    parser.add_argument("--task", default="", help="of a replay: print this task only (default: those that failed)")
    parser.add_argument("--seeds", type=int, default=1000, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=seeds.JOBS, help="messages of each seed")
    parser.add_argument("--contract", type=ProviderApi, help="the provider's API (default: as the seed draws it)")
    parser.add_argument("--exhaustive", type=int, metavar="FAULTS", help="place up to so many faults at each effect")
    parser.add_argument(
        "--mutants", action="store_true", help="print which oracle catches each mutant, and with which seed"
    )
    parser.add_argument("--profiles", type=int, metavar="SEEDS", help="run so many seeds of each unusual profile")
    arguments = parser.parse_args()
    if arguments.seed is not None:
        return replay(arguments)
    begun = time.perf_counter()
    if arguments.mutants:
        total, failed = broken()
    elif arguments.profiles is not None:
        total, failed = unusual(arguments.profiles)
    elif arguments.exhaustive is not None:
        total, failed = everywhere(arguments.exhaustive)
    else:
        total, failed = many(arguments)
    print(f"{total}, {time.perf_counter() - begun:.1f} s")
    return bool(failed)


def on_every_core(run: Callable[[T], U], inputs: Iterable[T], chunk: int = 1) -> Iterator[U]:
    with ProcessPoolExecutor() as pool:
        yield from pool.map(run, inputs, chunksize=chunk)


def replay(arguments: Namespace) -> int:
    """Run one seed and print the timeline of the tasks that failed, or of one task."""
    profile = draw_profile(arguments.seed, arguments.jobs, arguments.contract)
    simulation = Simulation(arguments.seed, profile, is_traced=True).run()
    violations = simulation.oracles.violations
    for name in [arguments.task] if arguments.task else sorted({violation.task_id for violation in violations}):
        print(f"--- {name or 'everything'} {simulation.model.videos.get(name, '')}")
        print("\n".join(simulation.timeline.about(name)))
    print(f"seed {arguments.seed}: {len(violations)} violations, digest {seeds.digest(simulation)}")
    print(summary(violations))
    return bool(violations)


def many(arguments: Namespace) -> tuple[str, int]:
    """Run many seeds."""
    failed = accepted = 0
    simulate = partial(seeds.simulate, jobs=arguments.jobs, provider_api=arguments.contract)
    for report in on_every_core(simulate, range(arguments.first, arguments.first + arguments.seeds), 4):
        failed, accepted = failed + len(report.violations), accepted + report.accepted
        if report.violations:
            print(f"seed {report.seed} fails; {seeds.replay(report.seed, arguments.jobs, arguments.contract)}")
            print(summary(report.violations[:5]), flush=True)
    jobs = f"{arguments.seeds} seeds x {arguments.jobs} jobs from seed {arguments.first}"
    return f"{jobs}: {accepted} accepted requests, {failed} violations", failed


def everywhere(faults: int) -> tuple[str, int]:
    """Place faults at each effect of one job."""
    runs = failed = 0
    for part, bad in on_every_core(exhaustive.part, exhaustive.parts(faults)):
        runs, failed = runs + part, failed + len(bad)
        for way, places, violations in bad[:5]:
            print(f"{way}: {places}\n{summary(violations)}", flush=True)
    return f"up to {faults} faults: {runs} runs, {failed} fail", failed


def unusual(count: int) -> tuple[str, int]:
    """Run many seeds of every profile."""
    failed = 0
    runs = [(name, seed) for name in profiles.PROFILES for seed in range(count)]
    for (name, seed), violations in zip(runs, on_every_core(profiles.run, runs), strict=True):
        if violations:
            failed += 1
            print(f"{name}, seed {seed}\n{summary(violations[:5])}", flush=True)
    return f"{len(profiles.PROFILES)} profiles x {count} seeds: {failed} fail", failed


def broken() -> tuple[str, int]:
    """Hunt each mutant; one that nothing catches is a failure."""
    missed = 0
    print(f"{'mutant':<56} {'invariants':<10} {'seed':>4}  seen first")
    for name, catch in zip(MUTANTS, on_every_core(hunt, MUTANTS), strict=True):
        missed += catch is None
        seed, numbers, what = catch or ("-", "-", "NOT CAUGHT")
        print(f"{name:<56} {','.join(map(str, numbers)):<10} {seed:>4}  {what}", flush=True)
    return f"{len(MUTANTS)} mutants, {missed} not caught", missed


if __name__ == "__main__":
    sys.exit(main())
