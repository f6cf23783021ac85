"""A deployed stack: on AWS, with the caller's own credentials and region, or in the local cloud."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from veo4k.domain.gate import Pace
from veo4k.domain.schedule import Times
from veo4k.settings import Settings
from veo4k_cli.errors import OperatorError
from veo4k_cli.local_cloud import local_client, running_local_cloud

DEFAULT_NAME = "veo4k"
FUNCTIONS = ("submit", "callback", "sweep", "publish", "archive", "api")
JOBS_API = FUNCTIONS[-1]  # only where JobsApi is on, and named by no output
# `veo4k sweep` waits for its function, which may take two minutes and must not be invoked twice.
_CONFIG = Config(connect_timeout=5, read_timeout=150, retries={"mode": "standard", "total_max_attempts": 3})
# Links to files name the region's own host: S3 redirects other hosts, and the console's pages allow the one host only.
_S3_CONFIG = _CONFIG.merge(
    Config(signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"})
)


class Resource(NamedTuple):
    """A resource of the stack: its name in the template, its name on AWS, and its type."""

    logical_id: str
    physical_id: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A deployed stack.

    Attributes:
        arn: contains the stack's region and account.
        status: as CloudFormation reports it.
        place: the region, or the endpoint of the local cloud.
        client: returns the boto3 client of a service.
    """

    name: str
    arn: str
    status: str
    place: str
    local: bool
    client: Callable[[str], Any]
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]

    def output(self, name: str) -> str:
        """Return an output. Raise OperatorError where the stack has none of that name."""
        if name not in self.outputs:
            raise OperatorError(f"The stack {self.name} has no output {name}. Is it a veo4k stack of this version?")
        return self.outputs[name]

    def parameter(self, name: str, default: str = "") -> str:
        """Return a parameter as the stack was deployed with."""
        return self.parameters.get(name, default)

    def function_name(self, function: str) -> str:
        """Return the name on AWS of one of `FUNCTIONS`."""
        if function != JOBS_API:
            return self.output(f"{function.capitalize()}FunctionName")
        return next(found.physical_id for found in self.resources() if found.logical_id == "ApiFunction")

    def has_jobs_api(self) -> bool:
        """Return whether the stack has the HTTP API for jobs."""
        return self.parameter("JobsApi") == "on"

    def resources(self) -> list[Resource]:
        """List the stack's resources. Most of them are not outputs."""
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

    def times(self) -> Times:
        """Return the waiting times, read from the parameters as the functions read them."""
        return Settings({"TUNING": self.parameter("Tuning")}).times()

    @property
    def region(self) -> str:
        """Return the region of the stack."""
        return self.arn.split(":")[3]

    @property
    def account(self) -> str:
        """Return the id of the AWS account that the stack is in."""
        return self.arn.split(":")[4]

    @property
    def description(self) -> str:
        """Return the stack's name and place in words."""
        return f"stack {self.name}, {'local cloud at' if self.local else 'AWS'} {self.place}"


def find_stack(name: str | None, *, local: bool) -> Stack:
    """Find the stack to act on: `name` on AWS, else the local cloud while it runs, else the default name on AWS."""
    if local and name:
        raise OperatorError("--stack names a stack on AWS, and --local means the local cloud. Use one of them.")
    cloud = None if name else running_local_cloud()
    if local and cloud is None:
        raise OperatorError("No local cloud is running in this folder. Start one with make local, in the source tree.")
    return local_stack(cloud.endpoint, cloud.stack) if cloud else aws_stack(name or DEFAULT_NAME)


def local_stack(endpoint: str, name: str = DEFAULT_NAME) -> Stack:
    """Describe a stack of the local cloud."""
    return _describe(name, endpoint, cache(partial(local_client, endpoint)), local=True)


def aws_stack(name: str) -> Stack:
    """Describe a stack on AWS."""
    # boto3 itself reads AWS_DEFAULT_REGION only. Every other tool of AWS reads AWS_REGION.
    session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
    client = cache(lambda service: session.client(service, config=_S3_CONFIG if service == "s3" else _CONFIG))
    return _describe(name, session.region_name or "", client, local=False)


def _describe(name: str, place: str, client: Callable[[str], Any], *, local: bool) -> Stack:
    try:
        found = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        advice = "Name the stack with --stack and its region with AWS_REGION."
        raise OperatorError(f"There is no stack {name} in {place}. {advice}") from None
    return Stack(
        name=name,
        arn=found["StackId"],
        status=found["StackStatus"],
        place=place,
        local=local,
        client=client,
        outputs={output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", ())},
        parameters={given["ParameterKey"]: given["ParameterValue"] for given in found.get("Parameters", ())},
    )
