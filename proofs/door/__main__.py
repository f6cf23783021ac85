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
from proofs.table.rows import ARCHIVE, PROCESSING, QUEUED, READY, SUBMITTING, SUCCEEDED, put
from veo4k.adapters.jobs_dynamodb import DynamoJobs

SCHEMATHESIS = str(ROOT / ".venvs/door/bin/schemathesis")
OPTIONS = (
    "--continue-on-failure",
    "--max-examples=100",  # of one operation
    "--workers=2",
    "--seed=7",
    "--request-timeout=30",
    # Checks of other APIs: here DELETE cancels and removes nothing, and a job appears seconds after its POST.
    "--exclude-checks=use_after_free,ensure_resource_availability",
)
QUEUED_RUNS = 30
KINDS = (SUBMITTING, PROCESSING, READY)
MUST_COME = ("202", "400", "401", "404", "405", "409", "413")
REFUSED = re.compile(r'"status":(\d+)')


def main() -> int:
    """Run the proof. Return 0 where every response was as documented."""
    with LocalCloud(JOBS_API) as cloud:
        tasks = seed(cloud)
        ask(cloud, "POST", "/jobs", b" " * 9000)  # longer than what Schemathesis makes
        environment = {"SCHEMATHESIS_HOOKS": "proofs.door.hooks", "DOOR_TASKS": ",".join(tasks), "PYTHONPATH": "."}
        command = [SCHEMATHESIS, "run", "docs/openapi.yaml", f"--url={cloud.outputs['JobsApiUrl']}", *OPTIONS]
        command += [f"--header=Authorization: Bearer {token_of(cloud)}"]
        result = subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=False)  # noqa: S603  our own
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
    jobs = DynamoJobs(cloud.client("dynamodb"), cloud.outputs["JobTableName"])
    for row in rows:
        put(jobs, row, row.task_id)
    return sorted({row.task_id for row in rows})


def statuses(cloud: LocalCloud) -> tuple[Counter[str], list[str]]:
    """Return how often the function answered each status but 200, and what it says of crashes, from its log."""
    log = cloud.all_logs().get(cloud.function_name("api"), "")
    counts = Counter(REFUSED.findall(log))
    counts["202"] = log.count('"message":"job_requested"')
    return counts, [line for line in log.splitlines() if "api_crashed" in line or '"level":"ERROR"' in line]


if __name__ == "__main__":
    sys.exit(main())
