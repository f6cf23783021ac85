import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from local.kie.media import Media, ensure_media, marked
from proofs.doubles.archive_memory import MemoryArchive, MemoryBody, MemoryDownloads, Served
from proofs.doubles.faults import DOWN, FaultInjector
from proofs.doubles.gate_memory import numbered
from proofs.doubles.jobs_memory import MemoryJobs
from proofs.doubles.stage import HOSTS, TASK
from proofs.doubles.time_manual import NOON, ManualClock
from veo4k.domain.conditional_update import ConditionalUpdate, is_
from veo4k.domain.decisions import Decision, when_due
from veo4k.domain.errors import DeadLinkError, DownloadError
from veo4k.domain.job import Archived, Code, Job, Key, Partition, ProviderApi, State
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.ports import Archive, Jobs
from veo4k.domain.schedule import Times
from veo4k.services.archive import LONGEST_POSTER, Archiver

URL, POSTER = "https://file.example/a.mp4?secret=1", "https://file.example/a.jpg?secret=1"
DAY = 86_400
NAME = f"videos/{TASK}/0/1.mp4"
JPEG = b"\xff\xd8\xff\xe0 picture"
READY = Job(
    task_id=TASK,
    run=1,
    index=0,
    state=State.READY,
    created_at=NOON,
    requests_sent=1,
    requested_at=NOON,
    accepted_at=NOON,
    acceptances=1,
    urls=(URL,),
    result_urls=("https://file.example/a.mp4",),
    image_urls=(POSTER,),
    partition=Partition.LIVE,
    due=NOON,
)


@pytest.fixture(scope="session")
def media() -> Media:
    return ensure_media(Path(".local/media"))


class Scene:
    """One READY job, its file at its host, and an empty bucket."""

    def __init__(self, *served: Served | MemoryBody, job: Job = READY, poster: Served | MemoryBody = JPEG) -> None:
        self.jobs, self.clock, self.bucket = MemoryJobs(), ManualClock(), MemoryArchive()
        self.downloads = MemoryDownloads({URL: list(served), POSTER: [poster]})
        self.put(job)
        self.faulty_jobs, self.faulty_bucket = FaultInjector(self.jobs), FaultInjector(self.bucket)
        self.faulty_downloads = FaultInjector(self.downloads)
        self.archiver = Archiver(
            jobs=cast("Jobs", self.faulty_jobs),
            open_download=self.faulty_downloads.open,
            archive=cast("Archive", self.faulty_bucket),
            clock=self.clock,
            new_id=numbered("lease"),
            times=Times(),
        )

    def lose_the_lease(self, *_: object) -> None:
        """Let another invocation claim the job."""
        self.jobs.write(ConditionalUpdate(key=READY.key, when=(is_("state", State.READY),), put={"lease": "other"}))

    def put(self, job: Job) -> None:
        fields = {name: getattr(job, name) for name in Job.__dataclass_fields__}
        self.jobs.write(ConditionalUpdate(key=job.key, put=fields))

    def archive(self, key: Key = READY.key) -> str:
        return self.archiver.store(key, self.clock.now() + 900).event

    def archived_when_due(self) -> str:
        """Archive, and let a sweep do what the job needs then."""
        event = self.archive()
        due = when_due(self.job(), NOON + DAY, "retriggered", Times(), HOSTS)
        if isinstance(due, Decision) and due.update:
            self.jobs.write(due.update)
        return event

    def entry(self, key: Key = READY.key) -> LogEntry:
        return self.archiver.store(key, self.clock.now() + 900)

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
    assert scene.job().archive == Archived("archive", NAME, len(content), digest, 3840, 2160, poster=True)
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

    assert scene.bucket.objects[f"videos/{TASK}/0/1.jpg"] == JPEG
    sidecar = json.loads(scene.bucket.objects[f"videos/{TASK}/0/1.json"])
    assert sidecar == scene.job().public()
    assert sidecar["archive"]["poster"] is True


NO_POSTERS: dict[str, Served] = {
    "dead": DeadLinkError("404"),
    "huge": JPEG + bytes(9 << 20),
    "a page": b"<html>not found</html>",
    "JSON": b'{"code": 404}',
    "text": b"JFIF",
    "empty": b"",
    "a video": b"\0\0\0\x20ftypisom",
}


@pytest.mark.parametrize("poster", NO_POSTERS.values(), ids=NO_POSTERS)
def test_a_poster_that_cannot_be_had_fails_no_job(media: Media, poster: Served) -> None:
    scene = Scene(media.uhd.read_bytes(), poster=poster)

    assert scene.archive() == "job_archived"
    assert f"videos/{TASK}/0/1.jpg" not in scene.bucket.objects
    assert "poster" not in scene.job().public()["archive"]


