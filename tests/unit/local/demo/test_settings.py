"""The times of the demo and of the local cloud fit each other, the template and the simulator."""

from samtranslator.yaml_helper import yaml_parse

from local.cloud.parameters import AT_THE_PROVIDER, COMPRESSED, as_parameters, compressed, parameters_beside
from local.demo.__main__ import GENERATION_MINUTES, SETTINGS, TIMEOUT_SECONDS, TIMES
from local.demo.cases import CASES
from local.kie import SimulatorClient
from local.kie.scenarios import SCENARIOS
from local.paths import ROOT

STACK = parameters_beside(SimulatorClient("http://127.0.0.1:8080"))


def test_a_minute_becomes_a_second_and_no_time_less_than_that() -> None:
    times = compressed({"FirstProbeSeconds": 720.0, "ProbeSeconds": 10.0})
    assert (times, COMPRESSED["FirstProbeSeconds"]) == ({"FirstProbeSeconds": "12", "ProbeSeconds": "1"}, 720)


def test_the_stack_calls_the_simulator_with_the_true_rate_limit() -> None:
    assert (STACK["KieBaseUrl"], STACK["ResultHosts"]) == ("http://127.0.0.1:8080", "127.0.0.1:8080")
    assert not {"WindowSeconds", "RequestsPerWindow", "LeaseSeconds"} & STACK.keys()
    assert (SETTINGS.window_count, SETTINGS.window_seconds) == (20, 10)


def test_times_become_the_parameter_tuning_and_the_others_are_the_templates() -> None:
    values = {"ProbeSeconds": "1", "ProviderContract": "jobs", "LeaseSeconds": "5"}
    assert as_parameters(values) == {"ProviderContract": "jobs", "Tuning": "ProbeSeconds=1,LeaseSeconds=5"}
    assert as_parameters({"LogLevel": "DEBUG"}) == {"LogLevel": "DEBUG"}
    parameters = as_parameters(STACK | AT_THE_PROVIDER | TIMES)
    assert parameters.keys() <= yaml_parse((ROOT / "template.yaml").read_text())["Parameters"].keys()


def test_the_first_poll_comes_between_callbacks_on_time_and_late_ones() -> None:
    [late] = [case for case in CASES if case.scenario == "late"]
    on_time = SETTINGS.real_seconds(GENERATION_MINUTES[1])
    delayed = SETTINGS.real_seconds(GENERATION_MINUTES[0] + late.changes["callbacks"][0]["delay"])
    assert on_time + 8 < int(TIMES["FirstProbeSeconds"]) < delayed - 4


def test_the_hard_deadline_is_after_the_last_callback_and_before_the_end() -> None:
    retries = SETTINGS.callback_retry_minutes[: SETTINGS.callback_attempts - 1]
    last = SETTINGS.real_seconds(GENERATION_MINUTES[1] + sum(retries))
    assert last + 4 < int(TIMES["HardDeadlineSeconds"]) < TIMEOUT_SECONDS / 2


def test_every_case_has_a_scenario_of_the_simulator_and_its_own_video() -> None:
    assert {case.scenario for case in CASES} <= SCENARIOS.keys()
    assert len({case.key for case in CASES}) == len(CASES)
