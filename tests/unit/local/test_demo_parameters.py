from samtranslator.yaml_helper import yaml_parse

from local.cloud.parameters import AT_THE_PROVIDER, COMPRESSED, as_parameters, beside, compressed
from local.demo.__main__ import GENERATION_MINUTES, PATIENCE, SETTINGS, TIMES
from local.demo.cases import CASES
from local.kie import SimulatorClient
from local.kie.scenarios import SCENARIOS
from local.paths import ROOT

STACK = beside(SimulatorClient("http://127.0.0.1:8080"))


def test_a_minute_of_the_stack_becomes_a_second() -> None:
    assert compressed({"FirstProbeSeconds": 720.0}) == {"FirstProbeSeconds": "12"}
    assert COMPRESSED["FirstProbeSeconds"] == 720


def test_no_time_becomes_shorter_than_a_second() -> None:
    assert compressed({"ProbeSeconds": 10.0}) == {"ProbeSeconds": "1"}


def test_the_stack_asks_the_simulator_and_fetches_from_it_alone() -> None:
    assert (STACK["KieBaseUrl"], STACK["ResultHosts"]) == ("http://127.0.0.1:8080", "127.0.0.1:8080")


def test_the_window_and_the_lease_are_the_real_ones() -> None:
    assert not {"WindowSeconds", "RequestsPerWindow", "LeaseSeconds"} & STACK.keys()
    assert (SETTINGS.window_count, SETTINGS.window_seconds) == (20, 10)


def test_times_become_the_value_of_one_parameter() -> None:
    given = {"ProbeSeconds": "1", "ProviderContract": "jobs", "LeaseSeconds": "5"}
    assert as_parameters(given) == {"ProviderContract": "jobs", "Tuning": "ProbeSeconds=1,LeaseSeconds=5"}
    assert as_parameters({"LogLevel": "DEBUG"}) == {"LogLevel": "DEBUG"}


def test_every_parameter_is_one_of_the_template() -> None:
    parameters = as_parameters(STACK | AT_THE_PROVIDER | TIMES)
    assert parameters.keys() <= yaml_parse((ROOT / "template.yaml").read_text())["Parameters"].keys()


def test_the_real_provider_is_polled_no_more_often_than_it_asks_for() -> None:
    assert min(int(AT_THE_PROVIDER[name]) for name in ("FirstProbeSeconds", "ProbeSeconds")) >= 30


def test_a_callback_on_time_comes_well_before_the_first_probe() -> None:
    longest = SETTINGS.real_seconds(GENERATION_MINUTES[1])
    assert longest + 8 < int(TIMES["FirstProbeSeconds"])


def test_a_late_callback_comes_well_after_the_first_probe() -> None:
    [late] = [case for case in CASES if case.scenario == "late"]
    delay = GENERATION_MINUTES[0] + late.changes["callbacks"][0]["delay"]
    assert SETTINGS.real_seconds(delay) > int(TIMES["FirstProbeSeconds"]) + 4


def test_a_job_that_is_only_awaited_is_given_up_after_the_last_callback_and_before_the_demo_is() -> None:
    retries = SETTINGS.callback_retry_minutes[: SETTINGS.callback_attempts - 1]
    last = SETTINGS.real_seconds(GENERATION_MINUTES[1] + sum(retries))
    assert last + 4 < int(TIMES["HardDeadlineSeconds"]) < PATIENCE / 2


def test_every_case_is_a_scenario_of_the_simulator_and_a_task_of_its_own() -> None:
    assert {case.scenario for case in CASES} <= SCENARIOS.keys()
    assert len({case.task_id for case in CASES}) == len(CASES)
