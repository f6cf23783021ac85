import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from local.media import Media, ensure_media, marked
from tests.doubles.archive_memory import MemoryArchive, MemoryBody, MemoryDownloads, Served
from tests.doubles.gate_memory import numbered
from tests.doubles.jobs_memory import MemoryJobs
from tests.doubles.stage import TASK
from tests.doubles.time_manual import NOON, ManualClock
from veo4k.domain.errors import DeadLinkError, DownloadError
from veo4k.domain.job import Archived, Code, Job, Key, Lane, State
from veo4k.domain.schedule import Times
from veo4k.domain.write import Write, is_
from veo4k.services.archive import Vault, archive

URL, POSTER = "https://file.example/a.mp4?secret=1", "https://file.example/a.jpg?secret=1"
NAME = f"videos/{TASK}/0/1.mp4"
READY = Job(
    task_id=TASK,
    run=1,
    index=0,
    state=State.READY,
    created_at=NOON,
    attempts=1,
    asked_at=NOON,
    urls=(URL,),
    result_urls=("https://file.example/a.mp4",),
    image_urls=(POSTER,),
    lane=Lane.LIVE,
    due=NOON,
)


@pytest.fixture(scope="session")
def media() -> Media:
    return ensure_media(Path(".local/media"))


class Scene:
    """One READY job, its file at its host, and an empty bucket."""

    def __init__(self, *served: Served | MemoryBody, job: Job = READY, poster: Served | MemoryBody = b"jpg") -> None:
        self.jobs, self.clock, self.bucket = MemoryJobs(), ManualClock(), MemoryArchive()
        self.downloads = MemoryDownloads({URL: list(served), POSTER: [poster]})
        self.put(job)
        self.vault = Vault(
            jobs=self.jobs,
            downloads=self.downloads,
            archive=self.bucket,
            clock=self.clock,
            new_id=numbered("lease"),
            times=Times(),
        )

    def put(self, job: Job) -> None:
        given = {name: getattr(job, name) for name in Job.__dataclass_fields__}
        self.jobs.write(Write(key=job.key, put=given))

    def archive(self, key: Key = READY.key) -> str:
        return archive(self.vault, key, self.clock.now() + 900).action

    def job(self, key: Key = READY.key) -> Job:
        job = self.jobs.get(key)
        assert job is not None
        return job

    def code(self) -> Code | None:
        error = self.job().error
        return error.code if error else None


def test_a_4k_file_is_stored_and_the_job_has_succeeded(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes())

    assert scene.archive() == "job_archived"
    content = scene.bucket.objects[NAME]
    digest = hashlib.sha256(media.uhd.read_bytes()).hexdigest()
    assert hashlib.sha256(content).hexdigest() == digest
    assert scene.job().state is State.SUCCEEDED
    assert scene.job().archive == Archived("archive", NAME, len(content), digest, 3840, 2160)
    assert scene.bucket.tags[NAME] == {"taskId": TASK, "index": "0", "run": "1"}


def test_an_upright_4k_file_is_4k_too(media: Media) -> None:
    scene = Scene(media.uhd_portrait.read_bytes())
    scene.archive()
    stored = scene.job().archive

    assert stored is not None
    assert (stored.width, stored.height) == (2160, 3840)


def test_poster_and_public_row_lie_beside_the_video(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes())
    scene.archive()

    assert scene.bucket.objects[f"videos/{TASK}/0/1.jpg"] == b"jpg"
    assert json.loads(scene.bucket.objects[f"videos/{TASK}/0/1.json"]) == scene.job().public()


@pytest.mark.parametrize("poster", [DeadLinkError("404"), b"x" * (9 << 20)], ids=["dead", "huge"])
def test_a_poster_that_cannot_be_had_fails_no_job(media: Media, poster: Served) -> None:
    scene = Scene(media.uhd.read_bytes(), poster=poster)

    assert scene.archive() == "job_archived"
    assert f"videos/{TASK}/0/1.jpg" not in scene.bucket.objects


def test_the_base_video_is_never_kept_and_gets_one_fresh_link(media: Media) -> None:
    scene = Scene(media.base.read_bytes())

    assert scene.archive() == "archive_not_4k"
    assert scene.bucket.objects == {}
    assert (scene.job().state, scene.job().link_dead, scene.job().not_4k) == (State.READY, True, 1)


def test_not_4k_twice_is_the_end(media: Media) -> None:
    scene = Scene(media.base.read_bytes(), job=replace(READY, not_4k=1))
    scene.archive()

    assert (scene.job().state, scene.code()) == (State.FAILED, Code.NOT_4K)
    assert scene.bucket.objects == {}


