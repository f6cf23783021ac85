"""`make local`: the local cloud, running until Ctrl-C. With KIE_API_KEY set, it calls the real provider."""

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping

from rich.console import Console

from local.cloud.build import BuildError
from local.cloud.connection_file import SIMULATOR, Connection, published
from local.cloud.console import console_beside
from local.cloud.deploy import DeployError
from local.cloud.emulator import EmulatorError
from local.cloud.environment import environment
from local.cloud.function_logs import logs_written
from local.cloud.local_cloud import LocalCloud
from local.cloud.parameters import AT_THE_PROVIDER, JOBS_API, SPEED
from local.cloud.signals import signals_as_interrupts
from local.cloud.sweep_schedule import Sweeps, sweeping
from local.kie import PROVIDER_APIS, VEO, Settings
from local.paths import LOGS, ROOT
from veo4k_cli.local_cloud import running_local_cloud

LOG = LOGS / "local.log"
SETTINGS = Settings(speed=SPEED, log_file=LOG)
PROVIDER = "https://api.kie.ai"
SWEEP_SECONDS = 3.0
PROVIDER_SWEEP_SECONDS = 30.0  # each sweep requests the balance

PRICE = """KIE_API_KEY is set: every job you submit goes to the real provider and costs about 120 credits ($0.60).
The provider cannot call this machine back, so jobs are polled: a minute after the request, then less and less often.
"""
SIMULATED = """The provider is simulated and a minute takes a second. A task's id selects its scenario:
veo_task_on_time_1, veo_task_lost_1, veo_task_base_video_1 ... as listed in local/kie/scenarios.py
"""
HOW_TO = """
Console               {console}
                      (this link works once, within ten minutes; veo4k console prints a new one)
Job queue             {queue}
Callback API          {api}
Jobs by HTTP          {http}/jobs; URL and token as variables:
                      eval "$(.venvs/dev/bin/python -m local.cloud.variables)"

Submit a job          make submit TASK_ID={task}
  or as on AWS        AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 \\
                      aws sqs send-message --endpoint-url {endpoint} \\
                      --queue-url {queue} \\
                      --message-body '{{"taskId": "{task}", "index": 0}}'
See the jobs          make jobs
Stop                  Ctrl-C
"""


def main() -> int:
    """Run until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m local.cloud", description=__doc__)
    parser.add_argument("--contract", choices=PROVIDER_APIS, default=VEO, help="the provider's API, veo by default")
    contract: str = parser.parse_args().contract
    console = Console(highlight=False, soft_wrap=True)
    key = os.environ.pop("KIE_API_KEY", "").strip()
    try:
        with signals_as_interrupts():
            if running_local_cloud(ROOT):
                console.print("A local cloud runs in this folder already. Stop it first: Ctrl-C in its terminal.")
                return 1
            if key and not _price_is_accepted(console):
                return 1
            _run(console, key, JOBS_API | {"ProviderContract": contract})
    except (BuildError, EmulatorError, DeployError) as error:
        console.print(f"The local cloud did not start: {error}", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print(f"\nStopped. Nothing is left running. Log: {LOG.relative_to(ROOT)}")
    return 0


def _price_is_accepted(console: Console) -> bool:
    """Print what a job costs, before a job can cost anything. Return whether the user goes on."""
    console.print(PRICE)
    if os.environ.get("YES") == "1":
        return True
    if sys.stdin.isatty():
        return console.input("Continue? [y/N] ", markup=False).strip().lower() in {"y", "yes"}
    console.print("There is no terminal for your answer: confirm with YES=1, or unset KIE_API_KEY for the simulator.")
    return False


def _run(console: Console, key: str, parameters: Mapping[str, str]) -> None:
    LOG.unlink(missing_ok=True)
    with contextlib.ExitStack() as running:
        with console.status("Building and deploying the stack"):
            start = _at_the_provider(key, parameters) if key else _beside_the_simulator(parameters)
            cloud, sweeps, provider = running.enter_context(start)
        running.enter_context(published(Connection(cloud.endpoint, cloud.outputs, provider, cloud.stack)))
        link = running.enter_context(console_beside(cloud))
        _print_how_to(console, cloud, link, simulated=not key)
        _print_failures(console, sweeps)


@contextlib.contextmanager
def _beside_the_simulator(parameters: Mapping[str, str]) -> Iterator[tuple[LocalCloud, Sweeps, str]]:
    with environment(SETTINGS, parameters, sweep_seconds=SWEEP_SECONDS, log=LOG) as running:
        yield running.cloud, running.sweeps, f"{SIMULATOR}{running.simulator.base_url}"


@contextlib.contextmanager
def _at_the_provider(key: str, parameters: Mapping[str, str]) -> Iterator[tuple[LocalCloud, Sweeps, str]]:
    """Run a stack that calls the real provider. Only the stack's secret holds the API key."""
    with LocalCloud(AT_THE_PROVIDER | dict(parameters)) as cloud, logs_written(cloud, LOG):
        cloud.set_secret("ApiKeySecretName", key)
        with sweeping(cloud, PROVIDER_SWEEP_SECONDS) as sweeps:
            yield cloud, sweeps, PROVIDER


def _print_how_to(console: Console, cloud: LocalCloud, link: str, *, simulated: bool) -> None:
    if simulated:
        console.print(SIMULATED)
    task = "veo_task_on_time_1" if simulated else "..."
    places = {"queue": cloud.outputs["JobQueueUrl"], "api": _callback_api(cloud), "endpoint": cloud.endpoint}
    places["http"] = cloud.outputs["JobsApiUrl"]
    places |= {"console": link or "did not start: veo4k console says why"}
    console.print(HOW_TO.strip("\n").format(task=task, **places), markup=False)


def _callback_api(cloud: LocalCloud) -> str:
    if cloud.callback_base_url == "none":
        return "none: the provider cannot reach this machine"
    return cloud.callback_base_url + "/callbacks/{taskId}/{index}/{run}/{token}"


def _print_failures(console: Console, sweeps: Sweeps) -> None:
    """Print each failure of a sweep once, until interrupted."""
    printed: set[str] = set()
    while True:
        for failure in dict.fromkeys(sweeps.failures):
            if failure not in printed:
                console.print(f"A sweep failed: {failure}", markup=False)
        printed.update(sweeps.failures)
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
