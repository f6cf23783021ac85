"""The free look before a request: submit's, and the sweep's."""

import json
from functools import partial

import pytest

from proofs.doubles.responses import LOST, NO_CREDITS, NOT_FOUND, WORKING
from proofs.doubles.stage import KEY, TASK, Stage, words
from tests.unit.services.exchanges import OTHER, asked, code, message
from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate, Updated, is_
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import Pace
from veo4k.domain.job import Code, Evidence, Failure, Partition, State
from veo4k.domain.look import BaseRecord, Unanswered
from veo4k.domain.response import Meaning
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.wait_reason import WaitReason

LINKS = ("https://file.example/0.mp4", "https://file.example/1.mp4")
DONE = BaseRecord(status=Meaning.DONE, links=LINKS)
IN_4K = BaseRecord(status=Meaning.DONE, links=LINKS, is_4k=True)
GENERATING = BaseRecord(status=Meaning.WORKING)
LEGACY = BaseRecord(status=Meaning.DONE, links=LINKS, is_legacy=True)


def stage_seeing(look: BaseRecord | Unanswered) -> Stage:
    stage = Stage(WORKING)
    stage.provider.looks = {TASK: look}
    return stage


def queued_seeing(look: BaseRecord | Unanswered) -> Stage:
    """Return a stage whose job was queued unseen while the gate was paused."""
    stage = stage_seeing(look)
    stage.gate.pause("NO_CREDITS", stage.clock.now(), "")
    stage.ask()
    stage.gate.resume()
    return stage


def two_runs(look: BaseRecord) -> Stage:
    """Return a stage on which the first run is under way, the second waits for it, and a look shows this since."""
    stage = stage_seeing(DONE)
    stage.ask()
    stage.ask(index=1)
    stage.provider.looks = {TASK: look}
    return stage


def test_a_look_comes_before_the_slot_and_keeps_the_base_videos_link() -> None:
    stage = stage_seeing(DONE)

    assert stage.ask(index=1) == ["job_created", "request_accepted"]
    assert (stage.provider.looked_at, stage.job().base_url) == ([TASK], LINKS[1])


@pytest.mark.parametrize(
    ("look", "state", "events"),
    [
        (IN_4K, State.READY, ["job_queued", "result_received"]),
        (LEGACY, State.FAILED, ["job_queued", "job_failed"]),
        (GENERATING, State.QUEUED, ["job_queued", "base_awaited"]),
        (Unanswered.LATER, State.QUEUED, ["job_queued", "look_postponed"]),
    ],
)
def test_what_a_look_settles_takes_no_slot_and_no_request(
    look: BaseRecord | Unanswered, state: State, events: list[str]
) -> None:
    stage = stage_seeing(look)

    assert stage.ask() == events
    assert (stage.job().state, stage.provider.submitted, stage.gate.given) == (state, [], [])
    assert stage.job().base_url == (LINKS[0] if look is LEGACY else None)


def test_one_look_serves_all_messages_of_a_task() -> None:
    stage = stage_seeing(IN_4K)
    entries = stage.receive(message(), message(index=1))

    assert stage.provider.looked_at == [TASK]
    assert words(entries) == ["job_queued", "result_received", "job_queued"]
    assert (stage.job().evidence, stage.job().urls, stage.job().accepted_at) == (Evidence.LOOK, LINKS[:1], None)
    assert stage.job(2).wait_reason == WaitReason.EARLIER_RUN


def test_a_look_whose_outcome_cannot_be_written_is_taken_again_by_the_sweep() -> None:
    stage = stage_seeing(IN_4K)
    stage.faulty_jobs.fail("write", call=2)

    assert stage.ask() == ["job_queued", "message_store_failed"]
    assert stage.sweep(after=1) == ["result_received"]


@pytest.mark.parametrize(("after", "looks"), [(61, 1), (301, 2)])
def test_a_look_at_a_message_that_got_no_slot_counts_for_five_minutes(after: float, looks: int) -> None:
    stage = stage_seeing(DONE)
    stage.faulty_gate.fail("reserve", call=1)

    assert stage.ask()[-1] == "job_queued"
    assert stage.job().base_url == LINKS[0]
    assert stage.sweep(after=after) == ["request_claimed", "request_accepted"]
    assert stage.provider.looked_at == [TASK] * looks


@pytest.mark.parametrize("by_sweep", [False, True], ids=["by submit", "by a sweep"])
def test_a_look_before_a_refused_request_counts_for_five_minutes(by_sweep: bool) -> None:
    stage = Stage(*[NO_CREDITS] * (1 + by_sweep), WORKING)
    stage.provider.looks = {TASK: DONE}
    stage.ask()
    if by_sweep:
        stage.sweep(after=301)
    looks = len(stage.provider.looked_at)

    assert stage.sweep(after=121)[-1] == "request_accepted"
    assert (looks, len(stage.provider.looked_at)) == (1 + by_sweep, looks)


