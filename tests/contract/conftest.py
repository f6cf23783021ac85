"""The engines of the contract: memory, the emulator of the local cloud, and AWS's own DynamoDB Local."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from local.cloud.emulator import emulator
from proofs.doubles.jobs_memory import MemoryJobs
from proofs.table.dynamodb_local import dynamodb_local, missing
from proofs.table.tables import Table, connect, create_table
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.domain.ports import Jobs

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DYNAMODB = ("emulator", "dynamodb_local")
ENGINES = ("memory", *DYNAMODB)

TableMaker = Callable[[], Table]


@pytest.fixture(scope="session")
def emulator_client() -> Iterator["DynamoDBClient"]:
    with emulator() as endpoint:
        yield connect(endpoint)


@pytest.fixture(scope="session")
def dynamodb_local_client() -> Iterator["DynamoDBClient"]:
    if reason := missing():
        pytest.skip(reason)
    with dynamodb_local() as endpoint:
        yield connect(endpoint)


shared_table = cache(create_table)
"""Return the table of an engine's client that all tests share. Each test uses task ids of its own."""


def client_of(request: pytest.FixtureRequest, engine: str) -> "DynamoDBClient":
    client: DynamoDBClient = request.getfixturevalue(f"{engine}_client")
    return client


@pytest.fixture(scope="session", params=DYNAMODB)
def table(request: pytest.FixtureRequest) -> Table:
    """Return the shared table, by engine."""
    return shared_table(client_of(request, request.param))


@pytest.fixture(scope="session")
def new_table(table: Table) -> TableMaker:
    """Return a factory of empty tables, by engine."""
    return lambda: create_table(table.client)


@pytest.fixture(scope="session", params=ENGINES)
def jobs(request: pytest.FixtureRequest) -> Jobs:
    """Return a shared store, by engine."""
    return jobs_in(request, shared_table)


@pytest.fixture(params=ENGINES)
def fresh_jobs(request: pytest.FixtureRequest) -> Jobs:
    """Return an empty store, by engine."""
    return jobs_in(request, create_table)


@pytest.fixture(scope="session")
def reference_jobs(dynamodb_local_client: "DynamoDBClient") -> Jobs:
    """Return the shared store of AWS' own engine alone, which is enough for hundreds of cases."""
    return DynamoJobs(dynamodb_local_client, shared_table(dynamodb_local_client).name)


def jobs_in(request: pytest.FixtureRequest, make: Callable[["DynamoDBClient"], Table]) -> Jobs:
    if request.param == "memory":
        return MemoryJobs()
    made = make(client_of(request, request.param))
    return DynamoJobs(made.client, made.name)


@pytest.fixture
def task_id() -> str:
    """Return a task id that no other test uses."""
    return f"veo_task_{uuid4().hex}"
