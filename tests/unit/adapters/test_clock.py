import time

from veo4k.adapters.clock import SystemClock


def test_the_clock_returns_epoch_seconds_to_the_millisecond() -> None:
    before, now, after = time.time(), SystemClock().now(), time.time()
    assert before - 0.001 <= now <= after + 0.001
    assert now == round(now, 3)


def test_the_clock_sleeps_until_an_instant_and_not_less() -> None:
    instant = time.time() + 0.05
    SystemClock().sleep_until(instant)
    assert instant <= time.time() < instant + 0.5


def test_an_instant_that_is_over_is_not_slept_for() -> None:
    before = time.monotonic()
    SystemClock().sleep_until(time.time() - 60)
    assert time.monotonic() - before < 0.5
