from threading import Event
from time import monotonic

from veo4k.adapters.deadline import shut_down_after


def test_a_connection_is_shut_down_at_its_deadline() -> None:
    shut_down, began = Event(), monotonic()
    with shut_down_after(0.05, shut_down.set):
        assert shut_down.wait(5)

    assert monotonic() - began >= 0.05


def test_a_deadline_is_known_before_the_connection_is_shut_down() -> None:
    known, done = list[bool](), Event()

    def shut_down() -> None:
        known.append(over.is_set())
        done.set()

    with shut_down_after(0.05, shut_down) as over:
        assert done.wait(5)

    assert known == [True]


def test_a_block_that_ends_in_time_keeps_its_connection() -> None:
    shut_down = Event()
    with shut_down_after(0.05, shut_down.set) as over:
        pass

    assert not shut_down.wait(0.2)
    assert not over.is_set()


def test_a_connection_that_cannot_be_shut_down_has_ended_already() -> None:
    tried = Event()

    def fail() -> None:
        tried.set()
        raise LookupError("no connection")

    with shut_down_after(0.05, fail) as over:
        assert tried.wait(5)

    assert over.is_set()
