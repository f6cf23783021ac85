"""`make demo`: a job's whole life on this machine, for every behaviour of the provider. Checks each job's end."""

import argparse
import contextlib
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import requests
from rich.console import Console
from rich.live import Live

from local.cloud.build import BuildError
from local.cloud.console import console_beside
from local.cloud.deploy import DeployError
from local.cloud.emulator import PYTHON, EmulatorError
from local.cloud.environment import Environment, environment
from local.cloud.jobs_client import ask, in_use
from local.cloud.parameters import JOBS_API, SPEED
from local.cloud.rows import has_ended
from local.cloud.signals import INTERRUPTED, signals_as_interrupts
from local.cloud.table_watcher import TableWatcher
from local.cloud.theme import THEME
from local.demo.cases import CANCEL, HOOK, Case, cases_under
from local.demo.checks import account_problems, problems
from local.demo.evidence import gather, is_of
from local.demo.live_table import change_line, key_of, live_table
from local.demo.report import Outcome, Result, report, succeeded
from local.kie import PROVIDER_APIS, VEO, Settings
from local.paths import LOGS, ROOT
from veo4k.domain.callback_auth import make_generated_token
from veo4k.domain.generation import generated_path

LOG = LOGS / "demo.log"
GENERATION_MINUTES = (5.0, 7.0)  # well before the first poll, on a slow machine too
TIMES = {
    "FirstProbeSeconds": "16",  # a slow machine needs seconds to start the functions for callbacks
    "HardDeadlineSeconds": "24",  # for three days: callbacks come before it, retried ones too
}
SETTINGS = Settings(speed=SPEED, generation_minutes=GENERATION_MINUTES, log_file=LOG)
OWN_REQUESTS = str(SETTINGS.window_count - 1)  # of those that the provider allows in a window; a generation is another
TIMEOUT_SECONDS = 120.0
UPDATE_SECONDS = 0.5
SWEEP_SECONDS = 1.5
LAMBDA_PYTHON = "3.13"


class Demo(NamedTuple):
    """The running environment, the watcher of its table, and the jobs."""

    environment: Environment
    watcher: TableWatcher
    cases: Sequence[Case]


