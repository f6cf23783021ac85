"""A few of the lives that `python -m tests.simulation.stateful 5000 100` tries."""

from tests.simulation.stateful import live


def test_whatever_happens_in_whatever_order_nothing_breaks_and_all_comes_to_its_end() -> None:
    live(lives=400, steps=50)
