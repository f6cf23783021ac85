import time

from veo4k.adapters.clock import SystemClock


def test_the_clock_returns_epoch_seconds_to_the_millisecond() -> None:
    before, now, after = time.time(), SystemClock().now(), time.time()
    assert before - 0.001 <= now <= after + 0.001
    assert now == round(now, 3)


def test_the_clock_sleeps_until_an_instant_unless_it_is_over() -> None:
    began = time.time()
    SystemClock().sleep_until(began - 60)
    SystemClock().sleep_until(began + 0.05)
    assert began + 0.05 <= time.time() < began + 0.5
