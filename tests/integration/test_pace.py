"""A hundred messages at once, against the provider's true limit of 20 requests in any 10 seconds."""

import pytest

from proofs.burst import JOBS, Figures, burst
from tests.integration.conftest import Unkeyed


@pytest.fixture(scope="module")
def figures(unkeyed: Unkeyed) -> Figures:
    """What a burst came to on the stack with the true window, which has its keys by now."""
    unkeyed.world.ended(unkeyed.task)
    return burst(unkeyed.world.simulator, unkeyed.world.cloud, JOBS, "pace")


def test_no_message_of_a_hundred_is_lost(figures: Figures) -> None:
    assert figures.states == {"SUCCEEDED": 100}


def test_none_of_a_hundred_is_charged_twice(figures: Figures) -> None:
    assert (figures.charges, figures.charged_twice) == (100, 0)


def test_no_request_is_refused(figures: Figures) -> None:
    assert figures.refused == 0


def test_never_more_than_20_requests_arrive_in_10_seconds(figures: Figures) -> None:
    assert figures.densest <= 20
