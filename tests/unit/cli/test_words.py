"""Times in words and out of words."""

import pytest

from tests.doubles.time_manual import NOON
from veo4k_cli.errors import OperatorError
from veo4k_cli.words import ahead, span
from veo4k_cli.words import since as read


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-3, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (172_800, "2 d")],
)
def test_a_length_of_time_has_one_unit(seconds: float, told: str) -> None:
    assert span(seconds) == told


def test_an_instant_says_how_far_off_it_is() -> None:
    assert ahead(NOON + 60, NOON).endswith("(in 60 s)")
    assert ahead(NOON - 1, NOON).endswith("(now)")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45s", NOON - 45),
        ("30m", NOON - 1800),
        ("2d", NOON - 172_800),
        ("2027-01-15T08:00Z", NOON),
        ("2027-01-15T08:00", NOON),
        ("2027-01-15T09:00+01:00", NOON),
    ],
)
def test_a_time_is_read(text: str, seconds: float) -> None:
    assert read(text, NOON) == seconds


@pytest.mark.parametrize("text", ["", "yesterday", "5", "-1h", "1.5h"])
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(OperatorError, match="is no time"):
        read(text, NOON)
