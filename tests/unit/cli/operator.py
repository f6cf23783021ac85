"""An operator before a terminal: runs commands over AWS in memory, and reads what they print."""

import json
from typing import Any, NamedTuple

from typer.testing import CliRunner

from cli.__main__ import app
from cli.command import World
from cli.stack import Stack
from tests.doubles.gate_memory import numbered
from tests.doubles.time_manual import NOON, ManualClock
from tests.unit.cli.doubles import OUTPUTS, Formation, Functions, Logs, Queues, Secrets, Table
from veo4k.domain.job import Job, State

TASK = "veo_task_abcdef123456"
WIDE = {"COLUMNS": "200", "TERM": "dumb"}


class Seen(NamedTuple):
    """What a command left: exit status, standard output, standard error."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


class Operator:
    """Everything a command touches, to be prepared before and looked at after."""

    def __init__(self) -> None:
        self.table, self.queues, self.secrets = Table(), Queues(), Secrets()
        self.logs, self.functions, self.clock = Logs(), Functions(), ManualClock()
        self.parameters = {"RequestsPerWindow": "20", "WindowSeconds": "10", "PauseSeconds": "60", "LeaseSeconds": "90"}
        self.outputs = dict(OUTPUTS)
        self.environment: dict[str, str] = {}
        self.asked_for: list[tuple[str | None, bool]] = []
        self.world = World(
            find=self.find,
            clock=self.clock,
            new_id=numbered(),
            new_key=lambda: "a-new-key-of-the-token",
            environment=self.environment,
        )

    def find(self, name: str | None, *, local: bool) -> Stack:
        """Give the stack in memory."""
        self.asked_for.append((name, local))
        clients = {
            "dynamodb": self.table,
            "sqs": self.queues,
            "secretsmanager": self.secrets,
            "logs": self.logs,
            "lambda": self.functions,
            "cloudformation": Formation(),
        }
        return Stack(
            name="veo4k",
            place="eu-central-1",
            local=False,
            client=clients.__getitem__,
            outputs=self.outputs,
            parameters=self.parameters,
        )

    def runs(self, *words: str, typed: str = "") -> Seen:
        """Run a command; a bug's exception comes out as itself."""
        done = CliRunner(env=WIDE).invoke(app, list(words), input=typed, obj=self.world)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Seen(done.exit_code, done.stdout, done.stderr)

    def has(self, state: State = State.PROCESSING, **fields: Any) -> Job:
        """Put a job into the table."""
        made: dict[str, Any] = {"task_id": TASK, "run": 1, "index": 0, "created_at": NOON - 60, "requests_sent": 1}
        job = Job(**made | {"state": state} | fields)
        self.table.put(job)
        return job
