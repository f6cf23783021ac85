"""What a kept connection costs that died while its function was frozen, and where none is used."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import pytest

from proofs.doubles.time_manual import ManualClock
from tests.unit.adapters.kie_account import ACCEPTED, JOB, JOBS, OWN, account
from tests.unit.adapters.raw_server import Answer, RawServer, reply_json, reset, serving
from veo4k.adapters.kie_session import FRESH_SECONDS, FreshSession
from veo4k.adapters.provider_kie import KieProvider
from veo4k.domain.job import State
from veo4k.domain.response import Meaning

YES = reply_json(ACCEPTED)


def once() -> Answer:
    """Accept the first request of each connection, and reset it at the second: it is long gone at the host."""
    served: list[socket.socket] = []

    def say(connection: socket.socket) -> None:
        if connection in served:
            reset(connection)
        served.append(connection)
        YES(connection)

    return say


class Account(NamedTuple):
    """An account at a provider, and the clock of its sessions."""

    provider: RawServer
    kie: KieProvider
    clock: ManualClock

    def submit(self, after: float) -> Meaning:
        """Send the paid request that cannot be repeated, so many seconds later."""
        self.clock.advance(after)
        return self.kie.submit(JOBS).meaning


@pytest.fixture(params=[once()])
def at_provider(request: pytest.FixtureRequest) -> Iterator[Account]:
    """Return an account at a provider that drops idle connections, or answers as the test wants."""
    clock = ManualClock()
    with serving(request.param) as provider:
        yield Account(provider, account(provider.url, fresh=FreshSession(20, clock.now)), clock)


@pytest.mark.parametrize("idle", [FRESH_SECONDS, 60.0, 86_400.0, -1.0])
def test_a_request_that_cannot_be_repeated_uses_no_idle_connection(at_provider: Account, idle: float) -> None:
    assert [at_provider.submit(after) for after in (0, idle, idle)] == [Meaning.WORKING] * 3
    assert at_provider.provider.connections == 3


@pytest.mark.parametrize("at_provider", [YES], indirect=True)
def test_a_burst_of_such_requests_shares_its_connections(at_provider: Account) -> None:
    meanings = [at_provider.submit(after) for after in (0, *[FRESH_SECONDS / 5] * 5)]
    assert meanings == [Meaning.WORKING] * 6
    assert at_provider.provider.connections == 2


REPEATABLE: dict[str, Callable[[KieProvider], object]] = {
    "the paid request of the older API": lambda kie: kie.submit(JOB),
    "a poll": lambda kie: kie.poll(replace(JOBS, state=State.PROCESSING, provider_task_id=OWN)),
    "the balance": lambda kie: kie.balance(),
}


@pytest.mark.parametrize("send", REPEATABLE.values(), ids=REPEATABLE)
def test_what_may_be_repeated_keeps_its_connection(at_provider: Account, send: Callable[[KieProvider], object]) -> None:
    send(at_provider.kie)
    at_provider.clock.advance(3600)
    send(at_provider.kie)
    assert at_provider.provider.connections == 1
