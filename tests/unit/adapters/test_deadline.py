from threading import Event
from time import monotonic

from veo4k.adapters.deadline import shut_down_after


def test_a_connection_is_shut_down_at_its_deadline_which_is_known_before() -> None:
    known, done, began = list[bool](), Event(), monotonic()

    def shut_down() -> None:
        known.append(over.is_set())
        done.set()
        raise LookupError("a connection that has ended already")

    with shut_down_after(0.05, shut_down) as over:
        assert done.wait(5)
    assert monotonic() - began >= 0.05
    assert known == [True]


def test_a_block_that_ends_in_time_keeps_its_connection() -> None:
    shut_down = Event()
    with shut_down_after(0.05, shut_down.set) as over:
        pass
    assert not shut_down.wait(0.2)
    assert not over.is_set()
