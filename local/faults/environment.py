"""An environment whose functions reach AWS and the provider through the fault proxy."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from local.cloud.environment import Environment, observed, set_keys
from local.cloud.function_logs import logs_written
from local.cloud.local_cloud import LocalCloud
from local.cloud.parameters import parameters_beside
from local.cloud.sweep_schedule import delete_schedule
from local.faults.fault_proxy import FaultProxy, fault_proxy
from local.kie import Settings
from local.kie.simulator_process import SimulatorProcess

SWEEP_SECONDS = 1.0
VISIBILITY_SECONDS = "20"  # after which SQS delivers a message again whose function was killed
MEMORY, FREE_BYTES = Path("/dev/shm"), 4 << 30  # noqa: S108  it gets a folder of its own there


@contextmanager
def faulty_environment(
    settings: Settings, parameters: Mapping[str, str], sweeps_at_once: int, log: Path
) -> Iterator[tuple[Environment, FaultProxy]]:
    """Run a simulator, a stack and the proxy before them. There are no faults yet."""
    with ExitStack() as running:
        proxy = running.enter_context(fault_proxy())
        simulator = running.enter_context(SimulatorProcess(replace(settings, public_base=proxy.provider)))
        place = {"KieBaseUrl": proxy.provider, "ResultHosts": urlsplit(proxy.provider).netloc}
        variables = {"AWS_ENDPOINT_URL": proxy.aws, "TMPDIR": running.enter_context(_folder_for_functions())}
        cloud = LocalCloud(parameters_beside(simulator) | place | dict(parameters), variables)
        running.enter_context(cloud)
        proxy.forward(aws=cloud.endpoint, provider=simulator.base_url)
        set_keys(cloud, settings)
        delete_schedule(cloud)
        running.enter_context(logs_written(cloud, log))
        visible = {"VisibilityTimeout": VISIBILITY_SECONDS}
        cloud.client("sqs").set_queue_attributes(QueueUrl=cloud.outputs["JobQueueUrl"], Attributes=visible)
        yield running.enter_context(observed(simulator, cloud, SWEEP_SECONDS, sweeps_at_once)), proxy


def _folder_for_functions() -> TemporaryDirectory[str]:
    """Return a folder in memory, if there is room: each function that was killed is unpacked again."""
    roomy = MEMORY.is_dir() and disk_usage(MEMORY).free > FREE_BYTES
    return TemporaryDirectory(prefix="veo4k-", dir=MEMORY if roomy else None, ignore_cleanup_errors=True)
