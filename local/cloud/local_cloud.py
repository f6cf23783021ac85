"""The local cloud: the template as it is, deployed and running on this machine with its IAM roles enforced.

    with LocalCloud({"KieBaseUrl": simulator.base_url, "ResultHosts": simulator.host_port}) as cloud:
        cloud.set_secret("ApiKeySecretName", "a key")
        cloud.send({"taskId": "veo_task_1"})
        cloud.invoke("SweepFunctionName", {})
        print(cloud.logs("SubmitFunctionName"))

Several stacks of different names can share one emulator, as they share an account on AWS:

    with LocalCloud() as first, LocalCloud(stack="other", endpoint=first.endpoint) as second: ...

Each stack's callback API has an address of its own (`emulator_workarounds`).
"""

import contextlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from local.cloud import aws, messages
from local.cloud.build import built_template
from local.cloud.deploy import STACK, delete, deploy, outputs, update
from local.cloud.emulator import emulator
from local.cloud.parameters import as_parameters
from local.cloud.rows import Row, read_rows, read_runs

STREAM = re.compile(r"/([\w-]+)\[")
"""The function's name in the name of a log stream."""
MOST_EVENTS = 10_000  # that one call returns


class InvocationError(RuntimeError):
    """A function that was invoked by hand raised an error. The message is its payload."""


class LocalCloud:
    """A running stack. Its `with` block ends it. Any number may run at once."""

    endpoint: str
    stack: str
    outputs: dict[str, str]

    def __init__(
        self,
        parameters: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        *,
        stack: str = STACK,
        endpoint: str = "",
    ) -> None:
        """Prepare a stack.

        Args:
            parameters: of the template, and times under the names that `Tuning` knows.
            environment: variables for the functions, in addition to the template's.
            stack: its name.
            endpoint: of a running emulator. An empty one starts an emulator.
        """
        self._parameters, self._environment = dict(parameters or {}), environment
        self.stack, self.endpoint = stack, endpoint
        self._running = contextlib.ExitStack()
        self._clients: dict[str, Any] = {}

    @classmethod
    def deployed(cls, endpoint: str, outputs: Mapping[str, str], stack: str = STACK) -> Self:
        """Return a handle on a stack that another process or the SAM CLI has deployed."""
        cloud = cls(stack=stack, endpoint=endpoint)
        cloud.outputs = dict(outputs)
        return cloud

    def __enter__(self) -> Self:
        """Build if a source has changed, start the emulator and deploy. This takes a few seconds."""
        template = built_template()
        with self._running as running:
            shared = bool(self.endpoint)
            if not shared:
                self.endpoint = running.enter_context(emulator(self._environment))
            self.outputs = deploy(self.endpoint, self.stack, template, as_parameters(self._parameters))
            if shared:
                running.callback(delete, self.endpoint, self.stack)
            self._running = running.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._running.close()

    @property
    def callback_base_url(self) -> str:
        """Base URL of the callback API, to which `/callbacks/…` is appended."""
        return self.outputs["CallbackBaseUrl"]

    def client(self, service: str) -> Any:
        """Return the boto3 client of a service, with the rights of the account's owner."""
        if service not in self._clients:
            self._clients[service] = aws.client(self.endpoint, service)
        return self._clients[service]

    def send(self, *job_messages: Mapping[str, Any]) -> None:
        """Send messages to the job queue."""
        messages.send(self.client("sqs"), self.outputs["JobQueueUrl"], job_messages)

    def send_bodies(self, bodies: Sequence[str]) -> None:
        """Send bodies to the job queue, valid or not."""
        messages.send_bodies(self.client("sqs"), self.outputs["JobQueueUrl"], bodies)

    def rows(self) -> list[Row]:
        """Return all jobs, the oldest first."""
        return read_rows(self.client("dynamodb"), self.outputs["JobTableName"])

    def runs(self, task_id: str) -> list[Row]:
        """Return all runs of a task, in order."""
        return read_runs(self.client("dynamodb"), self.outputs["JobTableName"], task_id)

    def invoke(self, function: str, payload: Any) -> Any:
        """Invoke a function, named by its stack output, and return its response. Raise InvocationError."""
        return self.invoke_by_name(self.outputs[function], payload)

    def invoke_by_name(self, name: str, payload: Any) -> Any:
        """Invoke a function by its name on AWS and return its response. Raise InvocationError."""
        response = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(payload).encode())
        body = response["Payload"].read()
        if "FunctionError" in response:
            raise InvocationError(body.decode())
        return json.loads(body)

    def function_name(self, function: str) -> str:
        """Return the name on AWS of a function such as `submit`, or an empty one where the stack does not have it."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.stack)
        found = (resource for page in pages for resource in page["StackResourceSummaries"])
        logical_id = f"{function.capitalize()}Function"
        return next((one["PhysicalResourceId"] for one in found if one["LogicalResourceId"] == logical_id), "")

    def secret(self, output: str) -> str:
        """Return the value of a secret, named by its stack output."""
        secrets = self.client("secretsmanager")
        return str(secrets.get_secret_value(SecretId=self.outputs[output])["SecretString"])

    def set_secret(self, output: str, value: str) -> None:
        """Set the value of a secret, named by its stack output."""
        self.client("secretsmanager").put_secret_value(SecretId=self.outputs[output], SecretString=value)

    def change(self, **parameters: str) -> None:
        """Update some of the running stack's parameters and times. The others keep their values."""
        changed = self._parameters | parameters
        update(self.endpoint, self.stack, as_parameters(changed))
        self._parameters, self.outputs = changed, outputs(self.endpoint, self.stack)

    def logs(self, function: str) -> str:
        """Return everything that a function, named by its stack output, has logged."""
        return self.all_logs().get(self.outputs[function], "")

    def all_logs(self) -> dict[str, str]:
        """Return everything that each function has logged, by the function's own name."""
        lines = defaultdict(list)
        for event in self._log_events():
            if named := STREAM.search(event["logStreamName"]):  # the emulator adds the name a moment later
                lines[named[1]].append(event["message"])
        return {function: "\n".join(texts) for function, texts in lines.items()}

    def _log_events(self) -> Iterator[dict[str, Any]]:
        """Yield the log group's events in order, page by page: the emulator returns no token for the next page."""
        logs, group, start = self.client("logs"), f"/aws/lambda/{self.stack}", 0
        while True:
            events = logs.filter_log_events(logGroupName=group, startTime=start, limit=MOST_EVENTS)["events"]
            if len(events) < MOST_EVENTS:
                yield from events
                return
            start = events[-1]["timestamp"]
            yield from (event for event in events if event["timestamp"] < start)
