"""A few of the lives that `python -m tests.simulation.stateful 5000 100` tries."""

import pytest

from tests.simulation.mutants import mutated
from tests.simulation.stateful import live


def test_whatever_happens_in_whatever_order_nothing_breaks_and_all_comes_to_its_end() -> None:
    live(lives=400, steps=50)


@pytest.mark.parametrize("name", ["own writes are not recognised", "a callback overwrites"])
def test_lives_show_that_a_product_is_broken(name: str) -> None:
    with mutated(name), pytest.raises(AssertionError, match="invariant"):
        live(lives=400, steps=50, shortens=False)