def test_a_bucket_that_refuses_the_poster_fails_no_job(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes())
    scene.faulty_bucket.fail("put", call=1)

    assert scene.archive() == "job_archived"
    assert "poster" not in scene.job().public()["archive"]


def test_the_base_video_is_never_kept_and_gets_one_fresh_link(media: Media) -> None:
    scene = Scene(media.base.read_bytes())

    assert scene.archive() == "archive_file_not_4k"
    assert scene.bucket.objects == {}
    assert (scene.job().state, scene.job().link_dead, scene.job().not_4k) == (State.READY, True, 1)


def test_not_4k_twice_is_the_end(media: Media) -> None:
    scene = Scene(media.base.read_bytes(), job=replace(READY, not_4k=1))
    scene.archive()

    assert (scene.job().state, scene.code()) == (State.FAILED, Code.NOT_4K)
    assert scene.bucket.objects == {}


PAGES = (
    b"<!DOCTYPE html><title>Just a moment...</title>",
    b'{"code":503,"msg":"busy"}',
    b"not found, try later",
    bytes(99),
)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_in_place_of_the_file_is_a_failed_download(media: Media, page: bytes) -> None:
    scene = Scene(page, page, page, media.uhd.read_bytes())

    assert [scene.archive() for _ in range(4)] == ["archive_postponed"] * 3 + ["job_archived"]


def test_pages_are_tried_as_often_as_any_failed_download_and_no_longer() -> None:
    scene = Scene(PAGES[0])
    events = [scene.archive() for _ in range(10)]

    assert events == ["archive_postponed"] * 9 + ["job_failed"]
    assert scene.code() is Code.ARCHIVE_FAILED


def test_a_page_after_a_file_below_4k_is_no_second_verdict() -> None:
    scene = Scene(PAGES[0], job=replace(READY, not_4k=1))

    assert scene.archive() == "archive_postponed"
    assert scene.job().not_4k == 1


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
    scene = Scene(DownloadError("down"), job=replace(READY, archive_attempts=2))
    scene.archive()

    assert scene.job().due == NOON + 240


def test_a_dead_link_is_tried_again_after_a_minute_whatever_came_before() -> None:
    scene = Scene(DeadLinkError("404"), job=replace(READY, archive_attempts=5))

    assert scene.archive() == "archive_postponed"
    assert (scene.job().link_dead, scene.job().link_refusals, scene.job().due) == (None, 1, NOON + 60)


def test_a_file_that_is_at_its_host_a_minute_later_is_stored(media: Media) -> None:
    scene = Scene(DeadLinkError("404"), media.uhd.read_bytes())

    assert [scene.archive(), scene.archive()] == ["archive_postponed", "job_archived"]


REFUSED = replace(READY, link_refusals=1)


def test_a_link_that_stays_dead_is_refreshed_not_too_soon() -> None:
    scene = Scene(DeadLinkError("404"), job=REFUSED)

    assert scene.archive() == "archive_link_expired"
    assert (scene.job().link_dead, scene.job().due) == (True, NOON + 120)
    assert scene.job().has_tried(URL)
    assert replace(scene.job(), urls=()).has_tried(URL)
    assert URL not in str(scene.job().tried_links)


NO_FRESH_LINK = {
    "never accepted": {"accepted_at": None},
    "told a failure": {"failure_reported": True},
    "bought three times": {"acceptances": 3},
    "without an id to ask under": {"provider_api": ProviderApi.JOBS},
}


@pytest.mark.parametrize("fields", NO_FRESH_LINK.values(), ids=NO_FRESH_LINK)
def test_without_a_way_to_a_fresh_link_the_old_one_is_tried(media: Media, fields: dict[str, Any]) -> None:
    job = replace(REFUSED, **fields)
    dead, small = Scene(DeadLinkError("404"), job=job), Scene(media.base.read_bytes(), job=job)

    assert [dead.archived_when_due() for _ in range(10)] == ["archive_link_expired"] * 9 + ["job_failed"]
    assert [small.archived_when_due(), small.archived_when_due()] == ["archive_file_not_4k", "job_failed"]
    assert (dead.code(), small.code()) == (Code.ARCHIVE_FAILED, Code.NOT_4K)


@pytest.mark.parametrize("refusals", [0, 1])
@pytest.mark.parametrize("error", [DownloadError("down"), DeadLinkError("404")])
def test_spent_tries_end_the_job(error: Exception, refusals: int) -> None:
    scene = Scene(error, job=replace(READY, archive_attempts=9, link_refusals=refusals))
    scene.archive()

    assert (scene.job().state, scene.code()) == (State.FAILED, Code.ARCHIVE_FAILED)


