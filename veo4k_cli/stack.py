"""Where the stack is: on AWS, with the caller's own credentials and region, or on this machine (`make local`)."""

import json
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local import aws
from local.coordinates import FILE
from veo4k.domain.gate import Pace
from veo4k.settings import Settings
from veo4k_cli.errors import OperatorError

DEFAULT_NAME = "veo4k"
FUNCTIONS = ("submit", "callback", "sweep", "publish", "archive")
# A sweep that is invoked by hand is waited for; it may take two minutes, and must not be started twice.
_CONFIG = Config(connect_timeout=5, read_timeout=150, retries={"mode": "standard", "total_max_attempts": 3})


class Resource(NamedTuple):
    """A resource of the stack: its name in the template, its name on AWS, and its type."""

    logical: str
    physical: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A deployed stack. `place`: region or endpoint; `client`: gives the boto3 client of a service."""

    name: str
    arn: str
    status: str
    place: str
    local: bool
    client: Callable[[str], Any]
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]

    def output(self, name: str) -> str:
        """Give an output; OperatorError where the stack has none of that name."""
        if name not in self.outputs:
            raise OperatorError(f"stack {self.name} has no output {name}: is it a veo4k stack of this version?")
        return self.outputs[name]

    def parameter(self, name: str, otherwise: str = "") -> str:
        """Give a parameter as the stack was deployed with."""
        return self.parameters.get(name, otherwise)

    def function(self, name: str) -> str:
        """Give the name that one of the five functions has on AWS."""
        return self.output(f"{name.capitalize()}FunctionName")

    def resources(self) -> list[Resource]:
        """List the stack's resources: most of them are no outputs."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return [
            Resource(found["LogicalResourceId"], found.get("PhysicalResourceId", ""), found["ResourceType"])
            for page in pages.paginate(StackName=self.name)
            for found in page["StackResourceSummaries"]
        ]

    def pace(self) -> Pace:
        """Return the account's pace, read from the parameters as the functions read it."""
        environment = {
            "REQUESTS_PER_WINDOW": self.parameter("RequestsPerWindow", str(Pace().requests)),
            "DAILY_REQUEST_LIMIT": self.parameter("DailyRequestLimit"),
            "TUNING": self.parameter("Tuning"),
        }
        return Settings(environment).pace()

    @property
    def region(self) -> str:
        """Return the region of the stack."""
        return self.arn.split(":")[3]

    @property
    def account(self) -> str:
        """Return the id of the AWS account that the stack is in."""
        return self.arn.split(":")[4]

    @property
    def where(self) -> str:
        """Give the place in words."""
        return f"stack {self.name}, {'local cloud at' if self.local else 'AWS'} {self.place}"


def find_stack(name: str | None, *, local: bool) -> Stack:
    """Find the stack that is meant: by name on AWS, on this machine, or, where nothing is said, where one runs."""
    if local and name:
        raise OperatorError("--stack names a stack on AWS, --local the one on this machine: give one of them")
    endpoint = None if name else local_endpoint()
    if local and not endpoint:
        raise OperatorError("no local cloud is running: start one with make local")
    return local_stack(endpoint) if endpoint else aws_stack(name or DEFAULT_NAME)


def local_endpoint(file: Path = FILE) -> str | None:
    """Give the endpoint of the running local cloud; a file that outlived its cloud counts as none."""
    try:
        endpoint: str = json.loads(file.read_text())["endpoint"]
        place = urlsplit(endpoint)
        socket.create_connection((place.hostname or "", place.port or 0), timeout=1).close()
    except (OSError, ValueError, KeyError):
        return None
    return endpoint


def local_stack(endpoint: str) -> Stack:
    """Read the stack of the local cloud."""
    return _described(DEFAULT_NAME, endpoint, cache(lambda service: aws.client(endpoint, service)), local=True)


def aws_stack(name: str) -> Stack:
    """Read a stack on AWS."""
    # boto3 itself reads AWS_DEFAULT_REGION only; every other tool of AWS reads AWS_REGION.
    session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
    client = cache(lambda service: session.client(service, config=_CONFIG))
    return _described(name, session.region_name or "", client, local=False)


def _described(name: str, place: str, client: Callable[[str], Any], *, local: bool) -> Stack:
    try:
        found = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise OperatorError(f"no stack {name} in {place}: name it with --stack, its region with AWS_REGION") from None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", ())}
    parameters = {given["ParameterKey"]: given["ParameterValue"] for given in found.get("Parameters", ())}
    return Stack(
        name=name,
        arn=found["StackId"],
        status=found["StackStatus"],
        place=place,
        local=local,
        client=client,
        outputs=outputs,
        parameters=parameters,
    )
