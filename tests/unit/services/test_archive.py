import hashlib
import json
from dataclasses import replace
from math import inf
from typing import Any, NamedTuple

import pytest

from local import paths
from local.kie.media import ensure_media, marked
from proofs.doubles.archive_memory import MemoryArchive, MemoryBody, MemoryDownloads, Served
from proofs.doubles.faults import DOWN, FaultInjector
from proofs.doubles.stage import HOSTS, TASK, Stage
from proofs.doubles.time_manual import NOON
from proofs.table import rows
from proofs.table.rows import put
from tests.unit.services.exchanges import code
from veo4k.domain.decisions import Context, Decision, when_due
from veo4k.domain.errors import DeadLinkError, DownloadError
from veo4k.domain.job import Archived, Code, Evidence, Failure, Job, ProviderApi, State
from veo4k.domain.log_events import Detail, LogEntry, LogEvent
from veo4k.domain.schedule import Times
from veo4k.services.archive import LONGEST_POSTER, MISLABELLED, Archiver

URL, POSTER = "https://file.example/a.mp4?secret=1", "https://file.example/a.jpg?secret=1"
DAY = 86_400
BESIDE = f"videos/{TASK}/0/1"
NAME = f"{BESIDE}.mp4"
JPEG = b"\xff\xd8\xff\xe0 picture"
MEDIA = ensure_media(paths.MEDIA)
UHD, BASE = MEDIA.uhd.read_bytes(), MEDIA.base.read_bytes()
READY = replace(rows.READY, index=0, requested_at=NOON, due=NOON, urls=(URL,), image_urls=(POSTER,))


class Scene(Stage):
    """One READY job, its file at its host, and an empty bucket."""

    def __init__(self, *served: Served | MemoryBody, job: Job = READY, poster: Served = JPEG, **times: Any) -> None:
        super().__init__(**times)
        self.key, self.bucket = job.key, MemoryArchive()
        self.downloads = MemoryDownloads({URL: list(served), POSTER: [poster]})
        put(self.jobs, job, TASK)
        self.faulty_bucket, self.faulty_downloads = FaultInjector(self.bucket), FaultInjector(self.downloads)
        self.archiver = self.made(Archiver, open_download=self.faulty_downloads.open, archive=self.faulty_bucket)

    def lose_the_lease(self, *_: object) -> None:
        """Let another invocation claim the job."""
        self.change(lease="other")

    def entry(self) -> LogEntry:
        return self.archiver.store(self.key, NOON + 900)

    def archive(self) -> str:
        return self.entry().event

    def archived_when_due(self) -> str:
        """Archive, and let a sweep do what the job needs then."""
        event = self.archive()
        due = when_due(self.job(), Context(now=NOON + DAY, times=Times(), hosts=HOSTS, new_id="retriggered"))
        if isinstance(due, Decision) and due.update:
            self.jobs.write(due.update)
        return event


def stored(content: bytes, width: int = 3840, height: int = 2160) -> Archived:
    """Return what the row says of this file in the bucket."""
    return Archived("archive", NAME, len(content), hashlib.sha256(content).hexdigest(), width, height, poster=True)


# Success


@pytest.mark.parametrize(
    ("file", "size"),
    [(UHD, (3840, 2160)), (MEDIA.uhd_portrait.read_bytes(), (2160, 3840)), (marked(UHD, "another task"), (3840, 2160))],
    ids=["as it should be", "upright", "with a box behind the video"],
)
def test_a_4k_file_is_stored_once_and_the_job_has_succeeded(file: bytes, size: tuple[int, int]) -> None:
    scene = Scene(file)

    assert scene.entry() == LogEntry(LogEvent.JOB_ARCHIVED, scene.job())
    assert (scene.job().state, scene.job().finished_at) == (State.SUCCEEDED, NOON)
    assert scene.job().archive == stored(scene.bucket.objects[NAME], *size) == stored(file, *size)
    assert scene.bucket.tags[NAME] == {"taskId": TASK, "index": "0", "run": "1"}
    assert scene.entry() == LogEntry(LogEvent.ARCHIVE_SKIPPED, scene.job())
    assert scene.downloads.opened == [URL, POSTER]