def main() -> int:
    """Run the demo. Return 0 only if every job ended as its scenario demands."""
    parser = argparse.ArgumentParser(prog="python -m local.demo", description=__doc__)
    parser.add_argument("--contract", choices=PROVIDER_APIS, default=VEO, help="the provider's API, veo by default")
    provider_api: str = parser.parse_args().contract
    console = Console(theme=THEME, highlight=False)
    try:
        with signals_as_interrupts():
            return 0 if succeeded(run(console, provider_api)) else 1
    except (BuildError, EmulatorError, DeployError) as error:
        console.print(f"The local cloud did not start: {error}", style="bad", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print(f"Interrupted. Nothing is left running. Log: {LOG.relative_to(ROOT)}")
        return INTERRUPTED


def run(console: Console, provider_api: str) -> Outcome:
    """Start the environment, submit the jobs, watch them to their ends, and print the report."""
    started, cases = time.monotonic(), cases_under(provider_api)
    LOG.unlink(missing_ok=True)
    console.print(
        f"{len(cases)} jobs under the provider's API {provider_api}, all on this machine. A minute is a second."
    )
    with contextlib.ExitStack() as stack:
        with console.status("Building and deploying the stack"):
            parameters = TIMES | JOBS_API | {"ProviderContract": provider_api, "RequestsPerWindow": OWN_REQUESTS}
            start = environment(SETTINGS, parameters, sweep_seconds=SWEEP_SECONDS, log=LOG)
            running = stack.enter_context(start)
            link = stack.enter_context(console_beside(running.cloud))
        demo = Demo(running, TableWatcher(running.cloud, key_of), _generated(running, cases))
        console.print(_places(running, time.monotonic() - started), style="aside")
        if link:
            console.print(f"Watch the jobs in a browser while they run: {link}\n", soft_wrap=True)
        _submit(demo)
        _follow(console, demo)
        with console.status("Collecting the evidence"):
            outcome = _outcome(demo, time.monotonic() - started)
        console.print(report(outcome), f"Log: {LOG.relative_to(ROOT)}", sep="\n")
        with console.status("Stopping"):
            stack.close()
    return outcome


def _places(running: Environment, seconds: float) -> str:
    code = "import platform; print(platform.python_version())"
    python = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    aside = "as on AWS" if python.startswith(f"{LAMBDA_PYTHON}.") else f"{LAMBDA_PYTHON} on AWS"
    places = f"simulator {running.simulator.base_url}, cloud {running.cloud.endpoint} ({seconds:.0f} s)"
    return f"{places}\nThe functions run on Python {python} ({aside}), with their IAM roles enforced.\n"


def _generated(running: Environment, cases: Sequence[Case]) -> Sequence[Case]:
    """Let the provider generate the videos that come back in 4K by themselves. Return the cases with their task."""
    hooked = {case.scenario for case in cases if case.by == HOOK}
    tasks = {scenario: _generate(running, scenario) for scenario in hooked}
    return [replace(case, task=tasks[case.scenario]) if case.by == HOOK else case for case in cases]


def _generate(running: Environment, scenario: str) -> str:
    """Give the provider the hook's URL with a generation. Return the id of its task."""
    key = in_use(running.cloud.secret("TokenKeySecretName")).encode()
    url = running.cloud.outputs["CallbackBaseUrl"] + generated_path(make_generated_token(key), {"scenario": scenario})
    made = requests.post(
        f"{running.simulator.base_url}/api/v1/veo/generate",
        headers={"Authorization": f"Bearer {running.simulator.settings.api_key}", "User-Agent": "veo4k-demo"},
        json={"prompt": f"[{scenario}] a lighthouse at dawn", "model": "veo3_fast", "callBackUrl": url},
        timeout=10,
    )
    return str(made.json()["data"]["taskId"])


def _submit(demo: Demo) -> None:
    asked = [case for case in demo.cases if case.by != HOOK]
    for case in asked:
        demo.environment.simulator.register(case.task_id, case.scenario, **case.changes)
    by_http, *by_queue = (
        {"taskId": case.task_id, "index": case.index, "tags": {"scenario": case.scenario}} for case in asked
    )
    demo.environment.cloud.send(*by_queue)
    ask(demo.environment.cloud, "POST", "/jobs", by_http).raise_for_status()


def _cancel(demo: Demo) -> None:
    """Cancel what is to be cancelled, once it waits."""
    for case in demo.cases:
        row = demo.watcher.rows.get(case.key)
        if case.by == CANCEL and row is not None and row["state"] == "QUEUED":
            ask(demo.environment.cloud, "DELETE", f"/jobs/{case.task_id}/{row['run']}")


def _follow(console: Console, demo: Demo) -> None:
    """Show the jobs until all are over or the time is up."""
    started = time.time()
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while not _is_over(demo) and time.time() < started + TIMEOUT_SECONDS:
            for change in demo.watcher.update():
                if not console.is_terminal:
                    console.print(change_line(demo.cases, change, time.time() - started), soft_wrap=True)
            _cancel(demo)
            live.update(live_table(demo.cases, demo.watcher.rows, time.time()), refresh=console.is_terminal)
            time.sleep(UPDATE_SECONDS)
    demo.watcher.update()


def _is_over(demo: Demo) -> bool:
    """Return whether every job has ended and is announced, and every callback was sent, late ones too."""
    rows, callbacks = demo.watcher.rows, demo.environment.simulator.stats()["callbacks"]
    announced = {key_of(event["detail"]) for event in demo.environment.events.received()}
    return all(
        case.key in rows
        and has_ended(rows[case.key])
        and case.key in announced
        and sum(is_of(case, attempt) for attempt in callbacks) >= len(case.callback_statuses)
        for case in demo.cases
    )


def _outcome(demo: Demo, seconds: float) -> Outcome:
    evidence = gather(demo.environment, demo.watcher, demo.cases)
    results = [Result(case, found, problems(case, found)) for case, found in zip(demo.cases, evidence, strict=True)]
    stats = demo.environment.simulator.stats()
    sweeps = [f"a sweep failed: {failure}" for failure in dict.fromkeys(demo.environment.sweeps.failures)]
    return Outcome(results, account_problems(stats, SETTINGS.window_count) + sweeps, stats, SETTINGS.price, seconds)


if __name__ == "__main__":
    sys.exit(main())
