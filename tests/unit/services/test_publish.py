from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

import pytest

from proofs.doubles.faults import DOWN, FaultInjector
from proofs.doubles.jobs_memory import MemoryJobs
from proofs.doubles.stage import TASK, URL
from proofs.doubles.time_manual import NOON
from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate
from veo4k.domain.job import Archived, Code, Failure, Job, Key, Partition, State
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.ports import Change, Jobs
from veo4k.domain.schedule import Times
from veo4k.services.publish import BASE_DELAY, DAY, Publisher

READY = Job(
    task_id=TASK,
    run=1,
    index=0,
    state=State.READY,
    created_at=NOON,
    requests_sent=1,
    urls=(URL,),
    partition=Partition.LIVE,
    due=NOON,
    task_tokens=frozenset({"token"}),
)
WORKING = replace(READY, state=State.PROCESSING, urls=())
FAILED = replace(READY, state=State.FAILED, error=Failure(Code.NOT_4K, "why"), finished_at=NOON)


class RecordingEventPublisher:
    """Remembers what it is given; refuses the keys and tokens named in `refused`."""

    def __init__(self, *refused: object) -> None:
        self.refused = refused
        self.archive: list[Key] = []
        self.bases: list[tuple[Key, int]] = []
        self.bus: list[Key] = []
        self.tasks: list[str] = []

    def send_to_archive(self, jobs: Sequence[Job]) -> Mapping[Key, str]:
        """Remember READY jobs."""
        self.archive += [job.key for job in jobs]
        return {job.key: "refused" for job in jobs if job.key in self.refused}

    def send_bases_to_archive(self, jobs: Sequence[Job], delay: int) -> Mapping[Key, str]:
        """Remember requests of base videos; a run is refused as "base"."""
        self.bases += [(job.key, delay) for job in jobs]
        return {job.key: "refused" for job in jobs if "base" in self.refused}

    def send_to_bus(self, jobs: Sequence[Job]) -> Mapping[Key, str]:
        """Remember ends."""
        self.bus += [job.key for job in jobs]
        return {job.key: "refused" for job in jobs if job.key in self.refused}

    def send_to_task(self, job: Job, token: str) -> str:
        """Remember tokens."""
        self.tasks.append(f"{token}:{job.state}")
        return "refused" if token in self.refused else ""


def publisher(*rows: Job, refused: Sequence[object] = ()) -> tuple[Publisher, RecordingEventPublisher, MemoryJobs]:
    jobs, announcements = MemoryJobs(), RecordingEventPublisher(*refused)
    for row in rows:
        fields = {name: getattr(row, name) for name in Job.__dataclass_fields__}
        jobs.write(ConditionalUpdate(key=row.key, put=fields))
    return Publisher(jobs, announcements, retention_days=90, keep_base=True, times=Times()), announcements, jobs


def job_of(jobs: MemoryJobs) -> Job:
    job = jobs.get(FAILED.key)
    assert job is not None
    return job


def events(at: Publisher, *changes: Change) -> list[str]:
    return [entry.event for entry in at.publish(changes, NOON)]


def entries(at: Publisher, *changes: Change) -> list[LogEntry]:
    return at.publish(changes, NOON)


def test_a_ready_job_is_handed_to_the_archive() -> None:
    at, announcements, _ = publisher(READY)

    assert events(at, Change(WORKING, READY)) == ["archive_requested"]
    assert announcements.archive == [READY.key]


def test_an_end_is_announced_once_and_leaves_the_due_index() -> None:
    at, announcements, jobs = publisher(FAILED)

    assert events(at, Change(READY, FAILED)) == ["announcement_sent"]
    assert (announcements.bus, announcements.tasks) == ([FAILED.key], ["token:FAILED"])
    assert list(jobs.due(Partition.LIVE, NOON + DAY)) == []


