"""The local cloud: the unmodified template, deployed and running on this machine with its IAM roles enforced.

    with LocalCloud({"KieBaseUrl": simulator.url, "ResultHosts": "127.0.0.1"}) as cloud:
        cloud.set_secret("ApiKeySecretName", "a key")
        cloud.client("sqs").send_message(QueueUrl=cloud.outputs["JobQueueUrl"], MessageBody=...)
        cloud.invoke("SweepFunctionName", {})
        print(cloud.logs("SubmitFunctionName"))

Several stacks of different names can share one emulator, as they share an account on AWS:

    with LocalCloud() as first, LocalCloud(stack="other", endpoint=first.endpoint) as second: ...

Each stack's callback API has an address of its own (`emulator_server`).
"""

import contextlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from local.cloud import aws
from local.cloud.build import built_template
from local.cloud.deploy import STACK, delete, deploy, update
from local.cloud.emulator import emulator
from local.cloud.parameters import as_parameters

STREAM = re.compile(r"/([\w-]+)\[")
"""The function's name in a log stream's."""
MOST_EVENTS = 10_000  # that one call returns


class InvocationError(RuntimeError):
    """A function that was invoked by hand raised; the message is its payload."""


class LocalCloud:
    """A running stack. Any number may run at once; each is gone with its `with` block."""

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
            parameters: of the template; times stand beside them under the names that `Tuning` knows.
            environment: what the functions find in theirs beside what the template puts there.
            stack: its name.
            endpoint: of a running emulator; empty starts one.
        """
        self._parameters, self._environment = dict(parameters or {}), environment
        self.stack, self.endpoint = stack, endpoint
        self._running = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Build if anything has changed, start the emulator and deploy: a few seconds."""
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
        """The callback API, to which `/callbacks/…` is appended."""
        return self.outputs["CallbackBaseUrl"]

    def client(self, service: str) -> Any:
        """boto3 client of a service, with the rights of the account's owner."""
        return aws.client(self.endpoint, service)

    def invoke(self, function: str, payload: Any) -> Any:
        """Invoke a function, named by its stack output, and return its answer."""
        answer = self.client("lambda").invoke(FunctionName=self.outputs[function], Payload=json.dumps(payload).encode())
        body = answer["Payload"].read()
        if "FunctionError" in answer:
            raise InvocationError(body.decode())
        return json.loads(body)

    def set_secret(self, secret: str, value: str) -> None:
        """Give a secret, named by its stack output, a value."""
        self.client("secretsmanager").put_secret_value(SecretId=self.outputs[secret], SecretString=value)

    def change(self, **parameters: str) -> None:
        """Update the running stack's parameters; times stand beside them, and the others keep their values."""
        changed = self._parameters | parameters
        update(self.endpoint, self.stack, as_parameters(changed))
        self._parameters = changed

    def logs(self, function: str) -> str:
        """Return everything that a function, named by its stack output, has logged."""
        return self.all_logs().get(self.outputs[function], "")

    def all_logs(self) -> dict[str, str]:
        """Return everything that each function has logged, by the function's own name."""
        lines = defaultdict(list)
        for event in self._log_events():
            if named := STREAM.search(event["logStreamName"]):  # the emulator adds the name a moment later
                lines[named[1]].append(event["message"])
        return {function: "\n".join(messages) for function, messages in lines.items()}

    def _log_events(self) -> Iterator[dict[str, Any]]:
        """Yield the log group's events in their order, page by page: the emulator returns no token for the next."""
        logs, group, start = self.client("logs"), f"/aws/lambda/{self.stack}", 0
        while True:
            events = logs.filter_log_events(logGroupName=group, startTime=start, limit=MOST_EVENTS)["events"]
            if len(events) < MOST_EVENTS:
                yield from events
                return
            start = events[-1]["timestamp"]
            yield from (event for event in events if event["timestamp"] < start)
