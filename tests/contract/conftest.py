"""The engines of the contract: memory, the emulator of the local cloud, and AWS's own DynamoDB Local."""

from collections.abc import Callable, Iterator
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


@pytest.fixture(scope="session")
def emulator_table(emulator_client: "DynamoDBClient") -> Table:
    return create_table(emulator_client)


@pytest.fixture(scope="session")
def dynamodb_local_table(dynamodb_local_client: "DynamoDBClient") -> Table:
    return create_table(dynamodb_local_client)


@pytest.fixture(scope="session", params=DYNAMODB)
def table(request: pytest.FixtureRequest) -> Table:
    """Return a table that all tests share, by engine. Each test uses task ids of its own."""
    shared: Table = request.getfixturevalue(f"{request.param}_table")
    return shared


@pytest.fixture(scope="session")
def new_table(table: Table) -> TableMaker:
    """Return a factory of empty tables, by engine."""
    return lambda: create_table(table.client)


@pytest.fixture(scope="session", params=ENGINES)
def jobs(request: pytest.FixtureRequest) -> Jobs:
    """Return a store that all tests share, by engine. Each test uses task ids of its own."""
    return _shared(request)


@pytest.fixture(scope="session", params=[engine for engine in ENGINES if engine != "emulator"])
def reference_jobs(request: pytest.FixtureRequest) -> Jobs:
    """Return such a store too, without the emulator: for hundreds of cases, AWS' own engine is enough."""
    return _shared(request)


def _shared(request: pytest.FixtureRequest) -> Jobs:
    if request.param == "memory":
        return MemoryJobs()
    shared: Table = request.getfixturevalue(f"{request.param}_table")
    return DynamoJobs(shared.client, shared.name)


@pytest.fixture(params=ENGINES)
def fresh_jobs(request: pytest.FixtureRequest) -> Jobs:
    """Return an empty store, by engine."""
    if request.param == "memory":
        return MemoryJobs()
    fresh = create_table(request.getfixturevalue(f"{request.param}_client"))
    return DynamoJobs(fresh.client, fresh.name)


@pytest.fixture
def task_id() -> str:
    """Return a task id that no other test uses."""
    return f"veo_task_{uuid4().hex}"