def test_with_the_announcement_tokens_and_private_links_go() -> None:
    at, _, jobs = publisher(FAILED)
    events(at, Change(READY, FAILED))
    row = jobs.get(FAILED.key)

    assert row is not None
    assert (row.task_tokens, row.urls, row.ttl) == (frozenset(), (), int(NOON) + 90 * DAY)
    assert row.public() == FAILED.public()


def test_a_change_of_neither_state_nor_retrigger_id_publishes_nothing() -> None:
    at, announcements, _ = publisher(FAILED)

    assert events(at, Change(FAILED, replace(FAILED, ttl=1))) == []
    assert (announcements.bus, announcements.archive) == ([], [])


def test_a_retriggered_job_is_sent_to_the_archive_again() -> None:
    retriggered = replace(READY, retrigger_id="again")
    at, announcements, _ = publisher(retriggered)
    events(at, Change(READY, retriggered))

    assert announcements.archive == [READY.key]


def test_a_new_job_publishes_nothing() -> None:
    at, announcements, _ = publisher(WORKING)

    assert events(at, Change(None, WORKING)) == []
    assert announcements.archive == []


def test_what_the_bus_refused_stays_in_the_index_and_the_others_do_not() -> None:
    other = replace(FAILED, task_id="veo_task_another_one")
    at, _, jobs = publisher(FAILED, other, refused=[FAILED.key])

    assert events(at, Change(READY, FAILED), Change(READY, other)) == ["announcement_failed", "announcement_sent"]
    assert list(jobs.due(Partition.LIVE, NOON + 60)) == [FAILED.key]
    assert job_of(jobs).on_bus is None


def test_a_task_token_that_could_not_be_sent_is_sent_again_without_the_event() -> None:
    ended = replace(FAILED, task_tokens=frozenset({"told", "token"}))
    at, announcements, jobs = publisher(ended, refused=["token"])

    assert events(at, Change(READY, ended)) == ["announcement_failed"]
    left = job_of(jobs)
    assert (left.on_bus, left.task_tokens, left.due) == (True, frozenset({"token"}), NOON + 60)
    assert events(at, Change(left, replace(left, retrigger_id="again"))) == ["announcement_superseded"]
    assert announcements.bus == [FAILED.key]
    assert announcements.tasks == ["token:FAILED", "told:FAILED", "token:FAILED"]


def announced_for(seconds: float, *refused: object) -> tuple[list[LogEntry], Job]:
    ended = replace(FAILED, on_bus=FAILED.key not in refused or None, announcing_since=NOON - seconds)
    at, _, jobs = publisher(ended, refused=refused)
    return entries(at, Change(READY, ended)), job_of(jobs)


@pytest.mark.parametrize(("seconds", "wait"), [(0, 60), (59, 60), (600, 600), (7200, 3600), (DAY - 1, 3600)])
def test_tries_of_a_refused_task_token_come_ever_later(seconds: float, wait: float) -> None:
    (entry,), job = announced_for(seconds, "token")

    assert (entry.event, job.due, job.announcing_since) == ("announcement_failed", NOON + wait, NOON - seconds)


def test_after_a_day_a_refused_task_token_is_abandoned_with_a_warning() -> None:
    (entry,), job = announced_for(DAY, "token")

    assert entry == LogEntry(LogEvent.TASK_TOKEN_ABANDONED, job, {"error": "refused"})
    assert (job.partition, job.task_tokens, job.on_bus, job.announcing_since) == (None, frozenset(), None, None)


def test_an_event_is_sent_until_the_bus_has_it() -> None:
    (entry,), job = announced_for(9 * DAY, FAILED.key, "token")

    assert (entry.event, entry.detail) == ("announcement_failed", {"error": "refused; refused"})
    assert (job.partition, job.task_tokens, job.due) == (Partition.LIVE, frozenset({"token"}), NOON + 3600)


