import time
from itertools import repeat

from hypothesis import given
from hypothesis import strategies as st

from local.kie.rate_limit import SlidingWindow, densest
from tests.unit.local.conftest import Start
from tests.unit.local.doubles import Caller


def test_twenty_are_admitted_at_once_and_the_next_is_not() -> None:
    window = SlidingWindow()
    assert [window.admits(0.0, 20, 10.0) for _ in range(21)] == [True] * 20 + [False]


def test_a_place_is_free_again_exactly_one_window_after_it_was_taken() -> None:
    window = SlidingWindow()
    assert window.admits(1.0, 1, 10.0)
    assert not window.admits(10.999, 1, 10.0)
    assert window.admits(11.0, 1, 10.0)


def test_a_refused_request_takes_no_place() -> None:
    window = SlidingWindow()
    window.admits(0.0, 1, 10.0)
    assert not any(window.admits(second, 1, 10.0) for second in (3.0, 6.0, 9.0))
    assert window.admits(10.0, 1, 10.0)


def test_the_edge_of_a_minute_or_of_ten_seconds_means_nothing() -> None:
    window = SlidingWindow()
    admitted = [window.admits(second, 20, 10.0) for second in [9.9] * 20 + [10.1] * 20]
    assert admitted == [True] * 20 + [False] * 20


@given(st.lists(st.floats(0, 60), max_size=80).map(sorted), st.integers(1, 5))
def test_no_stretch_of_a_window_ever_holds_more_than_the_count(stamps: list[float], count: int) -> None:
    window = SlidingWindow()
    admitted = [stamp for stamp in stamps if window.admits(stamp, count, 10.0)]
    assert all(late - early >= 10.0 for early, late in zip(admitted, admitted[count:], strict=False))


@given(st.lists(st.floats(0, 60), max_size=30).map(sorted))
def test_the_densest_stretch_is_what_counting_from_every_stamp_finds(stamps: list[float]) -> None:
    counted = [sum(early <= stamp < early + 10.0 for stamp in stamps) for early in stamps]
    assert abs(densest(stamps, 10.0) - max(counted, default=0)) <= _on_the_edge(stamps)


def _on_the_edge(stamps: list[float]) -> int:
    # Where two stamps lie a window apart to the last bit, the sum and the difference of floats may differ.
    return sum(abs(late - early - 10.0) < 1e-9 for early in stamps for late in stamps)


def test_the_api_refuses_the_posts_over_the_window_and_says_so_in_the_body(start: Start) -> None:
    simulator = start(window_count=3, window_seconds=60.0)
    caller = Caller(simulator.host_port)
    codes = [caller.ask(f"veo_task_on_time_{number}").code for number in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    assert simulator.stats()["refused429"] == 2


def test_a_refused_post_starts_nothing_and_costs_nothing(start: Start) -> None:
    simulator = start(window_count=1, window_seconds=60.0)
    caller = Caller(simulator.host_port)
    caller.ask("veo_task_on_time_1")
    caller.ask("veo_task_on_time_2")
    assert [row["taskId"] for row in simulator.ledger()] == ["veo_task_on_time_1"]


def test_every_post_counts_whether_it_starts_something_or_not(start: Start) -> None:
    caller = Caller(start(window_count=4, window_seconds=60.0).host_port)
    asked = ["veo_task_on_time_1", "veo_task_on_time_1", "veo_task_expired_1", "veo_task_unknown_task_1"]
    assert [caller.ask(task_id).code for task_id in asked] == [200, 422, 422, 422]
    assert caller.create("veo_task_on_time_2").code == 429


def test_questions_do_not_count(start: Start) -> None:
    caller = Caller(start(window_count=1, window_seconds=60.0).host_port)
    assert {caller.record("veo_task_on_time_1").code for _ in repeat(None, 5)} == {200}
    assert caller.ask("veo_task_on_time_1").code == 200


def test_a_window_later_the_api_admits_again(start: Start) -> None:
    caller = Caller(start(window_count=2, window_seconds=0.3).host_port)
    assert [caller.ask("veo_task_on_time_1").code for _ in range(3)] == [200, 422, 429]
    time.sleep(0.3)
    assert caller.ask("veo_task_on_time_1").code == 422


def test_the_statistics_know_the_arrivals_and_the_densest_stretch(start: Start) -> None:
    simulator = start()
    caller = Caller(simulator.host_port)
    before = time.time()
    for number in range(7):
        caller.ask(f"veo_task_on_time_{number}")
    stats = simulator.stats()
    arrivals = [row["at"] for row in stats["requests"]]
    assert (stats["posts"], stats["densestPosts"]) == (7, 7)
    assert arrivals == sorted(arrivals)
    assert before - 0.1 <= arrivals[0] <= arrivals[-1] <= time.time() + 0.1
