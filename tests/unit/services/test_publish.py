from collections.abc import Sequence
from dataclasses import replace

import pytest

from proofs.doubles.event_publisher_recording import RecordingEventPublisher
from proofs.doubles.faults import DOWN
from proofs.doubles.stage import Stage, words
from proofs.table.rows import BASE, NOW, PROCESSING, READY, SIGNED, put
from veo4k.domain import transitions
from veo4k.domain.job import Code, Failure, Job, Partition, State
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.ports import Change
from veo4k.domain.schedule import DAY, Times
from veo4k.services.publish import BASE_DELAY, Publisher

FAILED = replace(READY, state=State.FAILED, error=Failure(Code.NOT_4K, "why"), finished_at=NOW)
ANNOUNCED = replace(
    FAILED, partition=None, due=None, task_tokens=frozenset(), urls=(), image_urls=(), ttl=int(NOW) + 90 * DAY
)
ENDS = Change(READY, FAILED)


class Scene(Stage):
    """The publisher over doubles, and a table of these rows."""

    def __init__(self, *rows: Job, refused: Sequence[object] = (), keep_base: bool = True) -> None:
        super().__init__()
        self.events = RecordingEventPublisher(*refused)
        for row in rows:
            put(self.jobs, row, row.task_id)
        self.publisher = self.made(Publisher, events=self.events, retention_days=90, keep_base=keep_base)

    def publish(self, *changes: Change) -> list[LogEntry]:
        return self.publisher.publish(changes, NOW)


def test_results_go_to_the_archive_and_ends_to_the_bus_and_are_logged() -> None:
    ready, other = replace(READY, task_id="veo_task_number_0"), replace(READY, task_id="veo_task_number_1")
    scene = Scene(ready, other, FAILED, refused=[other.key])

    assert scene.publish(Change(PROCESSING, ready), Change(PROCESSING, other), ENDS) == [
        LogEntry(LogEvent.ARCHIVE_REQUESTED, ready),
        LogEntry(LogEvent.ARCHIVE_REQUEST_FAILED, other, {"error": "refused"}),
        LogEntry(LogEvent.ANNOUNCEMENT_SENT, ANNOUNCED),
    ]
    assert scene.events.archive == [ready.key, other.key]
    assert (scene.events.bus, scene.events.tasks) == ([FAILED.key], ["token-1:FAILED"])


def test_an_announced_end_leaves_the_due_index_and_keeps_all_that_is_public() -> None:
    scene = Scene(FAILED)
    scene.publish(ENDS)

    assert list(scene.jobs.due(Partition.LIVE, NOW + DAY)) == []
    assert scene.job().public() == FAILED.public()


@pytest.mark.parametrize(
    "change",
    [Change(FAILED, replace(FAILED, ttl=1)), Change(READY, replace(READY, ttl=1)), Change(None, PROCESSING)],
    ids=["of an ended job", "of a result", "that creates a job"],
)
def test_a_change_of_neither_state_nor_retrigger_id_publishes_nothing(change: Change) -> None:
    scene = Scene(change.new)

    assert scene.publish(change) == []
    assert (scene.events.bus, scene.events.archive) == ([], [])


def test_a_retriggered_job_is_sent_to_the_archive_again() -> None:
    scene = Scene(READY)
    scene.publish(Change(READY, replace(READY, retrigger_id="again")))

    assert scene.events.archive == [READY.key]


def test_what_the_bus_refused_stays_in_the_index_and_the_others_do_not() -> None:
    other = replace(FAILED, task_id="veo_task_another_one")
    scene = Scene(FAILED, other, refused=[FAILED.key])

    assert words(scene.publish(ENDS, Change(READY, other))) == ["announcement_failed", "announcement_sent"]
    assert list(scene.jobs.due(Partition.LIVE, NOW + 60)) == [FAILED.key]
    assert scene.job().on_bus is None


def test_a_task_token_that_could_not_be_sent_is_sent_again_without_the_event() -> None:
    ended = replace(FAILED, task_tokens=frozenset({"told", "token-1"}))
    scene = Scene(ended, refused=["token-1"])

    assert words(scene.publish(Change(READY, ended))) == ["announcement_failed"]
    left = scene.job()
    assert (left.on_bus, left.task_tokens, left.due) == (True, frozenset({"token-1"}), NOW + 60)
    assert words(scene.publish(Change(left, replace(left, retrigger_id="again")))) == ["announcement_superseded"]
    assert scene.events.bus == [FAILED.key]
    assert scene.events.tasks == ["token-1:FAILED", "told:FAILED", "token-1:FAILED"]


def test_all_that_was_not_published_is_logged() -> None:
    ended = replace(FAILED, task_tokens=frozenset({"a", "b", "c"}))
    scene = Scene(ended, refused=[ended.key, "a", "c"])

    (entry,) = scene.publish(Change(READY, ended))
    assert entry == LogEntry(LogEvent.ANNOUNCEMENT_FAILED, scene.job(), {"error": "refused; refused; refused"})
    assert scene.job().task_tokens == {"a", "c"}


def announced_for(seconds: float, *refused: object) -> tuple[LogEntry, Job]:
    ended = replace(FAILED, on_bus=FAILED.key not in refused or None, announcing_since=NOW - seconds)
    scene = Scene(ended, refused=refused)
    (entry,) = scene.publish(Change(READY, ended))
    return entry, scene.job()