@pytest.mark.parametrize("missing", ["gate", "key", "reading of the key"])
def test_without_gate_or_key_there_is_no_look(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = stage_seeing(IN_4K)

    def unreadable() -> WaitReason | None:
        raise StorageError("GetSecretValue: Throttling")

    if missing == "gate":
        stage.faulty_gate.fail("free")
    elif missing == "key":
        stage.provider.unset = WaitReason.API_KEY_UNSET
    else:
        monkeypatch.setattr(stage.provider, "unset_secret", unreadable)
    stage.ask()

    assert stage.provider.looked_at == []
    assert (stage.provider.submitted, stage.job().state) == ([], State.QUEUED)


def test_while_the_gate_is_paused_nobody_looks() -> None:
    stage = queued_seeing(IN_4K)

    assert (stage.provider.looked_at, stage.job().state) == ([], State.QUEUED)


def test_a_message_that_comes_again_heeds_its_look_too() -> None:
    stage = queued_seeing(LEGACY)
    stage.clock.advance(61)

    assert words(stage.receive(message(), again="message1")) == ["message_redelivered", "job_failed"]
    assert stage.provider.submitted == []


def test_the_sweep_looks_before_its_first_claim() -> None:
    stage = queued_seeing(DONE)

    assert stage.sweep(after=61) == ["request_claimed", "request_accepted"]
    assert (stage.provider.looked_at, stage.job().base_url) == ([TASK], LINKS[0])


def test_the_sweep_looks_at_nothing_where_the_gate_cannot_be_read() -> None:
    stage = queued_seeing(DONE)
    stage.faulty_gate.fail("free")

    assert stage.sweep(after=61) == ["sweep_interrupted"]
    assert (stage.provider.looked_at, stage.provider.submitted) == ([], [])


def test_the_sweep_pays_nothing_for_what_its_look_settles() -> None:
    stage = queued_seeing(LEGACY)

    assert stage.sweep(after=61) == ["job_failed"]
    assert (stage.provider.submitted, stage.gate.given) == ([], [])


def test_what_a_look_settles_but_cannot_be_written_is_looked_at_again() -> None:
    stage = queued_seeing(LEGACY)
    stage.faulty_jobs.fail("write")

    assert stage.sweep(after=61) == ["job_skipped"]
    assert (stage.job().state, stage.provider.submitted) == (State.QUEUED, [])


def test_a_look_without_an_answer_is_passed_over_the_second_time() -> None:
    stage = stage_seeing(Unanswered.LATER)
    stage.ask()

    assert stage.sweep(after=61) == ["request_claimed", "request_accepted"]
    assert stage.provider.looked_at == [TASK, TASK]


def test_a_job_waits_for_its_base_video_and_is_requested_once_it_is_finished() -> None:
    stage = stage_seeing(GENERATING)
    stage.ask()
    assert stage.job().partition is Partition.LIVE
    assert stage.sweep(after=299) == []
    assert stage.sweep(after=2) == ["look_claimed"]
    assert stage.job().due == stage.clock.now() + 600

    stage.provider.looks = {TASK: DONE}
    assert stage.sweep(after=600) == ["look_claimed", "base_finished", "request_claimed", "request_accepted"]
    assert stage.job().base_url == LINKS[0]


def test_at_the_deadline_nothing_is_paid_before_one_more_look() -> None:
    stage = stage_seeing(GENERATING)
    stage.ask()
    stage.provider.looks = {TASK: IN_4K}

    assert stage.sweep(after=86_401) == ["base_finished", "result_received"]
    assert (stage.job().evidence, stage.provider.submitted) == (Evidence.LOOK, [])


def test_while_the_gate_is_paused_a_job_waits_on_for_its_base_video() -> None:
    stage = stage_seeing(GENERATING)
    stage.ask()
    stage.provider.looks = {TASK: DONE}
    stage.gate.pause_by_hand()

    assert stage.sweep(after=301) == ["look_claimed"]
    assert (stage.provider.looked_at, stage.job().state) == ([TASK], State.QUEUED)


def test_no_slot_passes_on_to_a_job_without_a_look() -> None:
    stage = Stage(WORKING)
    stage.provider.looks = {TASK: LEGACY, OTHER: DONE}
    stage.gate.pace = Pace(daily=1)
    stage.gate.pause_by_hand()
    stage.receive(message(), message(OTHER))
    stage.gate.resume()

    assert stage.sweep(after=61) == ["job_failed"]
    assert stage.provider.looked_at == [TASK]
    assert stage.sweep(after=30) == ["request_claimed", "request_accepted"]
    assert stage.provider.looked_at == [TASK, OTHER]


@pytest.mark.parametrize(("effect", "call"), [("get", 1), ("get", 2), ("write", 1), ("write", 2)])
def test_a_look_that_cannot_be_written_down_is_left_for_the_next_sweep(effect: str, call: int) -> None:
    stage = stage_seeing(GENERATING)
    stage.ask()
    stage.provider.looks = {TASK: DONE}
    stage.clock.advance(301)
    stage.faulty_jobs.fail(effect, call=call)

    assert "job_skipped" in stage.sweep()
    assert stage.job().state is State.QUEUED


def test_a_404_for_a_task_that_a_look_has_shown_pauses_the_gate() -> None:
    stage = Stage(NOT_FOUND)
    stage.provider.looks = {TASK: DONE}

    assert stage.ask() == ["job_created", "gate_paused", "request_deferred"]
    assert (stage.gate.row.reason, stage.job().wait_reason) == (WaitReason.PATH_GONE, WaitReason.PATH_GONE)


def test_a_404_for_one_task_pauses_nothing_where_another_was_understood() -> None:
    stage = Stage(WORKING, NOT_FOUND)
    stage.provider.looks = {TASK: DONE}
    stage.ask(OTHER)

    assert stage.ask() == ["job_created", "response_unclear"]
    assert (stage.gate.row.reason, stage.job().wait_reason) == ("", WaitReason.NOT_FOUND)


@pytest.mark.parametrize("shown", [Unanswered.NOTHING, DONE], ids=["never seen", "seen before"])
def test_a_404_for_a_task_that_nobody_knows_ends_the_job(shown: BaseRecord | Unanswered) -> None:
    stage = Stage(NOT_FOUND)
    stage.provider.looks = {TASK: shown}
    stage.ask()
    stage.provider.looks = {TASK: Unanswered.NO_SUCH_TASK}

    assert stage.sweep(after=301) == ["job_failed"]
    assert code(stage.job()) is Code.INVALID_TASK


def test_a_request_whose_response_was_lost_is_repeated_without_a_look() -> None:
    stage = asked(LOST, WORKING)
    stage.provider.looks = {TASK: LEGACY}

    assert stage.sweep(after=121) == ["request_claimed", "request_accepted"]
    assert stage.provider.looked_at == [TASK]


def test_a_second_run_is_looked_at_only_in_its_turn() -> None:
    stage = two_runs(LEGACY)

    assert stage.sweep(after=121) == ["request_postponed"]
    assert stage.job(2).state is State.QUEUED
    stage.change(state=State.FAILED)
    assert "job_failed" in stage.sweep(after=121)
    assert stage.job(2).state is State.FAILED


def test_a_second_run_that_was_looked_at_is_requested_only_in_its_turn() -> None:
    stage = two_runs(DONE)
    second = stage.job(2)
    seen = {"looked_at": stage.clock.now()}
    stage.jobs.write(ConditionalUpdate(key=second.key, when=(is_("state", second.state),), put=seen))

    assert stage.sweep(after=121) == ["request_postponed"]


@pytest.mark.parametrize("method", ["runs", "write"])
def test_a_turn_that_cannot_be_read_or_postponed_is_left_for_the_next_sweep(method: str) -> None:
    stage = two_runs(DONE)
    stage.faulty_jobs.fail(method)

    assert stage.sweep(after=121) == ["job_skipped"]
    assert stage.provider.looked_at == [TASK, TASK]


def test_a_forced_run_passes_over_a_label_that_was_false() -> None:
    stage = stage_seeing(IN_4K)
    stage.ask()
    stage.change(state=State.FAILED, error=Failure(Code.NOT_4K, ""))

    assert stage.ask(force=True) == ["job_queued"]
    assert stage.sweep(after=11) == ["request_claimed", "request_accepted"]
    assert stage.job(2).passes_label is True


def test_a_dead_link_that_a_look_has_shown_is_looked_up_again() -> None:
    stage = stage_seeing(IN_4K)
    stage.ask()
    stage.change(link_dead=True, due=stage.clock.now())

    assert stage.sweep(after=1) == ["look_claimed", "link_refreshed"]
    assert (stage.job().link_dead, stage.provider.polled, stage.provider.submitted) == (None, [], [])


def fetch_in_vain(stage: Stage, *, not_4k: bool) -> None:
    """Let the archive try the link, if it may, and find it dead or not 4K."""
    now = stage.clock.now()
    claimed = stage.jobs.write(transitions.claim_archive(KEY, "lease", now, stage.times))
    if isinstance(claimed, Updated):
        stage.jobs.write(transitions.request_link(claimed.job, now + 60, not_4k=not_4k))


@pytest.mark.parametrize("not_4k", [False, True])
def test_a_result_of_a_look_ends_though_its_record_is_gone(not_4k: bool) -> None:
    stage = stage_seeing(IN_4K)
    stage.ask()
    stage.provider.looks = {TASK: Unanswered.NO_SUCH_TASK}
    for _ in range(40):
        fetch_in_vain(stage, not_4k=not_4k)
        stage.sweep(after=4 * 3600)

    assert (stage.job().state, code(stage.job())) == (State.FAILED, Code.ARCHIVE_FAILED)


def test_a_result_of_a_look_waits_for_its_host_and_is_not_paid() -> None:
    stage = stage_seeing(BaseRecord(status=Meaning.DONE, links=("https://new.example/0.mp4",), is_4k=True))

    assert stage.ask() == ["job_queued", "result_host_blocked"]
    assert (stage.job().state, stage.job().partition) == (State.QUEUED, Partition.LIVE)
    assert stage.sweep(after=900) == ["result_host_blocked"]
    stage.hosts = ResultHosts.parse("new.example", "https://api.example")
    assert stage.sweep(after=3600) == ["result_received"]
    assert (stage.job().state, stage.job().evidence, stage.provider.submitted) == (State.READY, Evidence.LOOK, [])


@pytest.mark.parametrize("is_paused", [False, True])
def test_a_slot_of_a_settled_task_buys_no_task_unseen(is_paused: bool) -> None:
    ids = [f"veo_task_number_{number}" for number in range(5)]
    stage = Stage(WORKING)
    stage.provider.looks = {**dict.fromkeys(ids[:2], IN_4K), **dict.fromkeys(ids[2:], LEGACY)}
    if is_paused:
        stage.gate.pause("NO_CREDITS", stage.clock.now(), "")
        stage.clock.advance(61)
    else:
        stage.gate.reserve(38, stage.clock.now())
    free = stage.gate.free(len(ids), stage.clock.now())
    stage.receive(*(json.dumps({"taskId": task}) for task in ids))

    assert 0 < free < len(ids)
    assert (stage.provider.looked_at, stage.provider.submitted) == (ids[:free], [])
    assert {stage.job(task_id=task).state for task in ids[free:]} == {State.QUEUED}


def test_slots_that_another_sweep_leaves_buy_no_task_unseen() -> None:
    ids = [f"veo_task_number_{number:02}" for number in range(40)]
    stage = Stage(WORKING)
    stage.gate.pause("NO_CREDITS", stage.clock.now(), "")
    stage.receive(*(json.dumps({"taskId": task}) for task in ids))
    stage.gate.resume()
    stage.provider.looks = dict.fromkeys(ids[20:], LEGACY)
    stage.faulty_jobs.before("write", partial(claim_elsewhere, stage, ids[:20]))
    stage.sweep(after=61)

    assert [task for task in ids if f"{task}#0#1" in stage.provider.submitted] == []
    assert {stage.job(task_id=task).state for task in ids[20:]} == {State.FAILED}


def claim_elsewhere(stage: Stage, ids: list[str], update: ConditionalUpdate) -> None:
    """Claim these jobs, as another sweep does, before this one writes its first claim."""
    for job in (stage.job(task_id=task) for task in ids if update.put.get("claim_id") is not None):
        if job.state is State.QUEUED:
            put = {"state": State.SUBMITTING, "claim_id": "of another sweep", "partition": Partition.LIVE}
            stage.jobs.write(ConditionalUpdate(key=job.key, when=(is_("state", job.state),), put=put))


def test_no_base_video_is_looked_at_for_a_request_of_another_day() -> None:
    stage = Stage(WORKING)
    stage.gate.pace = Pace(daily=1)
    stage.ask("veo_task_the_one_of_today")
    stage.gate.pause("NO_CREDITS", stage.clock.now(), "")
    stage.ask()
    stage.gate.resume()
    stage.provider.looked_at = []
    for _ in range(5):
        stage.sweep(after=61)

    assert stage.provider.looked_at == []


def test_looks_end_where_the_function_has_no_time_for_them() -> None:
    stage = stage_seeing(IN_4K)

    assert stage.dispatcher(stage.clock.now() + 35).look([TASK]) == {}
    assert stage.dispatcher(stage.clock.now() + 36).look([TASK]) == {TASK: IN_4K}