def test_a_record_that_is_read_twice_brings_no_announcement_back() -> None:
    at, announcements, jobs = publisher(FAILED)
    events(at, Change(READY, FAILED))
    announcements.refused = ("token",)

    assert events(at, Change(READY, FAILED)) == ["announcement_superseded"]
    assert (job_of(jobs).partition, job_of(jobs).task_tokens) == (None, frozenset())


def test_a_message_that_came_meanwhile_has_its_own_announcement() -> None:
    at, _, jobs = publisher(FAILED)
    jobs.write(transitions.repeat_announcement(FAILED, "second", "nudge", NOON, Times()))

    assert events(at, Change(READY, FAILED)) == ["announcement_superseded"]
    row = jobs.get(FAILED.key)
    assert row is not None
    assert row.task_tokens == {"token", "second"}


def test_an_announcement_that_cannot_be_marked_is_no_failure() -> None:
    at, _, jobs = publisher(FAILED)
    faulty = FaultInjector(jobs)
    faulty.fail("write")
    at = replace(at, jobs=cast("Jobs", faulty))

    assert events(at, Change(READY, FAILED)) == ["announcement_mark_failed"]


def test_an_unreachable_archive_queue_is_logged() -> None:
    at, _, _ = publisher(READY, refused=[READY.key])

    assert events(at, Change(WORKING, READY)) == ["archive_request_failed"]


def test_each_log_entry_names_its_job() -> None:
    ready, other = replace(READY, task_id="veo_task_number_0"), replace(READY, task_id="veo_task_number_1")
    at, _, _ = publisher(ready, FAILED, other, refused=[other.key])

    assert entries(at, Change(WORKING, ready), Change(WORKING, other), Change(READY, FAILED)) == [
        LogEntry(LogEvent.ARCHIVE_REQUESTED, ready),
        LogEntry(LogEvent.ARCHIVE_REQUEST_FAILED, other, {"error": "refused"}),
        LogEntry(
            LogEvent.ANNOUNCEMENT_SENT,
            replace(FAILED, partition=None, due=None, task_tokens=frozenset(), urls=(), ttl=int(NOON) + 90 * DAY),
        ),
    ]


def test_all_that_was_not_published_is_returned() -> None:
    ended = replace(FAILED, task_tokens=frozenset({"a", "b", "c"}))
    at, announcements, _ = publisher(ended, refused=[ended.key, "a", "c"])

    (entry,) = entries(at, Change(READY, ended))
    assert (entry.event, entry.detail) == ("announcement_failed", {"error": "refused; refused; refused"})
    assert entry.job is not None
    assert entry.job.task_tokens == {"a", "c"}
    assert announcements.tasks == ["a:FAILED", "b:FAILED", "c:FAILED"]


def test_only_a_task_token_that_could_not_be_sent_is_returned() -> None:
    at, _, jobs = publisher(FAILED, refused=["token"])

    assert entries(at, Change(READY, FAILED)) == [
        LogEntry(LogEvent.ANNOUNCEMENT_FAILED, job_of(jobs), {"error": "refused"})
    ]


@pytest.mark.parametrize(("refused", "error"), [([], DOWN), (["token"], f"refused; {DOWN}")])
def test_an_unmarked_announcement_is_logged_with_the_error(refused: list[object], error: str) -> None:
    at, _, jobs = publisher(FAILED, refused=refused)
    faulty = FaultInjector(jobs)
    faulty.fail("write")
    at = replace(at, jobs=cast("Jobs", faulty))

    assert entries(at, Change(READY, FAILED)) == [LogEntry(LogEvent.ANNOUNCEMENT_MARK_FAILED, FAILED, {"error": error})]


def test_a_superseded_announcement_shows_the_row_as_it_is() -> None:
    at, _, jobs = publisher(FAILED)
    jobs.write(transitions.repeat_announcement(FAILED, "second", "nudge", NOON, Times()))

    assert entries(at, Change(READY, FAILED)) == [LogEntry(LogEvent.ANNOUNCEMENT_SUPERSEDED, jobs.get(FAILED.key))]


