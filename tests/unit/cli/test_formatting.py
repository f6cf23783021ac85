"""Times and reasons for people, and times from people."""

import pytest

from proofs.doubles.time_manual import NOON
from veo4k.domain.wait_reason import WaitReason
from veo4k_cli.errors import OperatorError
from veo4k_cli.formatting import duration, parse_since, timestamp_ahead
from veo4k_cli.wait_reasons import describe_reason


def test_a_duration_has_one_unit() -> None:
    texts = {-3: "0 s", 119: "119 s", 120: "2 min", 7199: "119 min", 7200: "2 h", 172_800: "2 d"}
    assert {seconds: duration(seconds) for seconds in texts} == texts


def test_a_timestamp_ahead_says_how_far_off_it_is() -> None:
    assert timestamp_ahead(NOON + 60, NOON).endswith("(in 60 s)")
    assert timestamp_ahead(NOON - 1, NOON).endswith("(now)")


def test_since_is_an_age_or_a_time() -> None:
    ages = {"45s": NOON - 45, "30m": NOON - 1800, "2d": NOON - 172_800}
    times = dict.fromkeys(["2027-01-15T08:00Z", "2027-01-15T08:00", "2027-01-15T09:00+01:00"], NOON)
    assert {text: parse_since(text, NOON) for text in ages | times} == ages | times


@pytest.mark.parametrize("text", ["", "yesterday", "5", "-1h", "1.5h"])
def test_another_text_is_not_a_time(text: str) -> None:
    with pytest.raises(OperatorError, match="is not a time"):
        parse_since(text, NOON)


def test_a_reason_is_shown_with_its_explanation() -> None:
    texts = {
        "MAINTENANCE": "MAINTENANCE: The provider is under maintenance. The job continues automatically.",
        "PATH_GONE: set the stack's ProviderContract to jobs": f"PATH_GONE: {WaitReason.PATH_GONE.explanation}",
        "ConnectTimeoutError": "ConnectTimeoutError",
    }
    assert {stored: describe_reason(stored) for stored in texts} == texts
