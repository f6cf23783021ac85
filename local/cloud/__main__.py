"""`make local`: the whole cloud left running, until Ctrl-C. With KIE_API_KEY set it asks the real provider."""

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Mapping

from rich.console import Console

from local.cloud.build import BuildError
from local.cloud.connection_file import Coordinates, published
from local.cloud.deploy import DeployError
from local.cloud.emulator import EmulatorError
from local.cloud.environment import at_the_provider, staged
from local.cloud.function_logs import collected
from local.cloud.local_cloud import LocalCloud
from local.cloud.parameters import SPEED
from local.cloud.signals import as_interrupts
from local.cloud.sweep_schedule import sweeping
from local.demo.cases import CONTRACTS, VEO
from local.kie import Settings
from local.paths import LOGS, ROOT

LOG = LOGS / "local.log"
SETTINGS = Settings(speed=SPEED, media_folder=ROOT / ".local/media", log_file=LOG)
PROVIDER = "https://api.kie.ai"
SWEEP_SECONDS = 3.0
PROVIDER_SWEEP_SECONDS = 30.0  # a sweep asks for the balance, and the provider for patience

PRICE = """KIE_API_KEY is set: every video you submit is asked of the real provider and costs about 120 credits ($0.60).
It cannot call this machine back, so it is polled: a minute after the request, then less and less often.
"""
SIMULATED = """The provider is simulated, a minute takes a second, and a task's id says what happens to it:
veo_task_on_time_1, veo_task_lost_1, veo_task_base_video_1 ... as listed in local/kie/scenarios.py
"""
HOW_TO = """
Job queue             {queue}
Callback API          {api}

Ask for a video       make submit TASK_ID={task}
  or as on AWS        AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 \\
                      aws sqs send-message --endpoint-url {endpoint} \\
                      --queue-url {queue} \\
                      --message-body '{{"taskId": "{task}", "index": 0}}'
See the jobs          make jobs
End it all            Ctrl-C
"""


def main() -> int:
    """Run until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m local.cloud", description=__doc__)
    parser.add_argument("--contract", choices=CONTRACTS, default=VEO, help="the provider's contract, veo by default")
    contract: str = parser.parse_args().contract
    console = Console(highlight=False, soft_wrap=True)
    key = os.environ.pop("KIE_API_KEY", "").strip()
    try:
        with as_interrupts():
            if key and not _agreed(console):
                return 1
            _run(console, key, contract)
    except (BuildError, EmulatorError, DeployError) as error:
        console.print(f"The local cloud did not start: {error}", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print(f"\nEnded; nothing is left running. Log: {LOG.relative_to(ROOT)}")
    return 0


def _agreed(console: Console) -> bool:
    """Say what it costs, before anything can cost anything, and have it confirmed."""
    console.print(PRICE)
    if os.environ.get("YES") == "1":
        return True
    if sys.stdin.isatty():
        return console.input("Go on? [y/N] ", markup=False).strip().lower() in {"y", "yes"}
    console.print("Nobody can be asked here: confirm with YES=1, or unset KIE_API_KEY for the simulator.")
    return False


def _run(console: Console, key: str, contract: str) -> None:
    LOG.unlink(missing_ok=True)
    with contextlib.ExitStack() as stage:
        with console.status("Building and deploying the stack"):
            cloud, provider = _started(stage, key, {"ProviderContract": contract})
        stage.enter_context(collected(cloud, LOG))
        stage.enter_context(published(Coordinates(cloud.endpoint, cloud.outputs, provider)))
        sweeps = stage.enter_context(sweeping(cloud, PROVIDER_SWEEP_SECONDS if key else SWEEP_SECONDS))
        _tell(console, cloud, simulated=not key)
        _wait(console, sweeps.failures)


def _started(stage: contextlib.ExitStack, key: str, parameters: Mapping[str, str]) -> tuple[LocalCloud, str]:
    if key:
        return stage.enter_context(at_the_provider(key, parameters)), PROVIDER
    simulator, cloud = stage.enter_context(staged(SETTINGS, parameters))
    return cloud, f"the simulator {simulator.base_url}"


def _tell(console: Console, cloud: LocalCloud, *, simulated: bool) -> None:
    if simulated:
        console.print(SIMULATED)
    task = "veo_task_on_time_1" if simulated else "..."
    places = {"queue": cloud.outputs["JobQueueUrl"], "api": _api(cloud), "endpoint": cloud.endpoint}
    console.print(HOW_TO.strip("\n").format(task=task, **places), markup=False)


def _api(cloud: LocalCloud) -> str:
    if cloud.callback_base_url == "none":
        return "none: nobody out there can reach this machine"
    return cloud.callback_base_url + "/callbacks/{taskId}/{index}/{run}/{token}"


def _wait(console: Console, failures: list[str]) -> None:
    told: set[str] = set()
    while True:
        for failure in dict.fromkeys(failures):
            if failure not in told:
                console.print(f"A sweep failed: {failure}", markup=False)
        told.update(failures)
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
