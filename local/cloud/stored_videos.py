"""The videos in the stack's bucket, and the file that the simulator made for a task."""

import hashlib
import io
from typing import Any, NamedTuple

import av

from local.kie import Simulator
from local.kie.media import ensure_media, marked


class StoredVideo(NamedTuple):
    """A video in the bucket. Width and height are those of its first decoded frame."""

    key: str
    bytes: int
    sha256: str
    width: int
    height: int


def stored_videos(s3: Any, bucket: str, task_id: str, *, bases: bool = False) -> list[StoredVideo]:
    """Fetch, hash and decode every result of a task in the bucket, or instead its base videos that are kept."""
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"videos/{task_id}/").get("Contents", ())
    keys = [key for entry in listed if (key := entry["Key"]).endswith(".mp4") and key.endswith(".base.mp4") is bases]
    return [_stored(key, s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]


def expected_hash(simulator: Simulator, task_id: str, name: str = "0", *, portrait: bool = False) -> str:
    """Return the SHA-256, in hex, of the 4K file that the simulator makes for a video.

    `name`: its index; `base` is the base video of a task that was made in 4K.
    """
    media = ensure_media(simulator.settings.media_folder)
    video = media.uhd_portrait if portrait else media.uhd
    return hashlib.sha256(marked(video.read_bytes(), f"{task_id} {name}")).hexdigest()


def _stored(key: str, video: bytes) -> StoredVideo:
    with av.open(io.BytesIO(video), "r") as file:
        frame = next(file.decode(video=0))
    return StoredVideo(key, len(video), hashlib.sha256(video).hexdigest(), frame.width, frame.height)
