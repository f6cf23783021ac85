"""Each option of the template on the local cloud: a stack with it is created, runs and is deleted."""

import pytest

from local.cloud.local_cloud import LocalCloud

OPTIONS = (
    {"LowCredits": "0"},
    {"KeepBase": "off"},
    {"ExpireAfterDays": "30"},
    {"JobsApi": "on"},
    {"CallbackBaseUrl": "none"},
    {"CallbackBaseUrl": "https://videos.example.com"},
    {"ProviderContract": "jobs"},
)
"""All others are tried together, in a stack beside one with defaults (test_two_stacks.py)."""


@pytest.mark.parametrize("option", OPTIONS, ids=str)
def test_a_stack_with_an_option_is_created_and_runs(endpoint: str, option: dict[str, str]) -> None:
    with LocalCloud(option, stack="option", endpoint=endpoint) as cloud:
        assert "sweep_interrupted" not in cloud.invoke("SweepFunctionName", {})
        assert [name for name, value in option.items() if cloud.outputs.get(name, value) != value] == []


def test_a_stack_name_may_have_50_characters(endpoint: str) -> None:
    with LocalCloud(stack="v" * 50, endpoint=endpoint) as cloud:
        assert "sweep_interrupted" not in cloud.invoke("SweepFunctionName", {})
