"""What a kept connection costs that died while its function was frozen, and where none is used."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import pytest

from proofs.doubles.time_manual import ManualClock
from tests.unit.adapters.kie_account import ACCEPTED, JOB, OWN, account
from tests.unit.adapters.provider_server import ProviderServer, Say, provider_saying, reply_json, reset
from veo4k.adapters.kie_session import FRESH_SECONDS, FreshSession
from veo4k.adapters.provider_kie import KieProvider
from veo4k.domain.job import Job, ProviderApi, State
from veo4k.domain.response import Meaning

JOBS = replace(JOB, provider_api=ProviderApi.JOBS)


def once(answer: Say) -> Say:
    """Answer the first request of each connection, and reset it at the second: it is long gone at the host."""
    served: set[int] = set()

    def say(connection: socket.socket) -> None:
        if id(connection) in served:
            reset(connection)
        served.add(id(connection))
        connections.append(connection)
        answer(connection)

    connections: list[socket.socket] = []  # kept, so that no id is used twice
    return say


class Account(NamedTuple):
    """An account at a provider that drops idle connections, and the clock of its sessions."""

    provider: ProviderServer
    kie: KieProvider
    clock: ManualClock

    def submit(self, job: Job, after: float) -> Meaning:
        """Send the paid request so many seconds later."""
        self.clock.advance(after)
        return self.kie.submit(job).meaning


@pytest.fixture
def forgetful() -> Iterator[Account]:
    clock = ManualClock()
    with provider_saying(once(reply_json(ACCEPTED))) as provider:
        yield Account(provider, replace(account(provider.url), fresh=FreshSession(20, clock.now)), clock)


@pytest.mark.parametrize("idle", [FRESH_SECONDS, 60.0, 86_400.0, -1.0])
def test_a_request_that_cannot_be_repeated_uses_no_idle_connection(forgetful: Account, idle: float) -> None:
    meanings = [forgetful.submit(JOBS, after) for after in (0, idle, idle)]

    assert meanings == [Meaning.WORKING] * 3
    assert forgetful.provider.connections == 3


def test_a_burst_of_such_requests_shares_its_connections() -> None:
    clock = ManualClock()
    with provider_saying(reply_json(ACCEPTED)) as provider:
        kie = replace(account(provider.url), fresh=FreshSession(20, clock.now))
        meanings = []
        for _ in range(5):
            meanings.append(kie.submit(JOBS).meaning)
            clock.advance(FRESH_SECONDS / 5)
        assert kie.submit(JOBS).meaning is Meaning.WORKING

    assert meanings == [Meaning.WORKING] * 5
    assert provider.connections == 2


def test_without_a_fresh_connection_the_response_would_be_lost(forgetful: Account) -> None:
    assert [forgetful.submit(JOBS, after) for after in (0, FRESH_SECONDS / 2)] == [Meaning.WORKING, Meaning.LOST]


REPEATABLE: dict[str, Callable[[KieProvider], object]] = {
    "the paid request of the older API": lambda kie: kie.submit(JOB),
    "a poll": lambda kie: kie.poll(replace(JOBS, state=State.PROCESSING, provider_task_id=OWN)),
    "the balance": lambda kie: kie.balance(),
}


@pytest.mark.parametrize("send", REPEATABLE.values(), ids=REPEATABLE)
def test_what_may_be_repeated_keeps_its_connection(forgetful: Account, send: Callable[[KieProvider], object]) -> None:
    send(forgetful.kie)
    forgetful.clock.advance(3600)
    send(forgetful.kie)

    assert forgetful.provider.connections == 1
