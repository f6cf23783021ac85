"""Drive the HTTP API for jobs on the local cloud with requests made from docs/openapi.yaml: `python -m proofs.door`.

Schemathesis makes valid and invalid requests, and checks every response against the page. The stack has no API key, so
every job that is sent waits as QUEUED, and nothing leaves this machine. Fails on a server error, on a response that the
page does not describe, and where one of the statuses that matter never came.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace

from local.cloud.jobs_client import ask, token_of
from local.cloud.local_cloud import LocalCloud
from local.cloud.parameters import JOBS_API
from local.paths import ROOT
from proofs.table.rows import ARCHIVE, PROCESSING, QUEUED, READY, SUBMITTING, SUCCEEDED
from veo4k.adapters.dynamodb_types import to_typed
from veo4k.domain.job import Job

SCHEMATHESIS = ROOT / ".venvs/door/bin/schemathesis"
EXAMPLES = 100  # most of one operation
QUEUED_RUNS = 30
KINDS = (SUBMITTING, PROCESSING, READY)
NOT_OF_THIS_API = ("use_after_free", "ensure_resource_availability")
"""Checks of other APIs: here DELETE cancels and removes nothing, and a job appears seconds after its POST."""
MUST_COME = ("202", "400", "401", "404", "405", "409", "413")
REFUSED = re.compile(r'"status":(\d+)')


def main() -> int:
    """Run the proof. Return 0 where every response was as documented."""
    with LocalCloud(JOBS_API) as cloud:
        tasks = seed(cloud)
        ask(cloud, "POST", "/jobs", b" " * 9000)  # longer than what Schemathesis makes
        result = subprocess.run(command(cloud), cwd=ROOT, env=environment(tasks), check=False)  # noqa: S603  our own
        counts, crashes = statuses(cloud)
    print("responses by status, 200 left out:", dict(sorted(counts.items())))
    missing = [status for status in MUST_COME if not counts[status]]
    for problem in [*(f"status {status} never came" for status in missing), *crashes]:
        print(problem)
    return int(bool(result.returncode or missing or crashes))


def seed(cloud: LocalCloud) -> list[str]:
    """Store rows of every kind. Return their task ids; most runs are QUEUED, for as many cancellations."""
    archive = ARCHIVE._replace(bucket=cloud.outputs["ArchiveBucketName"])
    rows = [replace(kind, task_id=f"veo_task_door_{number}") for number, kind in enumerate(KINDS)]
    rows += [replace(SUCCEEDED, task_id="veo_task_door_done", archive=archive)]
    many = ["veo_task_abcdef123456", *(f"veo_task_door_many_{number}" for number in range(5))]
    rows += [replace(QUEUED, task_id=task, run=run) for task in many for run in range(1, QUEUED_RUNS + 1)]
    for row in rows:
        _put(cloud, row)
    return sorted({row.task_id for row in rows})


def _put(cloud: LocalCloud, row: Job) -> None:
    item = {name: to_typed(value) for name, value in row.row().items()}
    cloud.client("dynamodb").put_item(TableName=cloud.outputs["JobTableName"], Item=item)


def environment(tasks: list[str]) -> dict[str, str]:
    """Return the environment of Schemathesis."""
    return os.environ | {"SCHEMATHESIS_HOOKS": "proofs.door.hooks", "DOOR_TASKS": ",".join(tasks), "PYTHONPATH": "."}


def command(cloud: LocalCloud) -> list[str]:
    """Return the command line of Schemathesis."""
    options = {
        "url": cloud.outputs["JobsApiUrl"],
        "header": f"Authorization: Bearer {token_of(cloud)}",
        "exclude-checks": ",".join(NOT_OF_THIS_API),
        "max-examples": str(EXAMPLES),
        "workers": "2",
        "seed": "7",
        "request-timeout": "30",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return [str(SCHEMATHESIS), "run", "docs/openapi.yaml", *words, "--continue-on-failure"]


def statuses(cloud: LocalCloud) -> tuple[Counter[str], list[str]]:
    """Return how often the function answered each status but 200, and what it says of crashes, from its log."""
    log = cloud.all_logs().get(cloud.function_name("api"), "")
    counts = Counter(REFUSED.findall(log))
    counts["202"] = log.count('"message":"job_requested"')
    return counts, [line for line in log.splitlines() if "api_crashed" in line or '"level":"ERROR"' in line]


if __name__ == "__main__":
    sys.exit(main())
