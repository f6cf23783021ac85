import pytest

from tests.doubles.stage import TASK, Stage
from veo4k.domain.answer import Answer, Meaning, NoReply, Reply, read_balance
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import Pace
from veo4k.domain.job import Job, Key
from veo4k.services.vitals import balance, vitals

TEN = 600 * 3_000_000.0  # a minute that the balance is read in

WORKING = Answer(meaning=Meaning.WORKING, first=True, task_id=TASK)
NO_CREDITS = Answer(meaning=Meaning.SHUT, reason="NO_CREDITS")


def measured(stage: Stage) -> dict[str, float]:
    return {name: value for name, _, value in vitals(stage.world)}


def test_a_world_at_rest_has_nothing_overdue_and_an_open_gate() -> None:
    assert measured(Stage()) == {"OldestDueSeconds": 0, "GateOpen": 1, "DailyLimitUsed": 0}


def test_a_due_job_is_overdue_for_as_long_as_nobody_looks_at_it() -> None:
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


def test_jobs_that_wait_for_a_shut_gate_are_not_overdue() -> None:
    stage = Stage(NO_CREDITS)
    stage.ask()
    stage.clock.advance(5_000)

    assert measured(stage)["OldestDueSeconds"] == 0


def test_the_gate_is_not_open_during_its_pause() -> None:
    stage = Stage(NO_CREDITS)
    stage.ask()

    assert measured(stage)["GateOpen"] == 0


def test_the_gate_is_not_open_while_somebody_keeps_it_shut() -> None:
    stage = Stage()
    stage.gate.shut_by_hand()
    stage.clock.advance(100_000)

    assert measured(stage)["GateOpen"] == 0


def test_a_table_out_of_reach_leaves_no_vital_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.clock.advance(1_000)

    def down(_: Key) -> Job:
        raise StorageError("GetItem: down")

    monkeypatch.setattr(stage.jobs, "get", down)

    assert vitals(stage.world) == []


class Purse:
    """An account with so many credits, asked so often."""

    def __init__(self, left: float | None = 240) -> None:
        self.left, self.asked = left, 0

    def balance(self) -> float | None:
        self.asked += 1
        return self.left


def at_the_time(stage: Stage) -> Stage:
    stage.clock.at = TEN
    return stage


def test_the_balance_is_read_in_one_minute_of_ten() -> None:
    stage, purse = at_the_time(Stage()), Purse()
    for _ in range(20):
        balance(stage.world, purse, stage.clock.now() + 120, set())
        stage.clock.advance(60)

    assert purse.asked == 2


def test_the_balance_is_measured() -> None:
    stage = at_the_time(Stage())

    assert balance(stage.world, Purse(), TEN + 120, set()) == [("CreditsLeft", "Count", 240)]


def test_the_balance_is_asked_for_with_a_slot() -> None:
    stage = at_the_time(Stage())
    balance(stage.world, Purse(), TEN + 120, set())

    assert len(stage.gate.row.instants) == 1
    assert stage.clock.now() >= stage.gate.row.instants[0]


def test_a_balance_that_nobody_told_is_not_measured() -> None:
    assert balance(at_the_time(Stage()).world, Purse(None), TEN + 120, set()) == []


def test_a_sweep_without_time_left_asks_for_no_balance() -> None:
    purse = Purse()

    assert balance(at_the_time(Stage()).world, purse, TEN + 20, set()) == []
    assert purse.asked == 0


def test_a_shut_gate_asks_for_no_balance() -> None:
    stage, purse = at_the_time(Stage()), Purse()
    stage.gate.shut_by_hand()
    balance(stage.world, purse, TEN + 120, set())

    assert purse.asked == 0


def test_a_gate_that_may_open_keeps_its_only_slot_for_a_job() -> None:
    stage, purse = at_the_time(Stage()), Purse()
    stage.gate.shut("NO_CREDITS", TEN - 100, "")
    balance(stage.world, purse, TEN + 120, set())

    assert purse.asked == 0
    assert len(stage.gate.reserve(1, TEN).instants) == 1


def test_without_a_key_nobody_asks_for_a_balance() -> None:
    purse = Purse()

    assert balance(at_the_time(Stage(unready="API_KEY_UNSET")).world, purse, TEN + 120, set()) == []
    assert purse.asked == 0


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
    assert read_balance(Reply(200, body)) == left


def test_no_answer_is_no_balance() -> None:
    assert read_balance(NoReply(sent=True, why="ReadTimeout")) is None


def test_sweeps_that_come_more_often_ask_for_the_balance_once() -> None:
    stage, purse, asked = at_the_time(Stage()), Purse(), set[float]()
    for _ in range(3):
        balance(stage.world, purse, stage.clock.now() + 120, asked)
        stage.clock.advance(5)

    assert purse.asked == 1


def test_each_vital_sign_has_its_unit() -> None:
    assert [(name, unit) for name, unit, _ in vitals(Stage().world)] == [
        ("OldestDueSeconds", "Seconds"),
        ("GateOpen", "Count"),
        ("DailyLimitUsed", "Percent"),
    ]


def test_a_job_that_is_due_this_very_moment_is_not_overdue() -> None:
    stage = Stage(WORKING)
    stage.ask()
    stage.clock.at = stage.job().due or 0

    assert measured(stage)["OldestDueSeconds"] == 0


def test_a_pause_that_is_over_lets_somebody_through_and_so_is_open() -> None:
    stage = Stage(NO_CREDITS)
    stage.ask()
    stage.clock.advance(61)

    assert measured(stage)["GateOpen"] == 1


def test_the_balance_is_not_read_when_its_minute_is_over() -> None:
    stage, purse = at_the_time(Stage()), Purse()
    stage.clock.at = TEN + 60
    balance(stage.world, purse, stage.clock.now() + 120, set())
    stage.clock.at = TEN + 59.999
    balance(stage.world, purse, stage.clock.now() + 120, set())

    assert purse.asked == 1


def test_ten_minutes_asked_for_are_remembered_as_such() -> None:
    stage, asked = at_the_time(Stage()), set[float]()
    stage.clock.advance(7)
    balance(stage.world, Purse(), stage.clock.now() + 120, asked)

    assert asked == {3_000_000.0}


def test_a_gate_whose_pause_is_over_may_be_asked_for_a_slot_of_the_balance() -> None:
    stage, purse = at_the_time(Stage()), Purse()
    stage.gate.shut("NO_CREDITS", TEN - 100, "")
    balance(stage.world, purse, TEN + 120, set())

    assert (purse.asked, stage.gate.row.reason, stage.gate.row.version) == (0, "NO_CREDITS", 3)


def test_a_balance_too_late_to_be_asked_for_is_no_submission_taken_back() -> None:
    stage = at_the_time(Stage())
    stage.gate.pace = Pace(daily=5)
    stage.gate.reserve(3, TEN, counted=True)

    assert balance(stage.world, Purse(), TEN + 20, set()) == []
    assert stage.gate.row.submissions == 3


def test_a_sweep_without_time_left_gives_the_shut_gates_only_slot_back() -> None:
    stage, purse = at_the_time(Stage()), Purse()
    stage.gate.shut("NO_CREDITS", TEN - 100, "")

    assert balance(stage.world, purse, TEN + 20, set()) == []
    assert (purse.asked, stage.gate.row.probe) == (0, "")
    assert stage.gate.reserve(1, TEN).probe
