"""Command line: one seed with its timeline, many seeds, or every placement of faults on one job's way."""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.simulation import exhaustive, seeds
from tests.simulation.oracles import summary
from tests.simulation.weather import draw_weather
from tests.simulation.world import Simulation

REPLAY = "python -m tests.simulation --seed {seed} --jobs {jobs}"


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
    parser.add_argument("--jobs", type=int, default=100, help="messages of each seed")
    parser.add_argument("--exhaustive", type=int, metavar="FAULTS", help="place up to so many faults everywhere")
    given = parser.parse_args()
    if given.exhaustive is not None:
        return everywhere(given.exhaustive)
    if given.seed is not None:
        return replay(given.seed, given.jobs, given.task)
    return many(given.first, given.seeds, given.jobs)


def replay(seed: int, jobs: int, task: str) -> int:
    """Run one seed and tell the story of the tasks that failed, or of one task."""
    world = Simulation(seed, draw_weather(seed, jobs), tells=True).run()
    violations = world.oracles.violations
    for name in [task] if task else sorted({violation.task_id for violation in violations}):
        say(f"--- {name or 'everything'} {world.model.videos.get(name, '')}")
        say("\n".join(world.timeline.about(name)))
    say(f"seed {seed}: {len(violations)} violations, digest {seeds.digest(world)}")
    say(summary(violations))
    return bool(violations)


def many(first: int, count: int, jobs: int) -> int:
    """Run many seeds."""
    failed = 0

    def hear(report: seeds.Report) -> None:
        nonlocal failed
        if report.violations:
            failed += len(report.violations)
            say(f"seed {report.seed} fails; {REPLAY.format(seed=report.seed, jobs=jobs)}")
            say(summary(report.violations[:5]))

    done, seconds = seeds.simulate_all(range(first, first + count), jobs, hear)
    say(f"{count} seeds x {jobs} jobs: {failed} violations, {seconds:.1f} s, {done / seconds:.0f} jobs/s")
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


if __name__ == "__main__":
    sys.exit(main())
