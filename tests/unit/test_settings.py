import json
import re
import subprocess
import sys
from dataclasses import asdict, fields
from pathlib import Path

import pytest

from bench.stack import environment
from local.paths import ROOT
from tests.infrastructure.stack import FUNCTIONS
from veo4k.domain.errors import SettingsError
from veo4k.domain.gate import Pace
from veo4k.domain.result_url import Target
from veo4k.domain.schedule import Times
from veo4k.settings import TUNING_NAMES, Settings

VARIABLES = {
    "KIE_BASE_URL": "https://api.kie.ai",
    "RESULT_HOSTS": "a.example,b.example:8443",
    "REQUESTS_PER_WINDOW": "20",
}


def tuned(text: str) -> Settings:
    return Settings(VARIABLES | {"TUNING": text})


def test_a_variable_that_is_missing_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="JOB_TABLE_NAME"):
        Settings(VARIABLES).text("JOB_TABLE_NAME")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("REQUESTS_PER_WINDOW", number) for number in ("x", "0", "-1", "nan", "inf")),
        *(("DAILY_REQUEST_LIMIT", number) for number in ("x", "-1", "-0.5", "nan", "inf", "1e999")),
        ("RESULT_HOSTS", "https://file.example/"),
    ],
)
def test_an_unusable_value_is_refused_by_name(name: str, value: str) -> None:
    settings = Settings(VARIABLES | {name: value})

    with pytest.raises(SettingsError, match=f"{name} is unusable"):
        (settings.pace(), settings.hosts())


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("20", 20), ("20.0", 20), ("2.9", 2), ("2e1", 20)])
def test_a_number_is_read_without_its_fraction(text: str, number: int) -> None:
    assert Settings({"REQUESTS_PER_WINDOW": text}).number("REQUESTS_PER_WINDOW") == number


@pytest.mark.parametrize("environment", [VARIABLES, VARIABLES | {"TUNING": ""}], ids=["absent", "empty"])
def test_without_tuning_times_and_pace_have_their_defaults(environment: dict[str, str]) -> None:
    settings = Settings(environment)

    assert settings.times() == Times()
    assert settings.pace() == Pace()


def test_every_time_and_the_window_have_a_tuning_name() -> None:
    assert len(TUNING_NAMES) == len(fields(Times)) + 1


@pytest.mark.parametrize("name", TUNING_NAMES)
def test_a_tuned_name_changes_its_own_value_and_no_other(name: str) -> None:
    """The defaults stand in docs/interface.md, whose table is held against them."""

    def values(settings: Settings) -> set[tuple[str, float]]:
        return set((asdict(settings.times()) | asdict(settings.pace())).items())

    [(field, number)] = values(tuned(f"{name}=7")) - values(Settings(VARIABLES))
    assert number == 7
    assert field.replace("_", "") == name.lower().removesuffix("seconds")


def test_several_names_are_tuned_at_once() -> None:
    settings = tuned("ProbeSeconds=1,LeaseSeconds=99999999,WindowSeconds=3")

    assert settings.times() == Times(probe=1, lease=99_999_999)
    assert settings.pace() == Pace(window=3, lease=99_999_999)


NO_NUMBERS = ["", "0", "-1", "+1", "01", "1.5", "1e3", "1_000", "100000000", "x", "nan", "1=2", " 1", "1\n", "\uff11"]


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
        ("ProbeSeconds", "ProbeSeconds='' is not a whole number from 1 to 99999999"),
        *(
            (f"LeaseSeconds=5,ProbeSeconds={text}", f"ProbeSeconds={text!r} is not a whole number from 1 to 99999999")
            for text in NO_NUMBERS
        ),
    ],
)
def test_a_wrong_or_repeated_tuning_entry_is_refused(text: str, wrong: str) -> None:
    with pytest.raises(SettingsError) as refused:
        tuned(text)

    assert str(refused.value) == f"TUNING: {wrong}; allowed are {', '.join(TUNING_NAMES)}"


START = """
import importlib, json, os, sys
for name, variables in json.loads(sys.argv[1]).items():
    os.environ |= variables
    try:
        importlib.import_module(f"{name.lower()}.app")
    except Exception as error:
        print(name, type(error).__name__, error)
"""


def test_no_function_starts_with_a_wrong_tuning() -> None:
    variables = {name: environment(f"{name}Function") | {"TUNING": "ProbeSecond=1"} for name in FUNCTIONS}
    places = {"PYTHONPATH": f"{ROOT}/layers/core/src:{ROOT}/functions"}
    start = [sys.executable, "-c", START, json.dumps(variables)]

    started = subprocess.run(start, env=places, capture_output=True, text=True, check=True)  # noqa: S603  our own code

    refused = "SettingsError TUNING: unknown name 'ProbeSecond'; allowed are "
    assert [line.partition(refused)[:2] for line in started.stdout.splitlines()] == [
        (f"{name} ", refused) for name in FUNCTIONS
    ]


def test_hosts_are_read_with_the_providers_address() -> None:
    assert Settings(VARIABLES).hosts().target("https://b.example:8443/a") == Target("https", "b.example", 8443, "/a")


def test_a_choice_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="CALLBACK_SIGNATURE must be one of required, optional"):
        Settings({"CALLBACK_SIGNATURE": "maybe"}).chosen("CALLBACK_SIGNATURE", "required", "optional")


def test_the_environment_is_read_in_settings_and_bootstrap_alone() -> None:
    modules = Path("layers/core/src/veo4k").rglob("*.py")
    readers = {path.parent.name for path in modules if re.search(r"\bos\.(environ|getenv)\b", path.read_text())}

    assert readers == {"bootstrap"}


@pytest.mark.parametrize(
    ("text", "limit"),
    [("0", 0), ("0.0", 0), ("", 0), ("7", 7), ("20.0", 20), ("1e3", 1000), ("1.5", 1), ("0.5", 1)],
)
def test_a_daily_limit_is_read_as_any_number_that_aws_allows(text: str, limit: int) -> None:
    """A limit below one must not become zero, which sets no limit."""
    assert Settings(VARIABLES | {"DAILY_REQUEST_LIMIT": text}).pace().daily == limit