def test_the_poster_and_the_row_for_people_to_read_lie_beside_the_video() -> None:
    scene = Scene(UHD, job=replace(READY, tags={"title": "Café"}))
    scene.archive()

    mp4, jpg, row = (f"{BESIDE}.{suffix}" for suffix in ("mp4", "jpg", "json"))
    assert scene.bucket.types == {mp4: "video/mp4", jpg: "image/jpeg", row: "application/json"}
    assert scene.bucket.objects[jpg] == JPEG
    assert json.loads(scene.bucket.objects[row]) == scene.job().public()
    assert scene.job().public()["archive"]["poster"] is True
    assert '\n  "tags": {\n    "title": "Café"\n  }' in scene.bucket.objects[row].decode()


NO_POSTERS: dict[str, Served] = {
    "dead": DeadLinkError("404"),
    "huge": JPEG + bytes(LONGEST_POSTER),
    "a page": b"<html>not found</html>",
}


@pytest.mark.parametrize("poster", NO_POSTERS.values(), ids=NO_POSTERS)
def test_a_first_poster_that_cannot_be_had_fails_no_job_and_is_the_only_one(poster: Served) -> None:
    scene = Scene(UHD, poster=poster, job=replace(READY, image_urls=(POSTER, URL)))

    assert scene.archive() == "job_archived"
    assert scene.downloads.opened == [URL, POSTER]
    assert f"{BESIDE}.jpg" not in scene.bucket.objects
    assert "poster" not in scene.job().public()["archive"]


def test_a_bucket_that_refuses_the_poster_fails_no_job() -> None:
    scene = Scene(UHD)
    scene.faulty_bucket.fail("put", call=1)

    assert scene.archive() == "job_archived"
    assert "poster" not in scene.job().public()["archive"]


