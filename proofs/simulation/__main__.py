"""Command line: one seed with its timeline, many seeds, every placement of faults, or the mutants."""

import argparse
import sys
import time
from argparse import Namespace
from concurrent.futures import ProcessPoolExecutor

from proofs.simulation import exhaustive, profiles, seeds
from proofs.simulation.environment import Simulation
from proofs.simulation.fault_profile import draw_profile
from proofs.simulation.mutants import MUTANTS, hunt
from proofs.simulation.oracles import summary
from veo4k.domain.job import ProviderApi


def print_line(text: str) -> None:
    """Print a line, and flush it."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


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
    if arguments.mutants:
        return broken()
    if arguments.profiles is not None:
        return unusual(arguments.profiles)
    if arguments.exhaustive is not None:
        return everywhere(arguments.exhaustive)
    return many(arguments) if arguments.seed is None else replay(arguments)


def replay(arguments: Namespace) -> int:
    """Run one seed and print the timeline of the tasks that failed, or of one task."""
    simulation = Simulation(
        arguments.seed, draw_profile(arguments.seed, arguments.jobs, arguments.contract), is_traced=True
    ).run()
    violations = simulation.oracles.violations
    for name in [arguments.task] if arguments.task else sorted({violation.task_id for violation in violations}):
        print_line(f"--- {name or 'everything'} {simulation.model.videos.get(name, '')}")
        print_line("\n".join(simulation.timeline.about(name)))
    print_line(f"seed {arguments.seed}: {len(violations)} violations, digest {seeds.digest(simulation)}")
    print_line(summary(violations))
    return bool(violations)


def many(arguments: Namespace) -> int:
    """Run many seeds."""
    failed = accepted = 0

    def print_report(report: seeds.Report) -> None:
        nonlocal failed, accepted
        failed, accepted = failed + len(report.violations), accepted + report.accepted
        if report.violations:
            print_line(f"seed {report.seed} fails; {seeds.replay(report.seed, arguments.jobs, arguments.contract)}")
            print_line(summary(report.violations[:5]))

    numbers = range(arguments.first, arguments.first + arguments.seeds)
    done, seconds = seeds.simulate_all(numbers, arguments.jobs, arguments.contract, print_report)
    totals = f"{accepted} accepted requests, {failed} violations, {seconds:.1f} s, {done / seconds:.0f} jobs/s"
    print_line(f"{arguments.seeds} seeds x {arguments.jobs} jobs from seed {arguments.first}: {totals}")
    return bool(failed)


def everywhere(faults: int) -> int:
    """Place faults at each effect of one job."""
    begun, runs, failed = time.perf_counter(), 0, 0
    with ProcessPoolExecutor() as pool:
        for part, bad in pool.map(exhaustive.part, exhaustive.parts(faults), chunksize=1):
            runs += part
            failed += len(bad)
            for way, places, violations in bad[:5]:
                print_line(f"{way}: {places}\n{summary(violations)}")
    seconds = time.perf_counter() - begun
    print_line(f"up to {faults} faults: {runs} runs, {failed} fail, {seconds:.1f} s")
    return bool(failed)


def unusual(count: int) -> int:
    """Run many seeds of every profile."""
    begun, failed = time.perf_counter(), 0
    runs = [(name, seed) for name in profiles.PROFILES for seed in range(count)]
    with ProcessPoolExecutor() as pool:
        for (name, seed), violations in zip(runs, pool.map(profiles.run, *zip(*runs, strict=True)), strict=True):
            failed += bool(violations)
            if violations:
                print_line(f"{name}, seed {seed}\n{summary(violations[:5])}")
    seconds = time.perf_counter() - begun
    print_line(f"{len(profiles.PROFILES)} profiles x {count} seeds: {failed} fail, {seconds:.1f} s")
    return bool(failed)


def broken() -> int:
    """Hunt each mutant; one that nothing catches is a failure."""
    begun, missed = time.perf_counter(), 0
    print_line(f"{'mutant':<56} {'invariants':<10} {'seed':>4}  seen first")
    with ProcessPoolExecutor() as pool:
        for name, catch in zip(MUTANTS, pool.map(hunt, MUTANTS), strict=True):
            missed += catch is None
            numbers = ",".join(map(str, catch.invariants)) if catch else "-"
            print_line(
                f"{name:<56} {numbers:<10} {catch.seed if catch else '-':>4}  {catch.what if catch else 'NOT CAUGHT'}"
            )
    print_line(f"{len(MUTANTS)} mutants, {missed} not caught, {time.perf_counter() - begun:.1f} s")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