def test_an_error_page_is_no_video() -> None:
    scene = Scene(b"<html>not found</html>")

    assert scene.archive() == "archive_not_4k"


def test_a_body_that_ends_early_is_tried_again(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes()[:-1000])

    assert scene.archive() == "archive_postponed"
    assert scene.bucket.objects == {}
    assert (scene.job().state, scene.job().due) == (State.READY, NOON + 60)
    assert scene.job().lease is None


def test_a_download_that_breaks_off_is_tried_again(media: Media) -> None:
    scene = Scene(MemoryBody(media.uhd.read_bytes(), DownloadError("reset")))

    assert scene.archive() == "archive_postponed"
    assert scene.bucket.objects == {}


def test_waits_between_tries_double() -> None:
    scene = Scene(DownloadError("down"), job=replace(READY, tries=2))
    scene.archive()

    assert scene.job().due == NOON + 240


def test_a_dead_link_asks_for_a_fresh_one_not_too_soon() -> None:
    scene = Scene(DeadLinkError("404"))

    assert scene.archive() == "archive_link_dead"
    assert (scene.job().link_dead, scene.job().due) == (True, NOON + 120)


@pytest.mark.parametrize("error", [DownloadError("down"), DeadLinkError("404")])
def test_spent_tries_end_the_job(error: Exception) -> None:
    scene = Scene(error, job=replace(READY, tries=9))
    scene.archive()

    assert (scene.job().state, scene.code()) == (State.FAILED, Code.ARCHIVE_FAILED)


def test_a_bucket_out_of_reach_is_tried_again(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes())
    scene.bucket.broken = True

    assert scene.archive() == "archive_postponed"


def test_while_one_archive_holds_the_lease_another_does_nothing(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes(), job=replace(READY, lease="other", lease_until=NOON + 1))

    assert scene.archive() == "archive_not_needed"
    assert scene.downloads.opened == []


def test_a_lease_that_ran_out_is_taken_over_and_strays_are_aborted(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes(), job=replace(READY, lease="dead", lease_until=NOON))

    assert scene.archive() == "job_archived"
    assert scene.bucket.strays == [(NAME, NOON - 960)]


def test_a_job_that_has_ended_is_not_archived_again(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes())
    scene.archive()

    assert scene.archive() == "archive_not_needed"
    assert scene.downloads.opened == [URL, POSTER]


def test_who_lost_the_lease_in_the_meantime_writes_nothing(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes())
    put = scene.bucket.put

    def steal(key: str, body: bytes, content_type: str) -> None:
        put(key, body, content_type)
        taken = {"lease": "thief"}
        scene.jobs.write(Write(key=READY.key, when=(is_("state", State.READY),), put=taken))

    scene.bucket.put = steal  # type: ignore[method-assign]

    assert scene.archive() == "archive_overtaken"
    assert scene.job().state is State.READY


def second_index(media: Media, sibling: Archived) -> Scene:
    scene = Scene(media.uhd.read_bytes(), job=replace(READY, state=State.SUCCEEDED, archive=sibling))
    scene.put(replace(READY, run=2, index=1, result_urls=("https://file.example/b.mp4",)))
    return scene


def test_the_same_file_as_another_index_is_no_success(media: Media) -> None:
    digest = hashlib.sha256(media.uhd.read_bytes()).hexdigest()
    scene = second_index(media, Archived("archive", NAME, 1, digest, 3840, 2160))

    assert scene.archive(Key(TASK, 2)) == "job_failed"
    error = scene.job(Key(TASK, 2)).error
    assert error is not None
    assert error.code is Code.INDEX_AMBIGUOUS


def test_the_same_link_as_another_index_is_not_even_fetched(media: Media) -> None:
    scene = second_index(media, Archived("archive", NAME, 1, "another", 3840, 2160))
    scene.put(replace(READY, run=3, index=2))

    assert scene.archive(Key(TASK, 3)) == "job_failed"
    assert scene.downloads.opened == []


def test_another_file_of_another_index_is_a_success(media: Media) -> None:
    scene = second_index(media, Archived("archive", NAME, 1, "another", 3840, 2160))

    assert scene.archive(Key(TASK, 2)) == "job_archived"
    assert f"videos/{TASK}/1/2.mp4" in scene.bucket.objects


def test_a_second_run_of_the_same_index_may_bring_the_same_file(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes(), job=replace(READY, state=State.SUCCEEDED))
    scene.put(replace(READY, run=2))

    assert scene.archive(Key(TASK, 2)) == "job_archived"


def test_a_box_behind_the_video_does_no_harm(media: Media) -> None:
    scene = Scene(marked(media.uhd.read_bytes(), "some other task"))

    assert scene.archive() == "job_archived"