def test_a_bucket_out_of_reach_is_tried_again(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes())
    scene.bucket.broken = True

    assert scene.archive() == "archive_postponed"


def test_while_one_archive_holds_the_lease_another_does_nothing(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes(), job=replace(READY, lease="other", lease_until=NOON + 1))

    assert scene.archive() == "archive_skipped"
    assert scene.downloads.opened == []


def test_a_lease_that_ran_out_is_taken_over_and_strays_are_aborted(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes(), job=replace(READY, lease="dead", lease_until=NOON))

    assert scene.archive() == "job_archived"
    assert scene.bucket.strays == [(NAME, NOON - 960)]


def test_a_job_that_has_ended_is_not_archived_again(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes())
    scene.archive()

    assert scene.archive() == "archive_skipped"
    assert scene.downloads.opened == [URL, POSTER]


def test_an_archive_that_lost_its_lease_writes_nothing(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes())
    scene.faulty_bucket.before("put", scene.lose_the_lease)

    assert scene.archive() == "archive_superseded"
    assert scene.job().state is State.READY


def second_index(media: Media, sibling: Archived) -> Scene:
    scene = Scene(media.uhd.read_bytes(), job=replace(READY, state=State.SUCCEEDED, archive=sibling))
    scene.put(replace(READY, run=2, index=1))
    return scene


def test_the_same_file_as_another_index_is_no_success(media: Media) -> None:
    digest = hashlib.sha256(media.uhd.read_bytes()).hexdigest()
    scene = second_index(media, Archived("archive", NAME, 1, digest, 3840, 2160))

    assert scene.archive(Key(TASK, 2)) == "job_failed"
    error = scene.job(Key(TASK, 2)).error
    assert error is not None
    assert error.code is Code.INDEX_AMBIGUOUS


def test_the_first_run_is_compared_with_later_ones(media: Media) -> None:
    digest = hashlib.sha256(media.uhd.read_bytes()).hexdigest()
    scene = Scene(media.uhd.read_bytes())
    scene.put(replace(READY, run=2, index=1, state=State.SUCCEEDED, archive=Archived("b", NAME, 1, digest, 3840, 2160)))

    assert scene.archive() == "job_failed"
    assert scene.code() is Code.INDEX_AMBIGUOUS


def test_siblings_that_cannot_be_read_make_a_failed_try(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes())
    scene.faulty_jobs.fail("runs")

    assert scene.archive() == "archive_postponed"
    assert scene.bucket.objects == {}


def test_another_file_behind_the_same_link_is_a_success(media: Media) -> None:
    """Links of two indices may differ in their queries alone, which the row does not show."""
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


def test_a_success_is_logged_with_the_job_alone(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes())

    assert scene.entry() == LogEntry(LogEvent.JOB_ARCHIVED, scene.job())
    assert scene.job().finished_at == NOON
    assert scene.entry() == LogEntry(LogEvent.ARCHIVE_SKIPPED, scene.job())


def test_each_object_says_what_it_is(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes())
    scene.archive()
    beside = f"videos/{TASK}/0/1"

    assert scene.bucket.types == {
        f"{beside}.mp4": "video/mp4",
        f"{beside}.jpg": "image/jpeg",
        f"{beside}.json": "application/json",
    }


def test_the_row_beside_the_video_is_there_for_people_to_read(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes(), job=replace(READY, tags={"title": "Café"}))
    scene.archive()
    written = scene.bucket.objects[f"videos/{TASK}/0/1.json"].decode()

    assert '\n  "tags": {\n    "title": "Café"\n  }' in written


def test_downloads_stop_while_there_is_time_to_write_down_how_far_they_got(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes())
    scene.archiver.store(READY.key, NOON + 900)

    assert scene.downloads.stops == [NOON + 870, NOON + 870]


def test_downloads_stop_when_the_lease_is_over(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes())
    scene.archiver = replace(scene.archiver, times=Times(archive_lease=100))
    scene.archiver.store(READY.key, NOON + 900)

    assert scene.downloads.stops == [NOON + 100, NOON + 100]


def test_a_result_without_a_link_has_failed() -> None:
    scene = Scene(job=replace(READY, urls=()))

    assert scene.entry() == LogEntry(LogEvent.JOB_FAILED, scene.job())
    assert (scene.code(), scene.downloads.opened) == (Code.ARCHIVE_FAILED, [])


@pytest.mark.parametrize(
    ("served", "why"),
    [
        (DownloadError("reset"), "reset"),
        (b"\0\0\0\x20ftyp", "ends inside a box"),
    ],
    ids=["a download that breaks off", "a body that ends early"],
)
def test_a_postponed_try_is_logged_with_the_reason(served: Served, why: str) -> None:
    scene = Scene(served)
    entry = scene.entry()

    assert (entry.event, entry.job) == ("archive_postponed", scene.job())
    assert entry.detail == {"why": why}