def test_an_announcement_of_a_row_that_is_gone_names_the_job_it_was() -> None:
    at, _, _ = publisher()

    assert entries(at, Change(READY, FAILED)) == [LogEntry(LogEvent.ANNOUNCEMENT_SUPERSEDED, FAILED)]


def test_without_anything_to_publish_no_client_is_called() -> None:
    class Silent(RecordingEventPublisher):
        def send_to_archive(self, jobs: Sequence[Job]) -> Mapping[Key, str]:
            assert jobs, "called with nothing"
            return super().send_to_archive(jobs)

        def send_to_bus(self, jobs: Sequence[Job]) -> Mapping[Key, str]:
            assert jobs, "called with nothing"
            return super().send_to_bus(jobs)

    at, _, _ = publisher(FAILED)
    silent = replace(at, events=Silent())

    assert entries(silent, Change(READY, replace(READY, ttl=1))) == []
    assert events(silent, Change(WORKING, READY)) == ["archive_requested"]
    assert events(silent, Change(READY, FAILED)) == ["announcement_sent"]


# Base videos

SHOWN = replace(WORKING, base_url=f"{URL}&base=1")
UNAVAILABLE = replace(FAILED, base_url=SHOWN.base_url)
KEPT = Archived("bucket", "videos/x/0/1.base.mp4", 1, "ab", 1280, 720)


@pytest.mark.parametrize(
    ("changes", "sent"),
    [
        ([Change(None, SHOWN)], [0]),
        ([Change(WORKING, SHOWN)], [0]),
        ([Change(replace(SHOWN, state=State.SUBMITTING), SHOWN)], [BASE_DELAY]),
        ([Change(SHOWN, replace(SHOWN, retrigger_id="again"))], [BASE_DELAY]),
        ([Change(WORKING, SHOWN), Change(SHOWN, replace(SHOWN, retrigger_id="again"))], [0]),
        ([Change(SHOWN, replace(SHOWN, ttl=1))], []),
        ([Change(WORKING, replace(SHOWN, base=KEPT))], []),
    ],
    ids=["new row", "appears", "new state", "nudged", "appears and nudged", "nothing new", "kept"],
)
def test_a_base_video_that_is_not_kept_is_requested(changes: list[Change], sent: list[int]) -> None:
    at, announcements, _ = publisher(SHOWN)
    off = replace(at, keep_base=False)

    assert events(off, *changes) == []
    assert events(at, *changes) == ["base_requested"] * len(sent)
    assert announcements.bases == [(SHOWN.key, delay) for delay in sent]


@pytest.mark.parametrize(
    ("keep_base", "ended", "link"),
    [
        (True, UNAVAILABLE, SHOWN.base_url),
        (True, replace(UNAVAILABLE, base=KEPT), None),
        (False, UNAVAILABLE, None),
    ],
    ids=["requested", "kept", "off"],
)
def test_the_base_videos_link_stays_until_its_message_is_done(keep_base: bool, ended: Job, link: str | None) -> None:
    at, _, jobs = publisher(ended)
    events(replace(at, keep_base=keep_base), Change(SHOWN, ended))

    assert (job_of(jobs).partition, job_of(jobs).base_url) == (None, link)


@pytest.mark.parametrize(("since", "told", "link"), [(NOON, True, SHOWN.base_url), (NOON - DAY, None, None)])
def test_an_end_stays_due_until_its_base_video_is_requested(since: float, told: bool, link: str | None) -> None:
    ended = replace(UNAVAILABLE, announcing_since=since)
    at, announcements, jobs = publisher(ended, refused=["base"])

    assert events(at, Change(SHOWN, ended))[0] == "base_request_failed"
    assert announcements.bus == [ended.key]
    assert (job_of(jobs).on_bus, job_of(jobs).base_url) == (told, link)
