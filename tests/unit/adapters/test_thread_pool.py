from threading import Event, current_thread

from veo4k.adapters.thread_pool import thread_pool


def test_calls_run_side_by_side() -> None:
    signal = Event()
    waiting, setting = thread_pool(2).submit(signal.wait, 5), thread_pool(2).submit(signal.set)

    assert (waiting.result(), setting.result()) == (True, None)


def test_the_next_invocation_has_the_same_threads() -> None:
    names = {thread_pool(1).submit(lambda: current_thread().name).result() for _ in range(5)}

    assert len(names) == 1
