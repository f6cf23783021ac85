"""The threads of the requests, which a function keeps between its invocations."""

from threading import Event, current_thread

from veo4k.adapters.provider_kie import CONNECTIONS
from veo4k.bootstrap.dispatch import threads


def test_calls_run_side_by_side() -> None:
    signal = Event()
    waiting, setting = threads().submit(signal.wait, 5), threads().submit(signal.set)

    assert (waiting.result(), setting.result()) == (True, None)


def test_the_next_invocation_has_the_same_threads() -> None:
    names = {threads().submit(lambda: current_thread().name).result() for _ in range(5 * CONNECTIONS)}

    assert len(names) <= CONNECTIONS
