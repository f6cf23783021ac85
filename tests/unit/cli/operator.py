"""An operator at a terminal: runs commands over AWS in memory and reads what they print."""

import json
from collections.abc import Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

from typer.testing import CliRunner

from proofs.doubles.gate_memory import numbered
from proofs.doubles.time_manual import NOON
from tests.unit.cli import doubles
from veo4k.domain.job import ENDED, Job, State, utc_day
from veo4k_cli.__main__ import app
from veo4k_cli.command import Dependencies
from veo4k_cli.stack import Stack

TASK = "veo_task_abcdef123456"
TERMINAL = {"COLUMNS": "200", "TERM": "dumb"}


class Result(NamedTuple):
    """What a command left: exit status, standard output, standard error."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Operator:
    """Everything that a command works on. `error`: raised instead of finding a stack."""

    def __init__(self) -> None:
        self.clock, self.table, self.queues = doubles.SteppingClock(), doubles.Table(), doubles.Queues(self._now)
        self.secrets, self.logs, self.functions = doubles.Secrets(), doubles.Logs(), doubles.Functions()
        self.schedules, self.buckets = doubles.Schedules(), doubles.Buckets()
        self.subscriptions: list[dict[str, str]] = []
        self.firing: list[str] = []
        self.metrics: list[dict[str, Any]] = []
        self.parameters = {"RequestsPerWindow": "20", "ArchiveConcurrency": "5", "Tuning": ""}
        self.status, self.local = "UPDATE_COMPLETE", False
        self.outputs, self.environment = dict(doubles.OUTPUTS), dict[str, str]()
        self.provider = "https://provider.invalid"
        self.error: Exception | None = None
        self.searched: list[tuple[str | None, bool]] = []

    def _now(self) -> float:
        return self.clock.now()

    def find(self, name: str | None, *, local: bool) -> Stack:
        self.searched.append((name, local))
        if self.error is not None:
            raise self.error
        clients: dict[str, Any] = {
            "dynamodb": self.table,
            "sqs": self.queues,
            "secretsmanager": self.secrets,
            "logs": self.logs,
            "lambda": self.functions,
            "cloudformation": doubles.Pages(lambda **_: {"StackResourceSummaries": doubles.RESOURCES}),
            "scheduler": self.schedules,
            "s3": self.buckets,
            "sns": doubles.Pages(lambda **_: {"Subscriptions": self.subscriptions}),
            "cloudwatch": SimpleNamespace(
                describe_alarms=lambda **_: {"MetricAlarms": [{"AlarmName": name} for name in self.firing]},
                get_metric_data=lambda **_: {"MetricDataResults": self.metrics},
            ),
        }
        return Stack(
            name="veo4k",
            arn="arn:aws:cloudformation:eu-central-1:123456789012:stack/veo4k/4711",
            status=self.status,
            place="eu-central-1",
            local=self.local,
            client=clients.__getitem__,
            outputs=self.outputs,
            parameters=self.parameters,
        )

    def run(self, *words: str, stdin: str | bytes = "", env: Mapping[str, str | None] = MappingProxyType({})) -> Result:
        """Run a command. An unexpected exception is raised as it is."""
        dependencies = Dependencies(
            find=self.find,
            clock=self.clock,
            new_id=numbered(),
            new_key=lambda: "a-new-key-of-the-token",
            provider=self.provider,
            environment=self.environment,
        )
        done = CliRunner(env=TERMINAL | dict(env)).invoke(app, list(words), input=stdin, obj=dependencies)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Result(done.exit_code, done.stdout, done.stderr)

    def doctor(self) -> dict[str, dict[str, str]]:
        """Run the doctor. Return the findings by their subjects."""
        status, out, err = self.run("doctor", "--json")
        found = {finding["about"]: finding for finding in json.loads(out)}
        assert status == int("act" in {finding["verdict"] for finding in found.values()})
        assert not [value for value in self.environment.values() if value in out + err]
        return found

    def refused(self, *words: str, stdin: str = "") -> str:
        """Run a command that is refused: it prints nothing and changes nothing. Return what it says."""
        before = str((self.table._rows, self.queues.messages, self.secrets.values))
        status, out, err = self.run(*words, stdin=stdin)
        assert (status, out) == (2, "")
        assert str((self.table._rows, self.queues.messages, self.secrets.values)) == before
        return err

    def add_job(self, state: State = State.PROCESSING, **fields: Any) -> Job:
        defaults: dict[str, Any] = {"task_id": TASK, "run": 1, "index": 0, "created_at": NOON - 60, "requests_sent": 1}
        if state in ENDED:
            defaults["finished_at"] = fields.get("finished_at", fields.get("created_at", NOON - 60))
            defaults["day"] = utc_day(defaults["finished_at"])
        job = Job(**defaults | {"state": state} | fields)
        self.table.put(job)
        return job