def test_a_dead_link_is_logged_with_the_reason() -> None:
    scene = Scene(DeadLinkError("HTTP 404"), job=REFUSED)

    assert scene.entry() == LogEntry(LogEvent.ARCHIVE_LINK_EXPIRED, scene.job(), {"why": "HTTP 404"})


def test_a_file_that_is_not_4k_says_what_it_is(media: Media) -> None:
    base, broken = Scene(media.base.read_bytes()), Scene(media.uhd.read_bytes()[:32] + bytes(64))
    small, strange = base.entry(), broken.entry()

    assert (small.event, small.job) == ("archive_file_not_4k", base.job())
    assert small.detail == {"why": "1280x720 of 1280x720"}
    assert (strange.event, strange.detail["why"]) == ("archive_file_not_4k", "bytes that are no box")


def test_a_superseded_archive_is_logged_with_its_error() -> None:
    scene = Scene(DownloadError("reset"))
    scene.faulty_downloads.before("open", scene.lose_the_lease)

    assert scene.entry() == LogEntry(LogEvent.ARCHIVE_SUPERSEDED, scene.job(), {"why": "reset"})


def test_an_archive_superseded_by_an_end_is_logged_without_details() -> None:
    scene = Scene(job=replace(READY, urls=()))

    def succeed(write: ConditionalUpdate) -> None:
        if "error" in write.put:
            ended = {"state": State.SUCCEEDED}
            scene.jobs.write(ConditionalUpdate(key=READY.key, when=(is_("state", State.READY),), put=ended))

    scene.faulty_jobs.before("write", succeed)

    assert scene.entry() == LogEntry(LogEvent.ARCHIVE_SUPERSEDED, scene.job())


def test_a_bucket_that_refuses_what_lies_beside_the_video_is_tried_again(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes())
    scene.faulty_bucket.fail("put")

    assert scene.entry() == LogEntry(LogEvent.ARCHIVE_POSTPONED, scene.job(), {"why": DOWN})
    assert (scene.job().state, scene.job().due) == (State.READY, NOON + 60)


def test_only_the_first_poster_is_kept(media: Media) -> None:
    scene = Scene(media.uhd.read_bytes(), job=replace(READY, image_urls=(POSTER, URL)))
    scene.archive()

    assert scene.downloads.opened == [URL, POSTER]


def test_a_poster_of_8_mib_is_kept_as_it_came(media: Media) -> None:
    largest = JPEG[:4] + bytes(range(256)) * (LONGEST_POSTER // 256 - 1) + bytes(252)
    scene = Scene(media.uhd.read_bytes(), poster=largest)
    scene.archive()

    stored = scene.bucket.objects[f"videos/{TASK}/0/1.jpg"]
    assert hashlib.sha256(stored).digest() == hashlib.sha256(largest).digest()


def test_a_dead_link_of_a_never_requested_job_is_refreshed_when_due() -> None:
    scene = Scene(DeadLinkError("404"), job=replace(REFUSED, requested_at=None))
    scene.archive()

    assert scene.job().due == NOON + 60


def test_a_dead_link_waits_as_long_as_any_failed_try() -> None:
    scene = Scene(DeadLinkError("404"), job=replace(REFUSED, archive_attempts=3))
    scene.archive()

    assert scene.job().due == NOON + 480


def test_the_same_file_as_another_index_says_so(media: Media) -> None:
    digest = hashlib.sha256(media.uhd.read_bytes()).hexdigest()
    scene = second_index(media, Archived("archive", NAME, 1, digest, 3840, 2160))
    key = Key(TASK, 2)

    assert scene.entry(key) == LogEntry(LogEvent.JOB_FAILED, scene.job(key), {"why": "the same file as another index"})
    assert scene.bucket.objects == {}


def test_a_job_that_ends_without_its_file_says_what_stood_in_the_way(media: Media) -> None:
    small = Scene(media.base.read_bytes(), job=replace(READY, not_4k=1))
    dead = Scene(DeadLinkError("HTTP 404"), job=replace(READY, archive_attempts=9))
    broken = Scene(DownloadError("reset"), job=replace(READY, archive_attempts=9))

    assert small.entry() == LogEntry(LogEvent.JOB_FAILED, small.job(), {"why": "1280x720 of 1280x720"})
    assert dead.entry() == LogEntry(LogEvent.JOB_FAILED, dead.job(), {"why": "HTTP 404"})
    assert broken.entry() == LogEntry(LogEvent.JOB_FAILED, broken.job(), {"why": "reset"})
