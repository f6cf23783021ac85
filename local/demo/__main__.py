"""`make demo`: a job's whole life on this machine, in every way the provider can behave, and a verdict on each."""

import argparse
import contextlib
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.live import Live

from local.cloud.build import BuildError
from local.cloud.deploy import DeployError
from local.cloud.emulator import PYTHON, EmulatorError
from local.cloud.environment import staged
from local.cloud.event_listener import Announcements
from local.cloud.function_logs import collected
from local.cloud.messages import send
from local.cloud.parameters import SPEED
from local.cloud.rows import has_ended
from local.cloud.signals import INTERRUPTED, as_interrupts
from local.cloud.sweep_schedule import sweeping
from local.cloud.table_watcher import Watch
from local.demo.cases import CONTRACTS, VEO, cases_under
from local.demo.checks import account_faults, faults
from local.demo.evidence import Scene, gather
from local.demo.live_table import THEME, board, told
from local.demo.report import Outcome, draw, report, succeeded
from local.kie import Settings
from local.paths import LOGS, ROOT

LOG = LOGS / "demo.log"
GENERATION_MINUTES = (5.0, 7.0)  # well before the first probe, on a slow machine too
MEDIA = ROOT / ".local/media"
TIMES = {
    "FirstProbeSeconds": "16",  # a slow machine takes its time to start the functions that callbacks need
    "HardDeadlineSeconds": "24",  # for three days: a callback has come by then, a retried one too
}
SETTINGS = Settings(speed=SPEED, generation_minutes=GENERATION_MINUTES, media_folder=MEDIA, log_file=LOG)
PATIENCE = 120.0  # seconds after which jobs that have not ended are given up
LOOK_SECONDS = 0.5
SWEEP_SECONDS = 1.5
LAMBDA_PYTHON = "3.13"


def main() -> int:
    """Run the demo; 0 only if every job became what its scenario demands."""
    parser = argparse.ArgumentParser(prog="python -m local.demo", description=__doc__)
    parser.add_argument("--svg", type=Path, help="also draw the report as a picture")
    parser.add_argument("--contract", choices=CONTRACTS, default=VEO, help="the provider's contract, veo by default")
    given = parser.parse_args()
    console = Console(theme=THEME, highlight=False)
    try:
        with as_interrupts():
            outcome = _play(console, given.contract)
    except (BuildError, EmulatorError, DeployError) as error:
        console.print(f"The local cloud did not start: {error}", style="bad", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print(f"Interrupted; nothing is left running. Log: {LOG.relative_to(ROOT)}")
        return INTERRUPTED
    if given.svg:
        draw(report(outcome), given.svg)
    return 0 if succeeded(outcome) else 1


def _play(console: Console, contract: str) -> Outcome:
    """Set everything up, send the jobs, watch them to their ends, and tell what became of them."""
    started = time.monotonic()
    LOG.unlink(missing_ok=True)
    with contextlib.ExitStack() as stage:
        scene = _set_up(console, stage, contract)
        console.print(_where(scene, time.monotonic() - started), style="aside")
        sweeps = stage.enter_context(sweeping(scene.cloud, SWEEP_SECONDS))
        _send(scene)
        _follow(console, scene)
        with console.status("Looking up what became of them"):
            outcome = _outcome(scene, sweeps.failures, time.monotonic() - started)
        console.print(report(outcome), f"Log: {LOG.relative_to(ROOT)}", sep="\n")
        with console.status("Clearing up"):
            stage.close()
    return outcome


def _set_up(console: Console, stage: contextlib.ExitStack, contract: str) -> Scene:
    cases = cases_under(contract)
    console.print(f"{len(cases)} videos on their way to 4K (contract {contract}), all here; a minute is a second.")
    with console.status("Building and deploying the stack"):
        simulator, cloud = stage.enter_context(staged(SETTINGS, TIMES | {"ProviderContract": contract}))
    stage.enter_context(collected(cloud, LOG))
    return Scene(cases, cloud, simulator, Announcements(cloud), Watch(cloud))


def _where(scene: Scene, seconds: float) -> str:
    asked = "import platform; print(platform.python_version())"
    python = subprocess.run([PYTHON, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()
    aside = "as on AWS" if python.startswith(f"{LAMBDA_PYTHON}.") else f"{LAMBDA_PYTHON} on AWS"
    places = f"simulator {scene.simulator.base_url}, cloud {scene.cloud.endpoint} ({seconds:.0f} s)"
    return f"{places}\nThe handlers run on Python {python} ({aside}), with their IAM roles enforced.\n"


def _send(scene: Scene) -> None:
    for case in scene.cases:
        scene.simulator.register(case.task_id, case.scenario, **case.changes)
    messages = [{"taskId": case.task_id, "tags": {"scenario": case.scenario}} for case in scene.cases]
    send(scene.cloud.client("sqs"), scene.cloud.outputs["JobQueueUrl"], messages)


def _follow(console: Console, scene: Scene) -> None:
    """Show the jobs until all has happened that the cases wait for, or until patience ends."""
    started = time.time()
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while not _is_over(scene) and time.time() < started + PATIENCE:
            for change in scene.watch.look():
                if not console.is_terminal:
                    console.print(told(scene.cases, change, time.time() - started), soft_wrap=True)
            live.update(board(scene.cases, scene.watch.rows, time.time()), refresh=console.is_terminal)
            time.sleep(LOOK_SECONDS)
    scene.watch.look()


def _outcome(scene: Scene, failures: Sequence[str], seconds: float) -> Outcome:
    found = [(case, facts, faults(case, facts)) for case, facts in zip(scene.cases, gather(scene), strict=True)]
    stats = scene.simulator.stats()
    swept = [f"a sweep failed: {failure}" for failure in dict.fromkeys(failures)]
    return Outcome(found, account_faults(stats, SETTINGS.window_count) + swept, stats, SETTINGS.price, seconds)


def _is_over(scene: Scene) -> bool:
    """Tell whether every job has ended and been announced, and every callback was sent, the late ones too."""
    rows, stats = scene.watch.rows, scene.simulator.stats()
    announced = {event["detail"]["taskId"] for event in scene.announcements.received()}
    return all(
        case.task_id in rows
        and has_ended(rows[case.task_id])
        and case.task_id in announced
        and sum(row["taskId"] == case.task_id for row in stats["callbacks"]) >= len(case.answers)
        for case in scene.cases
    )


if __name__ == "__main__":
    sys.exit(main())
