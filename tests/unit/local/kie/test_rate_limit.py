import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.kie.rate_limit import SlidingWindow, most_in_a_window
from tests.unit.local.kie.conftest import Start


@pytest.mark.parametrize(
    ("times", "count", "admitted"),
    [
        ([0.0] * 21, 20, [True] * 20 + [False]),
        ([1.0, 10.999, 11.0], 1, [True, False, True]),
        pytest.param([0.0, 3.0, 9.0, 10.0], 1, [True, False, False, True], id="a refused request takes no place"),
    ],
)
def test_a_place_is_free_one_window_after_it_was_taken(times: list[float], count: int, admitted: list[bool]) -> None:
    window = SlidingWindow()
    assert [window.admits(at, count, 10.0) for at in times] == admitted


@given(st.lists(st.floats(0, 60), max_size=80).map(sorted), st.integers(1, 5))
def test_no_window_ever_has_more_than_the_count(times: list[float], count: int) -> None:
    window = SlidingWindow()
    admitted = [time for time in times if window.admits(time, count, 10.0)]
    assert all(late - early >= 10.0 for early, late in zip(admitted, admitted[count:], strict=False))


@given(st.lists(st.floats(0, 60), max_size=30).map(sorted))
def test_the_most_in_a_window_is_the_largest_count_from_any_time(times: list[float]) -> None:
    counted = [sum(early <= time < early + 10.0 for time in times) for early in times]
    # Where two times are a window apart to the last bit, the sum and the difference of floats may differ.
    on_the_edge = sum(abs(late - early - 10.0) < 1e-9 for early in times for late in times)
    assert abs(most_in_a_window(times, 10.0) - max(counted, default=0)) <= on_the_edge


def test_every_post_counts_and_no_get_and_one_over_the_limit_costs_nothing(start: Start) -> None:
    client, before = start(window_count=4, window_seconds=60.0), time.time()
    assert {client.record().code for _ in range(5)} == {200}
    tasks = ["veo_task_on_time_1", "veo_task_on_time_1", "veo_task_expired_1", "veo_task_unknown_task_1"]
    assert [client.request(task).code for task in tasks] == [200, 422, 422, 422]
    assert (client.create("veo_task_on_time_2").code, client.request("veo_task_on_time_3").code) == (429, 429)
    stats = client.stats()
    assert (stats["posts"], stats["densestPosts"], stats["refused429"], len(client.ledger())) == (6, 6, 2, 1)
    arrivals = [row["at"] for row in stats["requests"]]
    assert arrivals == sorted(arrivals)
    assert before - 0.1 <= arrivals[0] <= arrivals[-1] <= time.time() + 0.1
