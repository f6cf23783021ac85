"""Looks up what really became of a job: the bucket, the provider's ledger, the announcements, the callbacks."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import av

from local.cloud.event_listener import Announcements
from local.cloud.local_cloud import LocalCloud
from local.cloud.table_watcher import Watch
from local.demo.cases import Case
from local.demo.checks import Facts, Stored
from local.kie import Simulator
from local.kie.media import ensure_media, marked


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that was there: the jobs, the stack, the provider, and who listened and watched."""

    cases: Sequence[Case]
    cloud: LocalCloud
    simulator: Simulator
    announcements: Announcements
    watch: Watch


def gather(scene: Scene) -> list[Facts]:
    """Find out everything about every case."""
    account = scene.simulator.stats() | {"ledger": scene.simulator.ledger(), "events": scene.announcements.received()}
    s3 = scene.cloud.client("s3")
    return [_facts(scene, case, account, s3) for case in scene.cases]


def stored_videos(s3: Any, bucket: str, task_id: str) -> list[Stored]:
    """Fetch, hash and decode every video of a task that lies in the bucket."""
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"videos/{task_id}/").get("Contents", ())
    keys = [entry["Key"] for entry in listed if entry["Key"].endswith(".mp4")]
    return [_stored(key, s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]


def true_hash(simulator: Simulator, task_id: str, *, index: int = 0, portrait: bool = False) -> str:
    """SHA-256 in hex of the very 4K file that the simulator makes for a video."""
    media = ensure_media(simulator.settings.media_folder)
    video = media.uhd_portrait if portrait else media.uhd
    return hashlib.sha256(marked(video.read_bytes(), f"{task_id} {index}")).hexdigest()


def _facts(scene: Scene, case: Case, account: Mapping[str, Any], s3: Any) -> Facts:
    task = case.task_id
    return Facts(
        row=scene.watch.rows.get(task),
        ended_as=scene.watch.ended_as.get(task),
        stored=stored_videos(s3, scene.cloud.outputs["ArchiveBucketName"], task),
        truth=true_hash(scene.simulator, task, portrait=case.portrait),
        charges=[charge for charge in account["ledger"] if charge["taskId"] == task],
        requests=sum(row["method"] == "POST" and row["taskId"] == task for row in account["requests"]),
        events=[event for event in account["events"] if event["detail"]["taskId"] == task],
        answers=[answer["status"] for answer in account["callbacks"] if answer["taskId"] == task],
        downloads=account["downloads"].get(f"{task}_0.mp4", 0),
    )


def _stored(key: str, video: bytes) -> Stored:
    with av.open(io.BytesIO(video), "r") as file:
        frame = next(file.decode(video=0))
    return Stored(key, len(video), hashlib.sha256(video).hexdigest(), frame.width, frame.height)