def test_a_poster_of_8_mib_is_kept_as_it_came() -> None:
    largest = JPEG[:4] + bytes(range(256)) * (LONGEST_POSTER // 256 - 1) + bytes(252)
    scene = Scene(UHD, poster=largest)
    scene.archive()

    is_kept = scene.bucket.objects[f"{BESIDE}.jpg"] == largest  # not compared in the assert, which would print 8 MiB
    assert is_kept


@pytest.mark.parametrize(
    ("times", "stop"), [({}, 870), ({"archive_lease": 100}, 100)], ids=["of the function", "of the lease"]
)
def test_downloads_stop_in_time_before_the_end(times: dict[str, Any], stop: float) -> None:
    """There is time left to write down how far they got."""
    scene = Scene(UHD, **times)
    scene.archive()

    assert scene.downloads.stops == [NOON + stop, NOON + stop]


# A try that is not the last

REFUSED = replace(READY, link_refusals=1)
POSTPONED, NOT_4K = LogEvent.ARCHIVE_POSTPONED, LogEvent.ARCHIVE_FILE_NOT_4K
EXPIRED = LogEvent.ARCHIVE_LINK_EXPIRED
DEAD, SMALL = DeadLinkError("404"), "1280x720 of 1280x720"
PAGES: list[bytes] = [
    b"<!DOCTYPE html><title>Just a moment...</title>",
    b'{"code":503,"msg":"busy"}',
    b"not found, try later",
    bytes(99),
]


class Try(NamedTuple):
    """What is served for a job, the event and why, and fields of the job then."""

    served: Served | MemoryBody
    event: LogEvent
    why: str
    row: dict[str, Any]
    job: Job = READY


TRIES = {
    "a body that ends early": Try(UHD[:-1000], POSTPONED, "ends inside a box", {"due": NOON + 60, "lease": None}),
    "a download that breaks off": Try(MemoryBody(UHD, DownloadError("reset")), POSTPONED, "reset", {}),
    "a third download": Try(
        DownloadError("down"), POSTPONED, "down", {"due": NOON + 240}, replace(READY, archive_attempts=2)
    ),
    "a page after a file below 4K": Try(
        PAGES[0], POSTPONED, "begins with CTYP, not with ftyp", {"not_4k": 1}, replace(READY, not_4k=1)
    ),
    "a dead link, whatever came before": Try(
        DEAD,
        POSTPONED,
        "404",
        {"link_dead": None, "link_refusals": 1, "due": NOON + 60},
        replace(READY, archive_attempts=5),
    ),
    "a link that stays dead": Try(DEAD, EXPIRED, "404", {"link_dead": True, "due": NOON + 120}, REFUSED),
    "the same of a job that was never requested": Try(
        DEAD, EXPIRED, "404", {"due": NOON + 60}, replace(REFUSED, requested_at=None)
    ),
    "the same after three tries": Try(DEAD, EXPIRED, "404", {"due": NOON + 480}, replace(REFUSED, archive_attempts=3)),
    "the base video": Try(BASE, NOT_4K, SMALL, {"link_dead": True, "not_4k": 1}),
    "a broken file": Try(UHD[:32] + bytes(64), NOT_4K, "bytes that are no box", {"link_dead": True, "not_4k": 1}),
}


@pytest.mark.parametrize("case", TRIES.values(), ids=TRIES)
def test_a_try_without_the_file_is_followed_by_another(case: Try) -> None:
    scene = Scene(case.served, job=case.job)

    assert scene.entry() == LogEntry(case.event, scene.job(), {"why": case.why})
    assert scene.bucket.objects == {}
    row = {"state": State.READY} | case.row
    assert {name: getattr(scene.job(), name) for name in row} == row


def test_a_dead_link_is_remembered_as_tried_without_its_text() -> None:
    scene = Scene(DEAD, job=REFUSED)
    scene.archive()

    assert replace(scene.job(), urls=()).has_tried(URL)
    assert URL not in str(scene.job().tried_links)


@pytest.mark.parametrize("first", [DEAD, *PAGES])
def test_a_file_that_is_at_its_host_a_minute_later_is_stored(first: Served) -> None:
    scene = Scene(first, UHD)

    assert [scene.archive(), scene.archive()] == ["archive_postponed", "job_archived"]


@pytest.mark.parametrize("fails", ["upload", "put", "runs"])
def test_a_bucket_or_table_out_of_reach_is_tried_again(fails: str) -> None:
    scene = Scene(UHD)
    scene.faulty_bucket.fail(fails)
    scene.faulty_jobs.fail(fails)

    assert scene.entry() == LogEntry(POSTPONED, scene.job(), {"why": DOWN})
    assert (scene.job().state, scene.job().due) == (State.READY, NOON + 60)
    assert (NAME in scene.bucket.objects) is (fails == "put")


# The end without the file

LAST = replace(READY, archive_attempts=9)
ENDS = {
    "the base video again": (BASE, replace(READY, not_4k=1), SMALL, Code.NOT_4K),
    "a broken download at the last try": (DownloadError("reset"), LAST, "reset", Code.ARCHIVE_FAILED),
    "a dead link at the last try": (DEAD, LAST, "404", Code.ARCHIVE_FAILED),
    "a link that stays dead at the last try": (DEAD, replace(LAST, link_refusals=1), "404", Code.ARCHIVE_FAILED),
    "no link": (DEAD, replace(READY, urls=()), "", Code.ARCHIVE_FAILED),
}


@pytest.mark.parametrize(("served", "job", "why", "error"), ENDS.values(), ids=ENDS)
def test_a_job_that_ends_without_its_file_says_what_stood_in_the_way(
    served: Served, job: Job, why: str, error: Code
) -> None:
    scene = Scene(served, job=job)

    assert scene.entry() == LogEntry(LogEvent.JOB_FAILED, scene.job(), {"why": why} if why else {})
    assert (scene.job().state, code(scene.job()), scene.bucket.objects) == (State.FAILED, error, {})
    assert scene.downloads.opened == list(job.urls)


def test_a_mislabelled_video_says_that_nothing_was_requested() -> None:
    scene = Scene(BASE, job=replace(READY, evidence=Evidence.LOOK, accepted_at=None, not_4k=3))

    assert scene.archive() == "job_failed"
    assert scene.job().error == Failure(Code.NOT_4K, MISLABELLED)


def test_pages_are_tried_as_often_as_any_failed_download_and_no_longer() -> None:
    scene = Scene(PAGES[0])

    assert [scene.archive() for _ in range(10)] == ["archive_postponed"] * 9 + ["job_failed"]
    assert code(scene.job()) is Code.ARCHIVE_FAILED


NO_FRESH_LINK = {
    "never accepted": {"accepted_at": None},
    "told a failure": {"failure_reported": True},
    "bought three times": {"acceptances": 3},
    "without an id to ask under": {"provider_api": ProviderApi.JOBS},
}


@pytest.mark.parametrize("fields", NO_FRESH_LINK.values(), ids=NO_FRESH_LINK)
def test_without_a_way_to_a_fresh_link_the_old_one_is_tried(fields: dict[str, Any]) -> None:
    job = replace(REFUSED, **fields)
    dead, small = Scene(DEAD, job=job), Scene(BASE, job=job)

    assert [dead.archived_when_due() for _ in range(10)] == ["archive_link_expired"] * 9 + ["job_failed"]
    assert [small.archived_when_due(), small.archived_when_due()] == ["archive_file_not_4k", "job_failed"]
    assert (code(dead.job()), code(small.job())) == (Code.ARCHIVE_FAILED, Code.NOT_4K)


# Leases


def test_while_one_archive_holds_the_lease_another_does_nothing() -> None:
    scene = Scene(UHD, job=replace(READY, lease="other", lease_until=NOON + 1))

    assert scene.archive() == "archive_skipped"
    assert scene.downloads.opened == []


def test_a_lease_that_ran_out_is_taken_over_and_strays_are_aborted() -> None:
    scene = Scene(UHD, job=replace(READY, lease="dead", lease_until=NOON))

    assert scene.archive() == "job_archived"
    assert scene.bucket.strays == [(NAME, inf)]


def test_an_archive_that_lost_its_lease_writes_nothing() -> None:
    succeeding, failing = Scene(UHD), Scene(DownloadError("reset"))
    succeeding.faulty_bucket.before("put", succeeding.lose_the_lease)
    failing.faulty_downloads.before("open", failing.lose_the_lease)

    for scene in (succeeding, failing):
        detail: Detail = {"why": "reset"} if scene is failing else {}
        assert scene.entry() == LogEntry(LogEvent.ARCHIVE_SUPERSEDED, scene.job(), detail)
        assert (scene.job().state, scene.job().lease) == (State.READY, "other")


def test_an_archive_superseded_by_an_end_is_logged_without_details() -> None:
    scene = Scene(job=replace(READY, urls=()))
    scene.faulty_jobs.before(
        "write", lambda write: scene.change(state=State.SUCCEEDED) if "error" in write.put else None
    )

    assert scene.entry() == LogEntry(LogEvent.ARCHIVE_SUPERSEDED, scene.job())


# The other indices of the task

SECOND = replace(READY, run=2, index=1)
FIRST_HAS_IT = replace(READY, state=State.SUCCEEDED, archive=stored(UHD))
SECOND_HAS_IT = replace(FIRST_HAS_IT, run=2, index=1)


@pytest.mark.parametrize(("job", "other"), [(SECOND, FIRST_HAS_IT), (READY, SECOND_HAS_IT)], ids=["second", "first"])
def test_the_same_file_as_another_index_is_no_success(job: Job, other: Job) -> None:
    scene = Scene(UHD, job=job)
    put(scene.jobs, other, TASK)

    why = "the same file as another index"
    assert scene.entry() == LogEntry(LogEvent.JOB_FAILED, scene.job(job.run), {"why": why})
    assert code(scene.job(job.run)) is Code.INDEX_AMBIGUOUS
    assert scene.bucket.objects == {}


@pytest.mark.parametrize(
    ("job", "other"),
    [(SECOND, replace(FIRST_HAS_IT, archive=stored(BASE))), (replace(READY, run=2), FIRST_HAS_IT)],
    ids=["another file behind the same link", "a second run of the same index"],
)
def test_another_file_or_another_run_of_the_index_is_a_success(job: Job, other: Job) -> None:
    """Links of two indices may differ in their queries alone, which the row does not show."""
    scene = Scene(UHD, job=job)
    put(scene.jobs, other, TASK)

    assert scene.archive() == "job_archived"
    assert f"videos/{TASK}/{job.index}/2.mp4" in scene.bucket.objects
