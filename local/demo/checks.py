"""What is wrong with a job of the demo, or with the whole: pure, from facts that were looked up."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from local.cloud.rows import Row, public
from local.demo.cases import Case

UPRIGHT, LANDSCAPE = (2160, 3840), (3840, 2160)


class Stored(NamedTuple):
    """A video as it really lies in the bucket; width and height as its decoder sees them."""

    key: str
    bytes: int
    sha256: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that can be found out about one job.

    row        its row now; None where there is none
    ended_as   its row when it was first seen ended
    stored     its videos in the bucket
    truth      SHA-256 of the very file the provider made for it
    charges    its rows of the provider's ledger
    requests   how often the provider was asked to make it
    events     what was announced of it, as EventBridge delivered it
    answers    the statuses its callbacks were given
    downloads  how often the provider served its video
    """

    row: Row | None
    ended_as: Row | None
    stored: Sequence[Stored]
    truth: str
    charges: Sequence[Mapping[str, Any]]
    requests: int
    events: Sequence[Mapping[str, Any]]
    answers: Sequence[int]
    downloads: int


def credits_charged(charges: Sequence[Mapping[str, Any]]) -> int:
    """Credits gone for good: what was charged and not given back."""
    return sum(charge["credits"] for charge in charges if charge["refundedAt"] is None)


def credits_expected(case: Case, price: int) -> int:
    """Credits that a job may cost."""
    return 0 if case.refunded else price


def faults(case: Case, facts: Facts) -> list[str]:
    """Everything that is not as the case demands."""
    if facts.row is None:
        return ["there is no such job"]
    return [fault for check in CHECKS for fault in check(case, facts, facts.row)]


def _end(case: Case, facts: Facts, row: Row) -> Iterator[str]:
    code = row.get("error", {}).get("code", "")
    yield from _differs("state", row["state"], case.state)
    yield from _differs("error", code, case.code)
    if row.get("evidence", "") not in (case.evidence or ("",)):
        yield f"brought by: {row.get('evidence', 'nobody')}, not {' or '.join(case.evidence) or 'nobody'}"
    if facts.ended_as and public(facts.ended_as) != public(row):
        yield "its row was changed after its end"


def _file(case: Case, facts: Facts, row: Row) -> Iterator[str]:
    if case.state != "SUCCEEDED":
        if facts.stored or "archive" in row:
            yield "a file was stored"
        return
    if len(facts.stored) != 1:
        yield f"{len(facts.stored)} videos stored, not 1"
        return
    [stored] = facts.stored
    told = row.get("archive", {})
    yield from _differs("object", stored.key, f"videos/{case.task_id}/0/1.mp4")
    yield from _differs("size", (stored.width, stored.height), UPRIGHT if case.portrait else LANDSCAPE)
    yield from _differs("SHA-256", stored.sha256, facts.truth)
    yield from _differs("archive in the row", {name: told.get(name) for name in Stored._fields}, stored._asdict())


def _money(case: Case, facts: Facts, row: Row) -> Iterator[str]:
    refunds = sum(charge["refundedAt"] is not None for charge in facts.charges)
    yield from _differs("charges", len(facts.charges), 1)
    yield from _differs("refunds", refunds, int(case.refunded))
    yield from _differs("maybeCharged", row.get("maybeCharged", False), case.state != "SUCCEEDED")
    if case.requests is not None:
        yield from _differs("requests", facts.requests, case.requests)


def _events(case: Case, facts: Facts, row: Row) -> Iterator[str]:
    if not facts.events:
        yield "its end was not announced"
    for event in facts.events:
        yield from _differs("event", event["detail"].get("eventId"), case.event_id)
        if event["detail"] != public(row) | {"eventId": event["detail"].get("eventId")}:
            yield "the event does not tell what the row tells"


def _provider(case: Case, facts: Facts, row: Row) -> Iterator[str]:
    yield from _differs("answers to its callbacks", sorted(facts.answers), sorted(case.answers))
    yield from _differs("downloads", facts.downloads, case.downloads)
    yield from _differs("tries of the archive", row.get("#tries", 0), case.tries)


def _differs(what: str, found: Any, demanded: Any) -> Iterator[str]:
    if found != demanded:
        yield f"{what}: {found or 'none'}, not {demanded or 'none'}"


Check = Callable[[Case, Facts, Row], Iterator[str]]
CHECKS: tuple[Check, ...] = (_end, _file, _money, _events, _provider)


def account_faults(stats: Mapping[str, Any], allowed: int) -> list[str]:
    """Everything wrong with the account's pace at the provider; `allowed`: new requests in any window."""
    refused, densest = stats["refused429"], stats["densestPosts"]
    return [f"{refused} requests refused with 429"] * (refused > 0) + [
        f"{densest} requests in one window, not {allowed} at most"
    ] * (densest > allowed)
