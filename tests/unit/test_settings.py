import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest

import archive.app
import callback.app
import publish.app
import submit.app
import sweep.app
from tests.unit.conftest import Context
from veo4k import bootstrap
from veo4k.domain.errors import SettingsError
from veo4k.domain.gate import Pace
from veo4k.domain.schedule import Times
from veo4k.settings import TUNING_NAMES, Settings

TOLD = {
    "KIE_BASE_URL": "https://api.kie.ai",
    "RESULT_HOSTS": "file.example,other.example:8443",
    "REQUESTS_PER_WINDOW": "20",
}
DEFAULTS = {
    "FirstProbeSeconds": 720,
    "ProbeSeconds": 120,
    "NudgeSeconds": 60,
    "UnknownWaitSeconds": 120,
    "LeaseSeconds": 90,
    "PauseSeconds": 60,
    "BaseRetrySeconds": 300,
    "DeadlineSeconds": 86_400,
    "HardDeadlineSeconds": 259_200,
    "QueuedDeadlineSeconds": 1_123_200,
    "ArchiveAttempts": 10,
    "ArchiveRetrySeconds": 60,
    "ArchiveLeaseSeconds": 960,
    "WindowSeconds": 10,
    "UnclearSeconds": 7200,
}


def tuned(text: str) -> Settings:
    """Return settings with that TUNING."""
    return Settings(TOLD | {"TUNING": text})


def test_a_variable_that_is_missing_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="JOB_TABLE_NAME"):
        Settings(TOLD).text("JOB_TABLE_NAME")


@pytest.mark.parametrize("value", ["x", "0", "-1", "nan", "inf"])
def test_a_number_that_is_none_or_not_above_zero_is_refused_by_name(value: str) -> None:
    with pytest.raises(SettingsError, match="REQUESTS_PER_WINDOW is unusable"):
        Settings(TOLD | {"REQUESTS_PER_WINDOW": value}).pace()


@pytest.mark.parametrize("environment", [TOLD, TOLD | {"TUNING": ""}], ids=["absent", "empty"])
def test_without_tuning_times_and_pace_have_their_defaults(environment: dict[str, str]) -> None:
    settings = Settings(environment)

    assert settings.times() == Times()
    assert settings.pace() == Pace()


def test_every_time_and_the_window_have_a_tuning_name() -> None:
    assert set(TUNING_NAMES) == DEFAULTS.keys()
    assert len(TUNING_NAMES) == len(fields(Times)) + 1


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_tuned_name_changes_its_own_value_and_no_other(name: str) -> None:
    def values(settings: Settings) -> set[tuple[str, float]]:
        return set((asdict(settings.times()) | asdict(settings.pace())).items())

    [(field, number)] = values(tuned(f"{name}=7")) - values(Settings(TOLD))
    assert number == 7
    assert (field, DEFAULTS[name]) in values(Settings(TOLD))
    assert field.replace("_", "") == name.lower().removesuffix("seconds")


def test_several_names_are_tuned_at_once() -> None:
    settings = tuned("ProbeSeconds=1,LeaseSeconds=99999999,WindowSeconds=3")

    assert settings.times() == Times(probe=1, lease=99_999_999)
    assert settings.pace() == Pace(window=3, lease=99_999_999)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("ProbeSecond=1", "unknown name 'ProbeSecond'"),
        ("probeSeconds=1", "unknown name 'probeSeconds'"),
        ("LeaseSeconds=5,=1", "unknown name ''"),
        ("LeaseSeconds=5,", "unknown name ''"),
        ("LeaseSeconds=5, ProbeSeconds=1", "unknown name ' ProbeSeconds'"),
        (" ", "unknown name ' '"),
        ("ProbeSeconds=1,LeaseSeconds=5,ProbeSeconds=1", "'ProbeSeconds' is given twice"),
    ],
)
def test_a_wrong_or_repeated_tuning_name_is_refused(text: str, wrong: str) -> None:
    with pytest.raises(SettingsError) as refused:
        tuned(text)

    assert str(refused.value) == f"TUNING: {wrong}; allowed are {', '.join(TUNING_NAMES)}"


@pytest.mark.parametrize(
    "number",
    [
        "",
        "0",
        "-1",
        "+1",
        "01",
        "1.5",
        "1e3",
        "1_000",
        "100000000",
        "x",
        "nan",
        "1=2",
        " 1",
        "1\n",
        "\N{FULLWIDTH DIGIT ONE}",
    ],
)
def test_a_tuning_value_that_is_no_whole_number_is_refused(number: str) -> None:
    with pytest.raises(SettingsError) as refused:
        tuned(f"LeaseSeconds=5,ProbeSeconds={number}")

    wrong = f"ProbeSeconds={number!r} is not a whole number from 1 to 99999999"
    assert str(refused.value) == f"TUNING: {wrong}; allowed are {', '.join(TUNING_NAMES)}"


def test_a_tuning_name_without_a_value_is_refused() -> None:
    with pytest.raises(SettingsError, match="TUNING: ProbeSeconds='' is not a whole number from 1 to 99999999"):
        tuned("ProbeSeconds")


@pytest.fixture
def wrong_tuning(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start the functions with a TUNING that has an unknown name."""
    monkeypatch.setenv("TUNING", "ProbeSecond=1")
    bootstrap.settings.cache_clear()
    yield
    bootstrap.settings.cache_clear()


@pytest.mark.parametrize(
    "handler",
    [submit.app.handler, callback.app.handler, sweep.app.handler, publish.app.handler, archive.app.handler],
    ids=["submit", "callback", "sweep", "publish", "archive"],
)
@pytest.mark.usefixtures("wrong_tuning", "log_output")
@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_no_function_starts_with_a_wrong_tuning(handler: Callable[..., Any], context: Context) -> None:
    with pytest.raises(SettingsError, match="TUNING: unknown name 'ProbeSecond'; allowed are "):
        handler({"Records": []}, context)


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


def test_a_limit_that_is_not_set_is_none() -> None:
    assert Settings(TOLD).pace().daily == 0


def test_a_limit_is_a_whole_number_and_not_below_zero() -> None:
    assert Settings(TOLD | {"DAILY_REQUEST_LIMIT": "7"}).pace().daily == 7
    with pytest.raises(SettingsError, match="DAILY_REQUEST_LIMIT is unusable"):
        Settings(TOLD | {"DAILY_REQUEST_LIMIT": "-1"}).pace()
