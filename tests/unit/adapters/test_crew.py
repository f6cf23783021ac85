from threading import Event, current_thread

import pytest

from veo4k.adapters.crew import KeptCrew


def test_calls_run_side_by_side() -> None:
    heard = Event()
    with KeptCrew(2) as crew:
        waiting, telling = crew.submit(heard.wait, 5), crew.submit(heard.set)

        assert (waiting.result(), telling.result()) == (True, None)


def test_what_a_call_raises_is_raised_where_its_result_is_asked_for() -> None:
    with KeptCrew(2) as crew:
        failing = crew.submit(int, "no number")

    with pytest.raises(ValueError, match="no number"):
        failing.result()


def test_leaving_waits_for_all_calls_even_on_the_way_out_of_an_error() -> None:
    go, gone = Event(), list[str]()

    def call() -> None:
        go.wait(5)
        gone.append("call")

    def fail() -> None:
        with KeptCrew(2) as crew:
            crew.submit(call)
            crew.submit(go.set)
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert gone == ["call"]


def test_the_next_crew_has_the_same_threads() -> None:
    names = set()
    for _ in range(5):
        with KeptCrew(1) as crew:
            names.add(crew.submit(lambda: current_thread().name).result())

    assert len(names) == 1
