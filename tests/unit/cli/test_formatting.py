"""Times and reasons for people, and times from people."""

import pytest

from proofs.doubles.time_manual import NOON
from veo4k.domain.response import PAUSING
from veo4k.domain.wait_reason import WaitReason
from veo4k_cli.errors import OperatorError
from veo4k_cli.formatting import duration, parse_since, timestamp_ahead
from veo4k_cli.wait_reasons import describe_reason


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (172_800, "2 d")],
)
def test_a_duration_has_one_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_timestamp_ahead_says_how_far_off_it_is() -> None:
    assert timestamp_ahead(NOON + 60, NOON).endswith("(in 60 s)")
    assert timestamp_ahead(NOON - 1, NOON).endswith("(now)")


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
def test_since_is_an_age_or_a_time(text: str, seconds: float) -> None:
    assert parse_since(text, NOON) == seconds


@pytest.mark.parametrize("text", ["", "yesterday", "5", "-1h", "1.5h"])
def test_another_text_is_not_a_time(text: str) -> None:
    with pytest.raises(OperatorError, match="is not a time"):
        parse_since(text, NOON)


def test_every_reason_that_pauses_the_account_is_explained() -> None:
    assert set(PAUSING.values()) <= set(WaitReason)


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("MAINTENANCE", "MAINTENANCE: The provider is under maintenance. The job continues automatically."),
        ("PATH_GONE: set the stack's ProviderContract to jobs", f"PATH_GONE: {WaitReason.PATH_GONE.explanation}"),
        ("ConnectTimeoutError", "ConnectTimeoutError"),
    ],
)
def test_a_reason_is_shown_with_its_explanation(stored: str, text: str) -> None:
    assert describe_reason(stored) == text
