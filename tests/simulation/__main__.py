"""Command line: one seed with its timeline, many seeds, every placement of faults, or the mutants."""

import argparse
import sys
import time
from argparse import Namespace
from concurrent.futures import ProcessPoolExecutor

from tests.simulation import exhaustive, profiles, seeds
from tests.simulation.environment import Simulation
from tests.simulation.fault_profile import draw_profile
from tests.simulation.mutants import MUTANTS, Catch, hunts
from tests.simulation.oracles import summary
from veo4k.domain.job import ProviderApi


def say(text: str) -> None:
    """Put a line out, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Do what the command line says; the exit status is 1 where something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay one seed and tell what happened")
    parser.add_argument("--task", default="", help="of a replay: tell of this task only (default: those that failed)")
    parser.add_argument("--seeds", type=int, default=1000, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=seeds.JOBS, help="messages of each seed")
    parser.add_argument("--contract", type=ProviderApi, help="the provider's API (default: as the seed draws it)")
    parser.add_argument("--exhaustive", type=int, metavar="FAULTS", help="place up to so many faults everywhere")
    parser.add_argument(
        "--mutants", action="store_true", help="tell which oracle catches each broken product, and when"
    )
    parser.add_argument("--profiles", type=int, metavar="SEEDS", help="run so many seeds of each unusual profile")
    given = parser.parse_args()
    if given.mutants:
        return broken()
    if given.profiles is not None:
        return unusual(given.profiles)
    if given.exhaustive is not None:
        return everywhere(given.exhaustive)
    return many(given) if given.seed is None else replay(given)


def replay(given: Namespace) -> int:
    """Run one seed and tell the story of the tasks that failed, or of one task."""
    simulation = Simulation(given.seed, draw_profile(given.seed, given.jobs, given.contract), is_traced=True).run()
    violations = simulation.oracles.violations
    for name in [given.task] if given.task else sorted({violation.task_id for violation in violations}):
        say(f"--- {name or 'everything'} {simulation.model.videos.get(name, '')}")
        say("\n".join(simulation.timeline.about(name)))
    say(f"seed {given.seed}: {len(violations)} violations, digest {seeds.digest(simulation)}")
    say(summary(violations))
    return bool(violations)


def many(given: Namespace) -> int:
    """Run many seeds."""
    failed = accepted = 0

    def hear(report: seeds.Report) -> None:
        nonlocal failed, accepted
        failed, accepted = failed + len(report.violations), accepted + report.accepted
        if report.violations:
            say(f"seed {report.seed} fails; {seeds.replay(report.seed, given.jobs, given.contract)}")
            say(summary(report.violations[:5]))

    numbers = range(given.first, given.first + given.seeds)
    done, seconds = seeds.simulate_all(numbers, given.jobs, given.contract, hear)
    told = f"{accepted} accepted requests, {failed} violations, {seconds:.1f} s, {done / seconds:.0f} jobs/s"
    say(f"{given.seeds} seeds x {given.jobs} jobs from seed {given.first}: {told}")
    return bool(failed)


def everywhere(faults: int) -> int:
    """Place faults everywhere on one job's way."""
    begun, runs, failed = time.perf_counter(), 0, 0
    with ProcessPoolExecutor() as pool:
        for part, bad in pool.map(exhaustive.part, exhaustive.parts(faults), chunksize=1):
            runs += part
            failed += len(bad)
            for way, places, violations in bad[:5]:
                say(f"{way}: {places}\n{summary(violations)}")
    seconds = time.perf_counter() - begun
    say(f"up to {faults} faults: {runs} runs, {failed} fail, {seconds:.1f} s")
    return bool(failed)


def unusual(count: int) -> int:
    """Run many seeds of every profile."""
    begun, failed = time.perf_counter(), 0
    runs = [(name, seed) for name in profiles.PROFILES for seed in range(count)]
    with ProcessPoolExecutor() as pool:
        for (name, seed), violations in zip(runs, pool.map(profiles.run, *zip(*runs, strict=True)), strict=True):
            failed += bool(violations)
            if violations:
                say(f"{name}, seed {seed}\n{summary(violations[:5])}")
    seconds = time.perf_counter() - begun
    say(f"{len(profiles.PROFILES)} profiles x {count} seeds: {failed} fail, {seconds:.1f} s")
    return bool(failed)


def broken() -> int:
    """Hunt each mutant; one that nothing catches is a failure."""
    begun, missed = time.perf_counter(), 0
    say(f"{'mutant':<56} {'invariants':<10} {'fixed':>6} {'swarm':>6} {'profile':>8}  seen first")
    with ProcessPoolExecutor() as pool:
        for name, found in zip(MUTANTS, pool.map(hunts, MUTANTS), strict=True):
            catches = [catch for catch in found.values() if catch]
            missed += not catches
            say(_row(name, found, catches))
    say(f"{len(MUTANTS)} mutants, {missed} not caught, {time.perf_counter() - begun:.1f} s")
    return bool(missed)


def _row(name: str, found: dict[str, Catch | None], catches: list[Catch]) -> str:
    first = {profile: "-" if catch is None else str(catch.seed) for profile, catch in found.items()}
    numbers = ",".join(map(str, sorted({number for catch in catches for number in catch.invariants})))
    seen = catches[0].what if catches else "NOT CAUGHT"
    return f"{name:<56} {numbers:<10} {first['fixed']:>6} {first['swarm']:>6} {first['profile']:>8}  {seen}"


if __name__ == "__main__":
    sys.exit(main())
