"""Runs the console beside the local cloud, lets a browser use and attack it, and checks what that left behind.

    python -m proofs.console [--pictures docs/pictures]

The browser runs in a process and an environment of its own (`browser`). Without one, the proof is skipped.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.cloud.console import console_beside
from local.cloud.environment import Environment, environment
from local.kie import Settings
from local.kie.media import ensure_media
from local.paths import MEDIA, ROOT
from local.waiting import wait_until
from proofs.table.rows import QUEUED
from veo4k.adapters.dynamodb_types import to_typed
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.domain import transitions
from veo4k.domain.job import Archived, Key

PYTHON = ROOT / ".venvs/browser/bin/python"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SCENARIOS = ("on_time", "lost", "portrait", "own_id", "failure", "dead_link", "base_video", "expired", "late")
HOSTILE = "</title><script>window.hacked=1</script><img src=x onerror=window.hacked=1>"
INVALID: tuple[dict[str, Any], ...] = ({"priority": 1}, {"priority": "high"}, {"index": 100}, {HOSTILE: HOSTILE})
CUSTOMERS = ("Acme", "Globex", "Zoë & Sons", HOSTILE[:40])
FIRST, MORE, MANY = 18, 9, 10_000
SUCCEEDED = 8
WATCHED, REPLAYED, DEAD = "veo_task_on_time_0000", "veo_task_own_id_0003", "veo_task_on_time_dead"


def main() -> int:
    """Run the proof. Return 0 where everything held, or where there is no browser."""
    parser = argparse.ArgumentParser(prog="python -m proofs.console", description=__doc__)
    parser.add_argument("--pictures", type=Path, default=ROOT / ".local/console", help="folder for the screenshots")
    pictures: Path = parser.parse_args().pictures
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None or not PYTHON.exists():
        print("Skipped: there is no Chromium, or no .venvs/browser (make .venvs/browser/.ready).")
        return 0
    with (
        environment(Settings(speed=60), {"NudgeSeconds": "10"}, sweep_seconds=2) as env,
        console_beside(env.cloud) as link,
    ):
        prepare(env)
        facts: dict[str, Any] = {"link": link, "browser": browser, "pictures": str(pictures.resolve())}
        facts |= {"watched": WATCHED, "replayed": REPLAYED, "dead": DEAD, "waiting": MANY}
        return _browse(env, facts) or _left_behind(env)


def _browse(env: Environment, facts: Mapping[str, Any]) -> int:
    """Let the browser take its steps. It says when it needs the rows of `fill`."""
    command = [str(PYTHON), str(Path(__file__).with_name("browser.py")), json.dumps(facts)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  our own
        assert process.stdin is not None
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if line == "→ fill\n":
                fill(env)
                print("done", file=process.stdin, flush=True)
    return process.returncode


def prepare(env: Environment) -> None:
    """Send the first jobs and the dead messages, and wait until some jobs have ended."""
    send(env, range(FIRST))
    bodies = [{"taskId": f"veo_task_dead_{number}"} | fields for number, fields in enumerate(INVALID)]
    env.cloud.send_bodies([json.dumps(body) for body in bodies] + ["not JSON"])
    sqs, outputs = env.cloud.client("sqs"), env.cloud.outputs
    sqs.send_message(QueueUrl=outputs["DeadLetterQueueUrl"], MessageBody=json.dumps({"taskId": DEAD}))
    wait_until(lambda: enough_have_succeeded(env), 300)
    keep_base(env)
    send(env, range(FIRST, FIRST + MORE))


def enough_have_succeeded(env: Environment) -> bool:
    """Return whether the named jobs and some others have succeeded."""
    succeeded = {row["taskId"] for row in env.cloud.rows() if row["state"] == "SUCCEEDED"}
    return {WATCHED, REPLAYED} <= succeeded and len(succeeded) >= SUCCEEDED


def send(env: Environment, numbers: range) -> None:
    """Send jobs of all scenarios, with tags."""
    for number in numbers:
        tags = {"order": f"A-{1000 + number}", "customer": CUSTOMERS[number % len(CUSTOMERS)]}
        env.cloud.send({"taskId": f"veo_task_{SCENARIOS[number % len(SCENARIOS)]}_{number:04d}", "tags": tags})


def keep_base(env: Environment) -> None:
    """Put the base video beside the watched 4K one, where the stack has not done so itself."""
    jobs = DynamoJobs(env.cloud.client("dynamodb"), env.cloud.outputs["JobTableName"])
    job = jobs.get(Key(WATCHED, 1))
    assert job is not None
    assert job.archive is not None
    body, bucket, key = ensure_media(MEDIA).base.read_bytes(), job.archive.bucket, f"videos/{WATCHED}/0/1.base.mp4"
    if job.base is None:
        env.cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=body, ContentType="video/mp4")
        jobs.write(transitions.keep_base(job, Archived(bucket, key, len(body), "0" * 64, 1280, 720)))


def fill(env: Environment) -> None:
    """Store ten thousand rows that wait until tomorrow."""
    dynamodb, table = env.cloud.client("dynamodb"), env.cloud.outputs["JobTableName"]
    tomorrow = time.time() + 86_400
    for start in range(0, MANY, 25):
        jobs = [
            replace(
                QUEUED,
                task_id=f"veo_task_many_{number:05d}",
                created_at=time.time(),
                tags={"order": f"M-{number}"},
                task_tokens=frozenset(),
                due=tomorrow + number // 100,
            )
            for number in range(start, start + 25)
        ]
        items = [{name: to_typed(value) for name, value in job.row().items()} for job in jobs]
        dynamodb.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": item}} for item in items]})


def _left_behind(env: Environment) -> int:
    """Check what the browser's actions did. Return 1 where something is missing."""
    replayed = wait_until(lambda: env.cloud.runs(REPLAYED) if len(env.cloud.runs(REPLAYED)) > 1 else None)
    redriven = wait_until(lambda: env.cloud.runs(DEAD))
    facts = {
        "the replay made one further run": len(replayed) == 2,
        "the dead message became a job": len(redriven) == 1,
        "no attack paused the requests": not env.cloud.runs("#gate")[0]["#gate"].get("reason"),
    }
    for sentence, holds in facts.items():
        print("✓" if holds else "✗", sentence)
    return 0 if all(facts.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
