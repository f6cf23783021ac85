import pytest

from proofs.doubles.responses import NO_CREDITS, WORKING
from proofs.doubles.stage import Stage
from tests.unit.services.exchanges import OTHER, asked
from veo4k.domain.gate import Pace
from veo4k.domain.log_events import LogEvent
from veo4k.domain.wait_reason import WaitReason
from veo4k.services.dispatch import TIME_FOR_A_REQUEST
from veo4k.services.health import Gauge, Health, heartbeat

TEN = 600 * 3_000_000.0  # a minute that the balance is read in


def overdue(stage: Stage) -> float:
    return stage.health().gauges()[0].value


def is_running(stage: Stage) -> bool:
    return bool(stage.health().gauges()[1].value)


def test_without_jobs_nothing_is_overdue_and_the_gate_is_running() -> None:
    assert Stage().health().gauges() == [
        ("OldestDueSeconds", "Seconds", 0),
        ("GateOpen", "Count", 1),
        ("DailyLimitUsed", "Percent", 0),
    ]


def test_the_oldest_due_job_is_overdue_until_a_sweep_checks_it() -> None:
    stage = asked(WORKING)
    stage.clock.at = stage.job().due or 0
    assert overdue(stage) == 0

    stage.ask(OTHER)
    stage.clock.advance(900)
    assert overdue(stage) == pytest.approx(900, abs=1)

    stage.sweep()
    assert overdue(stage) == 0


def test_jobs_that_wait_for_a_paused_gate_are_not_overdue() -> None:
    stage = asked(NO_CREDITS)
    stage.clock.advance(5_000)

    assert overdue(stage) == 0


def test_a_gate_is_running_again_when_its_pause_is_over_unless_by_hand() -> None:
    stage = asked(NO_CREDITS)
    assert not is_running(stage)

    stage.clock.advance(61)
    assert is_running(stage)

    stage.gate.pause_by_hand()
    stage.clock.advance(100_000)
    assert not is_running(stage)


def test_how_much_of_the_daily_limit_is_used_is_measured() -> None:
    stage = Stage(WORKING)
    stage.gate.pace = Pace(daily=2)
    stage.ask()

    assert stage.health().gauges()[2].value == 50


@pytest.mark.parametrize(
    ("out_of_reach", "left"),
    [(("jobs",), ["GateOpen", "DailyLimitUsed"]), (("gate",), ["OldestDueSeconds"]), (("jobs", "gate"), [])],
)
def test_what_cannot_be_read_hides_no_other_gauge(out_of_reach: tuple[str, ...], left: list[str]) -> None:
    stage = Stage()
    if "jobs" in out_of_reach:
        stage.faulty_jobs.fail("due")
    if "gate" in out_of_reach:
        stage.faulty_gate.fail("current_pause")

    assert [gauge.name for gauge in stage.health().gauges()] == left


# The heartbeat


@pytest.mark.parametrize("counts", [{}, {LogEvent.POLL_CLAIMED: 3, LogEvent.JOB_SKIPPED: 1, LogEvent.GATE_PAUSED: 1}])
def test_a_sweep_that_could_work_has_a_heartbeat(counts: dict[str, int]) -> None:
    assert heartbeat(counts) == [("Heartbeat", "Count", 1)]


@pytest.mark.parametrize("event", ["sweep_interrupted", "secret_unset", "gate_unreachable"])
def test_a_sweep_without_table_key_or_gate_has_no_heartbeat(event: str) -> None:
    assert heartbeat({LogEvent.POLL_CLAIMED: 3, event: 1}) == []


# The balance


def at_ten() -> Stage:
    stage = Stage()
    stage.clock.at = TEN
    return stage


def balance(stage: Stage, life: float = 120, health: Health | None = None) -> list[Gauge]:
    """Read the balance as a sweep does; `health`: of a process that has swept before."""
    return (health or stage.health()).balance(stage.clock.now() + life)


def test_the_balance_is_measured_without_a_slot() -> None:
    stage = at_ten()

    assert balance(stage) == [("CreditsLeft", "Count", 240)]
    assert (stage.faulty_gate.called("reserve"), stage.clock.slept) == ([], [])


@pytest.mark.parametrize(("seconds", "reads"), [(0, 1), (59.999, 1), (60, 0), (599.999, 0), (600, 1)])
def test_the_balance_is_read_in_one_minute_of_ten(seconds: float, reads: int) -> None:
    stage = at_ten()
    stage.clock.at += seconds
    balance(stage)

    assert stage.provider.balance_reads == reads


def test_a_process_reads_the_balance_once_in_each_ten_minutes() -> None:
    stage = at_ten()
    health = stage.health()
    for seconds in (5, 5, 590, 5):
        balance(stage, health=health)
        stage.clock.advance(seconds)

    assert stage.provider.balance_reads == 2


def test_a_response_without_a_balance_is_not_measured() -> None:
    stage = at_ten()
    stage.provider.credits_left = None

    assert balance(stage) == []


def test_a_sweep_with_too_little_time_left_reads_no_balance() -> None:
    stage = at_ten()

    assert balance(stage, life=TIME_FOR_A_REQUEST - 0.001) == []
    assert stage.provider.balance_reads == 0
    assert balance(stage, life=TIME_FOR_A_REQUEST)


def test_while_no_request_may_be_sent_no_balance_is_read() -> None:
    paused, unreadable, keyless = at_ten(), at_ten(), at_ten()
    paused.gate.pause_by_hand()
    unreadable.faulty_gate.fail("current_pause")
    keyless.provider.unset = WaitReason.API_KEY_UNSET

    for stage in (paused, unreadable, keyless):
        assert balance(stage) == []
        assert stage.provider.balance_reads == 0


def test_a_balance_that_a_pause_put_off_is_read_by_the_next_sweep() -> None:
    stage = at_ten()
    health = stage.health()
    stage.gate.pause_by_hand()
    balance(stage, health=health)
    stage.gate.resume()

    assert balance(stage, health=health)


def test_a_gate_whose_pause_is_over_keeps_its_trial_slot_for_a_job() -> None:
    stage = at_ten()
    stage.gate.pause("NO_CREDITS", TEN - 100, "")
    balance(stage)

    assert stage.gate.reserve(1, TEN).trial
