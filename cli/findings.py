"""What the doctor looks at: pure, from what was heard. Each finding says what is so and, if it must be, what to do."""

import ipaddress
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from cli.callbacks import Try, verdict
from cli.gate import in_words
from cli.words import many, span
from veo4k.domain.gate import Gate

TOLERANCE = 300  # seconds a callback's timestamp may be off
UNEASY = 30  # seconds at which a clock is worth a word
OVERDUE = 300  # seconds after which somebody should have swept


class Verdict(StrEnum):
    """How a finding is to be taken."""

    WELL = "well"
    NOTE = "note"
    ACT = "act"


class Finding(NamedTuple):
    """What was looked at, how it stands, and what to do."""

    about: str
    verdict: Verdict
    text: str
    todo: str = ""


Findings = Iterator[Finding]


NO_STACK = (
    Finding(
        "webhook key",
        Verdict.NOTE,
        "A stack keeps it. Signing is turned on at the provider's settings page, where the key is shown too.",
    ),
    Finding("callback URL", Verdict.NOTE, "A stack has one of its own; once it is deployed, look again."),
)
"""What only a stack could tell."""


def clock(whose: str, date: float | None, now: float) -> Findings:
    """Judge a Date header against this machine's clock."""
    if date is None:
        yield Finding(f"clock of {whose}", Verdict.NOTE, "Its answer carried no Date: nothing can be told.")
        return
    off = abs(date - now)
    text = f"It is {off:.0f} s {'ahead of' if date > now else 'behind'} this machine's (to the second)."
    kind = Verdict.WELL if off <= UNEASY else Verdict.NOTE if off <= TOLERANCE else Verdict.ACT
    todo = "" if kind is Verdict.WELL else "Set this machine's clock; callbacks are believed within five minutes only."
    yield Finding(f"clock of {whose}", kind, text, todo)


def webhook_key(*, is_set: bool, optional: bool) -> Findings:
    """Judge whether the provider's signature can be checked."""
    if is_set:
        yield Finding("webhook key", Verdict.WELL, "It is set: signatures can be checked.")
    elif optional:
        text = "It is unset, and CallbackSignature is optional: the token in the path decides alone."
        yield Finding("webhook key", Verdict.NOTE, text, "Turn signing on at the provider, then veo4k rotate webhook.")
    else:
        text = "It is unset: every callback is answered 401, and results come late, by probes."
        yield Finding("webhook key", Verdict.ACT, text, "Turn signing on at the provider, then veo4k rotate webhook.")


def token_key(*, is_set: bool) -> Findings:
    """Judge whether callback URLs can be made."""
    if is_set:
        yield Finding("token key", Verdict.WELL, "It is set: callback URLs can be made and checked.")
    else:
        yield Finding("token key", Verdict.ACT, "It is unset: nothing can be asked for.", "veo4k rotate token")


def callback_place(scheme: str, addresses: Sequence[str], *, local: bool) -> Findings:
    """Judge whether the provider can call back, as far as names and addresses tell."""
    if local:
        yield Finding("callback URL", Verdict.NOTE, "It leads to this machine, which the simulator reaches.")
    elif scheme != "https":
        text = "It is plain http: tokens and news travel unprotected."
        yield Finding("callback URL", Verdict.ACT, text, "Give CallbackBaseUrl an https address, or leave it empty.")
    elif not addresses:
        text = "Its name leads to no address."
        yield Finding("callback URL", Verdict.ACT, text, "Mend the DNS of CallbackBaseUrl, or leave it empty.")
    elif not all(ipaddress.ip_address(address).is_global for address in addresses):
        text = "Its name leads to a private address, which the provider cannot reach."
        yield Finding("callback URL", Verdict.ACT, text, "Give CallbackBaseUrl a public address, or leave it empty.")
    else:
        text = "Its name leads to public addresses; that the provider reaches them, only its first callback proves."
        yield Finding("callback URL", Verdict.WELL, text)


def callbacks(tries: list[Try]) -> Findings:
    """Judge the test callbacks."""
    right = all(attempt.right for attempt in tries)
    todo = "" if right else "veo4k test-callback shows each answer."
    yield Finding("callbacks", Verdict.WELL if right else Verdict.ACT, verdict(tries), todo)


def gate(row: Gate, now: float) -> Findings:
    """Judge the gate."""
    todo = "Mend what it says; it opens by itself, or by veo4k gate open." if row.reason else ""
    yield Finding("gate", Verdict.ACT if row.reason else Verdict.WELL, f"It is {in_words(row, now)}.", todo)


def table(status: str, overdue: float) -> Findings:
    """Judge the table and whether somebody sweeps; `overdue`: seconds since the oldest job was due."""
    ready = status == "ACTIVE"
    todo = "" if ready else "Look at it in the DynamoDB console."
    yield Finding("table", Verdict.WELL if ready else Verdict.ACT, f"It is {status}.", todo)
    if overdue > OVERDUE:
        text = f"A job is {span(overdue)} overdue: nobody sweeps, or the sweep fails."
        yield Finding("sweep", Verdict.ACT, text, "veo4k sweep; then look at the schedule and the sweep's logs.")
    else:
        yield Finding("sweep", Verdict.WELL, "No job is overdue.")


def queue(name: str, messages: int, *, dead: bool) -> Findings:
    """Judge a queue by the messages in it."""
    if messages and dead:
        todo = "veo4k dead list" if name == "DeadLetterQueue" else "docs/operations.md says what it holds."
        yield Finding(name, Verdict.ACT, f"It holds {many(messages, 'message')}.", todo)
    else:
        yield Finding(name, Verdict.WELL, f"It holds {many(messages, 'message')}.")
