"""The base video is kept beside the result, and nothing of the job changes."""

import hashlib
from dataclasses import replace

import pytest

from local.kie.media import ensure_media
from local.paths import MEDIA
from proofs.doubles.archive_memory import MemoryArchive, MemoryDownloads, Served
from proofs.doubles.stage import Stage
from proofs.doubles.time_manual import NOON
from proofs.mp4.corpus import CASES
from proofs.table.rows import BASE, PROCESSING, SUCCEEDED, put
from veo4k.domain.conditional_update import ConditionalUpdate, is_
from veo4k.domain.errors import DeadLinkError, StorageError
from veo4k.domain.job import Archived, Job, Key, State
from veo4k.services.keep_base import MOST_RECEIVES, BaseKeeper

LINK = "https://file.example/base.mp4?secret=1"
SHOWN = replace(PROCESSING, base_url=LINK)
ENDED = replace(SUCCEEDED, base_url=LINK)
ANNOUNCED = replace(ENDED, partition=None)
NAME = f"videos/{SHOWN.task_id}/1/1.base.mp4"
VIDEO = ensure_media(MEDIA).base.read_bytes()
VP9 = next(case for case in CASES if case.name == "VP9").make()

each_job = pytest.mark.parametrize("job", [SHOWN, ENDED, ANNOUNCED], ids=["live", "ended", "announced"])


class Scene(Stage):
    """One job whose base video a look has shown, the file at its host, and an empty bucket."""

    def __init__(self, served: Served = VIDEO, job: Job = SHOWN) -> None:
        super().__init__()
        self.bucket, self.key, self.downloads = MemoryArchive(), job.key, MemoryDownloads({LINK: [served]})
        put(self.jobs, job, job.task_id)
        self.keeper = self.made(BaseKeeper, open_download=self.downloads.open, archive=self.bucket)

    def keep(self, receives: int = 1) -> str:
        return self.keeper.keep(self.key, NOON + 900, receives).event


@each_job
@pytest.mark.parametrize(("file", "size"), [(VIDEO, (1280, 720)), (VP9, (3840, 2160))], ids=["H.264", "VP9"])
def test_the_base_video_is_kept_once_and_nothing_else_changes(job: Job, file: bytes, size: tuple[int, int]) -> None:
    scene = Scene(file, job)

    assert [scene.keep(), scene.keep()] == ["base_archived", "base_skipped"]
    base = Archived("archive", NAME, len(file), hashlib.sha256(file).hexdigest(), *size)
    assert scene.job() == replace(job, base=base, base_url=None)
    assert scene.bucket.objects == {NAME: file}
    assert scene.bucket.tags[NAME] == {"taskId": job.task_id, "index": "1", "run": "1"}
    assert scene.downloads.stops == [NOON + 870]


@each_job
@pytest.mark.parametrize("served", [VIDEO[:-1000], b"<html>", b"\0\0\0\x20ftypisom", DeadLinkError("403")])
def test_a_file_that_is_no_whole_video_is_given_up_at_last(served: Served, job: Job) -> None:
    """Only an announced row forgets the link: of the others it is requested again."""
    scene = Scene(served, job)

    assert {scene.keep(receives) for receives in range(1, MOST_RECEIVES)} == {"base_postponed"}
    assert scene.job() == job
    assert scene.keep(MOST_RECEIVES) == "base_abandoned"
    assert scene.job() == replace(job, base_url=None if job is ANNOUNCED else LINK)
    assert scene.bucket.objects == {}


def test_a_base_video_that_another_message_kept_meanwhile_stays() -> None:
    scene = Scene()
    other = ConditionalUpdate(key=SHOWN.key, when=(is_("run", 1),), put={"base": BASE})
    scene.faulty_jobs.before("write", lambda *_: scene.jobs.write(other))

    assert scene.keep() == "base_skipped"
    assert scene.job().base == BASE


@pytest.mark.parametrize("call", ["get", "write"])
def test_a_table_that_is_down_raises(call: str) -> None:
    scene = Scene()
    scene.faulty_jobs.fail(call)

    with pytest.raises(StorageError):
        scene.keep()


def test_a_job_in_a_state_of_a_later_version_is_not_written() -> None:
    scene = Scene(job=replace(SHOWN, state=State("PARKED")))

    assert scene.keep() == "base_skipped"
    assert scene.bucket.objects == {}


def test_a_job_that_is_gone_is_skipped() -> None:
    scene = Scene()
    scene.key = Key("veo_task_that_is_gone", 1)

    assert scene.keep() == "base_skipped"
