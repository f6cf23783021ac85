import pytest

from proofs.doubles.stage import Stage
from tests.unit.services.responses import NO_CREDITS, WORKING
from veo4k.domain.response import HttpResponse, NoResponse, read_balance
from veo4k.domain.wait_reason import WaitReason
from veo4k.services.dispatch import TIME_FOR_A_REQUEST
from veo4k.services.health import Gauge

TEN = 600 * 3_000_000.0  # a minute that the balance is read in


def measured(stage: Stage) -> dict[str, float]:
    return {name: value for name, _, value in stage.health().gauges()}


def test_without_jobs_nothing_is_overdue_and_the_gate_is_running() -> None:
    assert measured(Stage()) == {"OldestDueSeconds": 0, "GateOpen": 1, "DailyLimitUsed": 0}


def test_a_due_job_is_overdue_until_a_sweep_checks_it() -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.clock.advance(720 + 900)

    assert measured(stage)["OldestDueSeconds"] == pytest.approx(900, abs=1)


def test_a_sweep_leaves_nothing_overdue() -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.sweep(after=720 + 900)

    assert measured(stage)["OldestDueSeconds"] == 0


def test_the_oldest_is_measured() -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.clock.advance(300)
    stage.ask("another_task_1234")
    stage.clock.advance(720)

    assert measured(stage)["OldestDueSeconds"] == pytest.approx(300, abs=1)


def test_jobs_that_wait_for_a_paused_gate_are_not_overdue() -> None:
    stage = Stage(NO_CREDITS)
    stage.ask()
    stage.clock.advance(5_000)

    assert measured(stage)["OldestDueSeconds"] == 0


def test_the_gate_is_not_open_during_its_pause() -> None:
    stage = Stage(NO_CREDITS)
    stage.ask()

    assert measured(stage)["GateOpen"] == 0


def test_the_gate_is_not_running_while_it_is_paused_by_hand() -> None:
    stage = Stage()
    stage.gate.pause_by_hand()
    stage.clock.advance(100_000)

    assert measured(stage)["GateOpen"] == 0


def test_a_table_that_cannot_be_reached_leaves_no_gauges() -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.clock.advance(1_000)
    stage.faulty_jobs.fail("get")

    assert stage.health().gauges() == []


def at_the_time(stage: Stage) -> Stage:
    stage.clock.at = TEN
    return stage


def balance(stage: Stage, life: float = 120) -> list[Gauge]:
    """Read the balance as the first sweep of a process does."""
    return stage.health().balance(stage.clock.now() + life)


def test_the_balance_is_read_in_one_minute_of_ten() -> None:
    stage = at_the_time(Stage())
    for _ in range(20):
        balance(stage)
        stage.clock.advance(60)

    assert stage.provider.balance_reads == 2


def test_the_balance_is_measured() -> None:
    assert balance(at_the_time(Stage())) == [("CreditsLeft", "Count", 240)]


def test_the_balance_needs_no_slot() -> None:
    stage = at_the_time(Stage())
    balance(stage)

    assert stage.faulty_gate.called("reserve") == []
    assert stage.clock.slept == []


def test_a_response_without_a_balance_is_not_measured() -> None:
    stage = at_the_time(Stage())
    stage.provider.credits_left = None

    assert balance(stage) == []


def test_a_sweep_with_too_little_time_left_reads_no_balance() -> None:
    stage = at_the_time(Stage())

    assert balance(stage, life=TIME_FOR_A_REQUEST - 0.001) == []
    assert stage.provider.balance_reads == 0
    assert balance(stage, life=TIME_FOR_A_REQUEST)


def test_a_paused_gate_reads_no_balance() -> None:
    stage = at_the_time(Stage())
    stage.gate.pause_by_hand()

    assert balance(stage) == []
    assert stage.provider.balance_reads == 0


def test_a_gate_whose_pause_is_over_keeps_its_trial_slot_for_a_job() -> None:
    stage = at_the_time(Stage())
    stage.gate.pause("NO_CREDITS", TEN - 100, "")
    balance(stage)

    assert stage.gate.reserve(1, TEN).trial


def test_without_a_key_no_balance_is_read() -> None:
    stage = at_the_time(Stage(unset_secret=WaitReason.API_KEY_UNSET))

    assert balance(stage) == []
    assert stage.provider.balance_reads == 0


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (b'{"code":200,"msg":"success","data":100}', 100),
        (b'{"code":200,"data":99.5}', 99.5),
        (b'{"code":200,"data":true}', None),
        (b'{"code":200,"data":"100"}', None),
        (b'{"code":200,"data":NaN}', None),
        (b'{"code":401,"data":100}', None),
        (b"<html>", None),
    ],
)
def test_only_a_number_in_the_providers_envelope_is_a_balance(body: bytes, left: float | None) -> None:
    assert read_balance(HttpResponse(200, body)) == left


def test_no_response_is_no_balance() -> None:
    assert read_balance(NoResponse(is_sent=True, cause="ReadTimeout")) is None


def test_sweeps_that_come_more_often_read_the_balance_once() -> None:
    stage = at_the_time(Stage())
    health = stage.health()
    for _ in range(3):
        health.balance(stage.clock.now() + 120)
        stage.clock.advance(5)

    assert stage.provider.balance_reads == 1


def test_a_process_reads_the_balance_again_in_the_next_ten_minutes() -> None:
    stage = at_the_time(Stage())
    health = stage.health()
    for _ in range(2):
        health.balance(stage.clock.now() + 120)
        stage.clock.advance(600)

    assert stage.provider.balance_reads == 2


def test_a_balance_that_the_gate_could_not_read_is_read_by_the_next_sweep() -> None:
    stage = at_the_time(Stage())
    health = stage.health()
    stage.gate.pause_by_hand()
    health.balance(stage.clock.now() + 120)
    stage.gate.resume()

    assert health.balance(stage.clock.now() + 120)


def test_each_gauge_has_its_unit() -> None:
    assert [(name, unit) for name, unit, _ in Stage().health().gauges()] == [
        ("OldestDueSeconds", "Seconds"),
        ("GateOpen", "Count"),
        ("DailyLimitUsed", "Percent"),
    ]


def test_a_job_that_is_due_this_very_moment_is_not_overdue() -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.clock.at = stage.job().due or 0

    assert measured(stage)["OldestDueSeconds"] == 0


def test_a_pause_that_is_over_lets_a_trial_through_and_so_is_running() -> None:
    stage = Stage(NO_CREDITS)
    stage.ask()
    stage.clock.advance(61)

    assert measured(stage)["GateOpen"] == 1


def test_the_balance_is_not_read_when_its_minute_is_over() -> None:
    stage = at_the_time(Stage())
    stage.clock.at = TEN + 60
    balance(stage)
    assert stage.provider.balance_reads == 0

    stage.clock.at = TEN + 59.999
    balance(stage)
    assert stage.provider.balance_reads == 1
