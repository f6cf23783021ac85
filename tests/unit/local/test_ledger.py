import time

from local.kie import Simulator
from tests.unit.local.conftest import Start
from tests.unit.local.doubles import Caller, until


def test_a_repeated_post_is_charged_once(simulator: Simulator, caller: Caller) -> None:
    caller.ask("veo_task_on_time_1")
    caller.ask("veo_task_on_time_1")
    caller.result("veo_task_on_time_1")
    caller.ask("veo_task_on_time_1")
    (row,) = simulator.ledger()
    assert (row["taskId"], row["index"], row["credits"], row["refundedAt"]) == ("veo_task_on_time_1", 0, 120, None)
    assert abs(row["chargedAt"] - time.time()) < 5


def test_a_failed_generation_is_refunded(simulator: Simulator, caller: Caller) -> None:
    simulator.register("veo_task_failure_1", "failure", minutes=100)
    before = simulator.balance()
    caller.ask("veo_task_failure_1")
    assert simulator.balance() == before - 120
    until(lambda: simulator.ledger()[0]["refundedAt"])
    assert simulator.balance() == before


def test_without_credits_a_post_is_answered_402_and_starts_nothing(start: Start) -> None:
    simulator = start(credits=119)
    reply = Caller(simulator.host_port).ask("veo_task_on_time_1")
    assert reply.code == 402
    assert (simulator.ledger(), simulator.tasks()) == ([], [])


def test_without_credits_a_repeated_post_still_tells_how_the_paid_one_stands(start: Start) -> None:
    caller = Caller(start(credits=120).host_port)
    assert [caller.ask("veo_task_on_time_1").code for _ in range(2)] == [200, 422]


def test_topping_up_opens_the_account_again(start: Start) -> None:
    simulator = start(credits=0)
    caller = Caller(simulator.host_port)
    assert caller.ask("veo_task_on_time_1").code == 402
    simulator.control(credits=240)
    assert (caller.ask("veo_task_on_time_1").code, simulator.balance()) == (200, 120)


def test_another_setting_changed_leaves_the_balance_alone(start: Start) -> None:
    simulator = start(credits=500)
    Caller(simulator.host_port).ask("veo_task_on_time_1")
    simulator.control(maintenance=True)
    assert simulator.balance() == 380


def test_a_refused_base_task_costs_nothing(simulator: Simulator, caller: Caller) -> None:
    for name in ("expired", "unknown_task", "fallback", "blank", "never_finished_base"):
        caller.ask(f"veo_task_{name}_1")
    assert simulator.ledger() == []
