"""examples/generate against the local cloud: a generation and its extension come in 4K without a message."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cloud.environment import Environment, environment
from local.kie import Settings
from tests.integration.callback import token_of

EXAMPLES = Path("examples/generate")


@pytest.fixture(scope="module")
def env() -> Iterator[Environment]:
    with environment(Settings(speed=600, webhook_key="a webhook key")) as env:
        yield env


def run(env: Environment, *words: str) -> str:
    token = token_of(env.cloud.secret("TokenKeySecretName"), "generated")
    variables = {
        "KIE_BASE_URL": env.simulator.base_url,
        "KIE_API_KEY": env.simulator.settings.api_key,
        "VEO4K_HOOK": f"{env.cloud.callback_base_url}/generated/{token}?project=atlas",
    }
    done = subprocess.run(words, env=os.environ | variables, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_generation_and_its_extension_come_in_4k(env: Environment) -> None:
    program = (sys.executable, str(EXAMPLES / "generate.py"))
    task = run(env, *program, "A lighthouse at dawn")
    first = env.ended(task)
    extension = run(env, *program, "The light goes on", "--extend", task)
    second = env.ended(extension)
    for row in (first, second):
        assert (row["state"], row["tags"]) == ("SUCCEEDED", {"project": "atlas"})


def test_the_shell_script_starts_a_generation(env: Environment) -> None:
    answer = run(env, "sh", str(EXAMPLES / "generate.sh"), 'A sign that\n\tsays "dawn"')
    task = answer.partition('"taskId": "')[2].partition('"')[0]
    assert env.ended(task)["state"] == "SUCCEEDED"
