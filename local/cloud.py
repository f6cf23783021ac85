"""The local cloud: the unmodified template, deployed and running on this machine with its IAM roles enforced.

    with LocalCloud({"KieBaseUrl": simulator.url, "ResultHosts": "127.0.0.1"}) as cloud:
        cloud.set_secret("ApiKeySecretName", "a key")
        cloud.client("sqs").send_message(QueueUrl=cloud.outputs["JobQueueUrl"], MessageBody=...)
        cloud.invoke("SweepFunctionName", {})
        print(cloud.logs("SubmitFunctionName"))

Unless `CallbackBaseUrl` says otherwise, the provider is told to call back at the endpoint itself (`emulator_server`).
"""

import contextlib
import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from local import aws
from local.build import built_template
from local.deploy import deploy, update
from local.emulator import emulator


class InvocationError(RuntimeError):
    """A function that was invoked by hand raised; the message is its payload."""


class LocalCloud:
    """A running stack. Any number may run at once; each is gone with its `with` block."""

    endpoint: str
    outputs: dict[str, str]

    def __init__(
        self, parameters: Mapping[str, str] | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """`environment`: what the functions find in theirs beside what the template puts there."""
        self._parameters, self._environment = dict(parameters or {}), environment
        self._running = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Build if anything has changed, start the emulator and deploy: a few seconds."""
        template = built_template()
        with self._running as running:
            self.endpoint = running.enter_context(emulator(self._environment))
            self.outputs = deploy(self.endpoint, template, {"CallbackBaseUrl": self.endpoint} | self._parameters)
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
        """Update the running stack's parameters."""
        update(self.endpoint, parameters)

    def logs(self, function: str) -> str:
        """Everything that a function, named by its stack output, has logged."""
        configuration = self.client("lambda").get_function_configuration(FunctionName=self.outputs[function])
        pages = self.client("logs").get_paginator("filter_log_events")
        events = pages.paginate(logGroupName=configuration["LoggingConfig"]["LogGroup"])
        return "\n".join(event["message"] for page in events for event in page["events"])