@pytest.mark.parametrize(("seconds", "wait"), [(0, 60), (59, 60), (600, 600), (7200, 3600), (DAY - 1, 3600)])
def test_tries_of_a_refused_task_token_come_ever_later(seconds: float, wait: float) -> None:
    entry, job = announced_for(seconds, "token-1")

    assert entry == LogEntry(LogEvent.ANNOUNCEMENT_FAILED, job, {"error": "refused"})
    assert (job.due, job.announcing_since) == (NOW + wait, NOW - seconds)


def test_after_a_day_a_refused_task_token_is_abandoned_with_a_warning() -> None:
    entry, job = announced_for(DAY, "token-1")

    assert entry == LogEntry(LogEvent.TASK_TOKEN_ABANDONED, job, {"error": "refused"})
    assert (job.partition, job.task_tokens, job.on_bus, job.announcing_since) == (None, frozenset(), None, None)


def test_an_event_is_sent_until_the_bus_has_it() -> None:
    entry, job = announced_for(9 * DAY, FAILED.key, "token-1")

    assert (entry.event, entry.detail) == ("announcement_failed", {"error": "refused; refused"})
    assert (job.partition, job.task_tokens, job.due) == (Partition.LIVE, frozenset({"token-1"}), NOW + 3600)


def test_a_record_that_is_read_twice_brings_no_announcement_back() -> None:
    scene = Scene(FAILED)
    scene.publish(ENDS)
    scene.events.refused = ("token-1",)

    assert words(scene.publish(ENDS)) == ["announcement_superseded"]
    assert scene.job() == ANNOUNCED


def test_a_message_that_came_meanwhile_has_its_own_announcement() -> None:
    scene = Scene(FAILED)
    scene.jobs.write(transitions.repeat_announcement(FAILED, "second", "nudge", NOW, Times()))

    assert scene.publish(ENDS) == [LogEntry(LogEvent.ANNOUNCEMENT_SUPERSEDED, scene.job())]
    assert scene.job().task_tokens == {"token-1", "second"}


@pytest.mark.parametrize(("refused", "error"), [([], DOWN), (["token-1"], f"refused; {DOWN}")])
def test_an_unmarked_announcement_is_logged_with_the_error(refused: list[object], error: str) -> None:
    scene = Scene(FAILED, refused=refused)
    scene.faulty_jobs.fail("write")

    assert scene.publish(ENDS) == [LogEntry(LogEvent.ANNOUNCEMENT_MARK_FAILED, FAILED, {"error": error})]


def test_an_announcement_of_a_row_that_is_gone_names_the_job_it_was() -> None:
    assert Scene().publish(ENDS) == [LogEntry(LogEvent.ANNOUNCEMENT_SUPERSEDED, FAILED)]


# Base videos

SHOWN = replace(PROCESSING, base_url=SIGNED)
UNAVAILABLE = replace(FAILED, base_url=SHOWN.base_url)
NUDGED = Change(SHOWN, replace(SHOWN, retrigger_id="again"))


@pytest.mark.parametrize(
    ("changes", "sent"),
    [
        ([Change(None, SHOWN)], [0]),
        ([Change(PROCESSING, SHOWN)], [0]),
        ([Change(replace(SHOWN, state=State.SUBMITTING), SHOWN)], [BASE_DELAY]),
        ([NUDGED], [BASE_DELAY]),
        ([Change(PROCESSING, SHOWN), NUDGED], [0]),
        ([Change(SHOWN, replace(SHOWN, ttl=1))], []),
        ([Change(PROCESSING, replace(SHOWN, base=BASE))], []),
    ],
    ids=["new row", "appears", "new state", "nudged", "appears and nudged", "nothing new", "kept"],
)
def test_a_base_video_that_is_not_kept_is_requested(changes: list[Change], sent: list[int]) -> None:
    scene = Scene(SHOWN)

    assert Scene(SHOWN, keep_base=False).publish(*changes) == []
    assert words(scene.publish(*changes)) == ["base_requested"] * len(sent)
    assert scene.events.bases == [(SHOWN.key, delay) for delay in sent]


@pytest.mark.parametrize(
    ("keep_base", "ended", "link"),
    [
        (True, UNAVAILABLE, SHOWN.base_url),
        (True, replace(UNAVAILABLE, base=BASE), None),
        (False, UNAVAILABLE, None),
    ],
    ids=["requested", "kept", "off"],
)
def test_the_base_videos_link_stays_until_its_message_is_done(keep_base: bool, ended: Job, link: str | None) -> None:
    scene = Scene(ended, keep_base=keep_base)
    scene.publish(Change(SHOWN, ended))

    assert (scene.job().partition, scene.job().base_url) == (None, link)


@pytest.mark.parametrize(("since", "on_bus", "link"), [(NOW, True, SHOWN.base_url), (NOW - DAY, None, None)])
def test_an_end_stays_due_until_its_base_video_is_requested(
    since: float, on_bus: bool | None, link: str | None
) -> None:
    ended = replace(UNAVAILABLE, announcing_since=since)
    scene = Scene(ended, refused=["base"])

    assert words(scene.publish(Change(SHOWN, ended)))[0] == "base_request_failed"
    assert scene.events.bus == [ended.key]
    assert (scene.job().on_bus, scene.job().base_url) == (on_bus, link)


def test_an_end_that_is_announced_again_requests_a_base_video_that_is_not_kept() -> None:
    """So an operator gets back what lay in the archive's dead-letter queue."""
    scene = Scene(UNAVAILABLE)
    scene.publish(Change(SHOWN, UNAVAILABLE))
    announced = scene.job()
    scene.jobs.write(transitions.repeat_announcement(announced, None, "again", NOW, Times()))
    scene.publish(Change(announced, scene.job()))

    assert scene.events.bases == [(UNAVAILABLE.key, BASE_DELAY)] * 2
