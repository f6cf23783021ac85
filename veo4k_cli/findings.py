"""What the doctor makes of what it hears: pure. Each finding says how things are and, if necessary, what to do."""

import ipaddress
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from veo4k.domain.gate import BY_HAND, Gate
from veo4k_cli.callbacks import Try, verdict
from veo4k_cli.gate import in_words
from veo4k_cli.words import many, span

TOLERANCE = 300  # seconds a callback's timestamp may be off
UNEASY = 30  # seconds at which a clock is worth a word
OVERDUE = 300  # seconds after which a sweep should have handled a job


class Verdict(StrEnum):
    """How serious a finding is. `NOTE`: worth knowing; `WARN`: may become a problem; `ACT`: is a problem."""

    WELL = "well"
    NOTE = "note"
    WARN = "warn"
    ACT = "act"


class Finding(NamedTuple):
    """What was checked, how it is, and what to do."""

    about: str
    verdict: Verdict
    text: str
    todo: str = ""


Findings = Iterator[Finding]


NO_STACK = (
    Finding(
        "webhook key",
        Verdict.NOTE,
        "A stack keeps it. The provider's settings page turns signing on and shows the key.",
    ),
    Finding("callback URL", Verdict.NOTE, "Every stack has its own. Run veo4k doctor again after the deployment."),
)
"""What only a stack could tell."""


def clock(whose: str, date: float | None, now: float) -> Findings:
    """Judge a Date header against this machine's clock."""
    if date is None:
        yield Finding(f"clock of {whose}", Verdict.NOTE, "Its response has no Date header to compare.")
        return
    off = abs(date - now)
    text = f"It is {off:.0f} s {'ahead of' if date > now else 'behind'} this machine's (to the second)."
    kind = Verdict.WELL if off <= UNEASY else Verdict.NOTE if off <= TOLERANCE else Verdict.ACT
    todo = "" if kind is Verdict.WELL else "Set this machine's clock. A timestamp may be five minutes off at most."
    yield Finding(f"clock of {whose}", kind, text, todo)


def webhook_key(*, is_set: bool, optional: bool) -> Findings:
    """Judge whether the provider's signature can be checked."""
    if is_set:
        yield Finding("webhook key", Verdict.WELL, "It is set: signatures can be verified.")
    elif optional:
        text = "It is unset, and CallbackSignature is optional: only the token in the path protects callbacks."
        yield Finding("webhook key", Verdict.NOTE, text, "Turn signing on at the provider, then veo4k rotate webhook.")
    else:
        text = "It is unset: every callback is answered 401, and results come late, by polling."
        yield Finding("webhook key", Verdict.ACT, text, "Turn signing on at the provider, then veo4k rotate webhook.")


def token_key(*, is_set: bool) -> Findings:
    """Judge whether callback URLs can be made."""
    if is_set:
        yield Finding("token key", Verdict.WELL, "It is set: callback URLs can be created and verified.")
    else:
        yield Finding("token key", Verdict.ACT, "It is unset: no request can be sent.", "veo4k rotate token")


def callback_place(scheme: str, addresses: Sequence[str], *, local: bool) -> Findings:
    """Judge whether the provider can call back, as far as names and addresses tell."""
    if local:
        yield Finding("callback URL", Verdict.NOTE, "It points to this machine, which the simulator reaches.")
    elif scheme != "https":
        text = "It is plain http: tokens and results travel unprotected."
        yield Finding("callback URL", Verdict.ACT, text, "Give CallbackBaseUrl an https address, or leave it empty.")
    elif not addresses:
        text = "Its host name has no address."
        yield Finding("callback URL", Verdict.ACT, text, "Fix the DNS of CallbackBaseUrl, or leave it empty.")
    elif not all(ipaddress.ip_address(address).is_global for address in addresses):
        text = "Its host name has a private address, which the provider cannot reach."
        yield Finding("callback URL", Verdict.ACT, text, "Give CallbackBaseUrl a public address, or leave it empty.")
    else:
        text = "Its host name has public addresses. Only the first callback proves that the provider reaches them."
        yield Finding("callback URL", Verdict.WELL, text)


def callbacks(tries: list[Try]) -> Findings:
    """Judge the test callbacks."""
    right = all(attempt.right for attempt in tries)
    todo = "" if right else "veo4k test-callback shows each answer."
    yield Finding("callbacks", Verdict.WELL if right else Verdict.ACT, verdict(tries), todo)


def gate(row: Gate, now: float) -> Findings:
    """Judge the gate."""
    todo = "Fix the cause. Requests continue automatically after the pause, or at once with veo4k gate open."
    if row.reason == BY_HAND:
        todo = "veo4k gate open"
    if row.reason:
        yield Finding("gate", Verdict.ACT, f"Requests are {in_words(row, now)}.", todo)
    else:
        yield Finding("gate", Verdict.WELL, f"Requests are {in_words(row, now)}.")


def table(status: str, overdue: float) -> Findings:
    """Judge the table and whether the sweep keeps up; `overdue`: seconds since the oldest job was due."""
    ready = status == "ACTIVE"
    todo = "" if ready else "Check the table in the DynamoDB console."
    yield Finding("table", Verdict.WELL if ready else Verdict.ACT, f"It is {status}.", todo)
    if overdue > OVERDUE:
        text = f"A job is {span(overdue)} overdue: the sweep does not run, fails or does not keep up."
        yield Finding("due jobs", Verdict.ACT, text, "See the findings on the sweep below, and its logs.")
    else:
        yield Finding("due jobs", Verdict.WELL, "No job is overdue.")


def queue(name: str, messages: int, *, dead: bool) -> Findings:
    """Judge a queue by the messages in it."""
    if messages and dead:
        todo = "veo4k dead list" if name == "DeadLetterQueue" else "docs/alarms.md says what to do with them."
        yield Finding(name, Verdict.ACT, f"It holds {many(messages, 'message')}.", todo)
    else:
        yield Finding(name, Verdict.WELL, f"It holds {many(messages, 'message')}.")
