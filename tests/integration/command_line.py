"""The operator's command line over a stack of the local cloud."""

import json
from dataclasses import replace
from typing import Any

from typer.testing import CliRunner, Result

from local.cloud.local_cloud import LocalCloud
from veo4k_cli.__main__ import app
from veo4k_cli.command import Dependencies
from veo4k_cli.stack import local_stack

TERMINAL = {"COLUMNS": "200", "TERM": "dumb"}


def veo4k(cloud: LocalCloud, *words: str, stdin: str = "", **environment: str) -> Result:
    """Run a command, with these variables of the environment."""
    stack = replace(local_stack(cloud.endpoint, cloud.stack), client=cloud.client)  # making clients takes long
    dependencies = Dependencies(find=lambda name, *, local: stack, environment=environment)  # noqa: ARG005  the protocol's names
    return CliRunner(env=TERMINAL).invoke(app, list(words), stdin, obj=dependencies, catch_exceptions=False)


def veo4k_json(cloud: LocalCloud, *words: str, stdin: str = "") -> Any:
    """Run a command that must succeed. Return its JSON."""
    done = veo4k(cloud, *words, "--json", stdin=stdin)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)
