import re
from pathlib import Path

import pytest

from veo4k.domain.errors import SettingsError
from veo4k.settings import Settings

TOLD = {
    "KIE_BASE_URL": "https://api.kie.ai",
    "RESULT_HOSTS": "file.example,other.example:8443",
    "PROBE_SECONDS": "7",
    "LEASE_SECONDS": "8.5",
    "ARCHIVE_ATTEMPTS": "3",
    "REQUESTS_PER_WINDOW": "20",
    "WINDOW_SECONDS": "10",
    "PAUSE_SECONDS": "60",
}


def test_a_variable_that_is_missing_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="JOB_TABLE_NAME"):
        Settings(TOLD).text("JOB_TABLE_NAME")


@pytest.mark.parametrize("value", ["x", "0", "-1", "nan", "inf"])
def test_a_number_that_is_none_or_not_above_zero_is_refused_by_name(value: str) -> None:
    with pytest.raises(SettingsError, match="PROBE_SECONDS is unusable"):
        Settings(TOLD | {"PROBE_SECONDS": value}).times()


def test_times_are_what_the_function_was_told() -> None:
    times = Settings(TOLD).times()

    assert (times.probe, times.lease, times.archive_attempts) == (7, 8.5, 3)


def test_the_pace_is_what_the_function_was_told() -> None:
    pace = Settings(TOLD).pace()

    assert (pace.requests, pace.window, pace.pause, pace.lease) == (20, 10, 60, 8.5)


def test_hosts_are_read_with_the_providers_address() -> None:
    assert Settings(TOLD).hosts().target("https://other.example:8443/a.mp4") is not None


def test_an_entry_that_is_no_host_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="RESULT_HOSTS is unusable"):
        Settings(TOLD | {"RESULT_HOSTS": "https://file.example/"}).hosts()


def test_a_choice_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="CALLBACK_SIGNATURE must be one of required, optional"):
        Settings({"CALLBACK_SIGNATURE": "maybe"}).chosen("CALLBACK_SIGNATURE", "required", "optional")


def test_the_environment_is_read_in_settings_and_bootstrap_alone() -> None:
    package = Path("layers/core/src/veo4k")
    readers = [
        path.relative_to(package).parts[0]
        for path in package.rglob("*.py")
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text())
    ]

    assert readers == ["bootstrap"]


def test_a_limit_that_was_not_told_is_none() -> None:
    assert Settings(TOLD).pace().daily == 0


def test_a_limit_is_a_whole_number_and_not_below_zero() -> None:
    assert Settings(TOLD | {"DAILY_REQUEST_LIMIT": "7"}).pace().daily == 7
    with pytest.raises(SettingsError, match="DAILY_REQUEST_LIMIT is unusable"):
        Settings(TOLD | {"DAILY_REQUEST_LIMIT": "-1"}).pace()
