"""What the doctor looks at: pure, from what was heard. Each finding says what is so and, if it must be, what to do."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from cli.callbacks import Try, verdict
from cli.gate import in_words
from cli.provider import NOT_FOUND, OK, PRICE
from cli.web import Heard
from cli.words import many, span
from veo4k.domain.answer import SHUTTING
from veo4k.domain.gate import Gate

TOLERANCE = 300  # seconds a callback's timestamp may be off
UNEASY = 30  # seconds at which a clock is worth a word
OVERDUE = 300  # seconds after which somebody should have swept
NOT_ALLOWED = 405


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


def api_key(told: Heard, source: str) -> Findings:
    """Judge the answer to the balance request."""
    if told.code == OK and isinstance(told.data, int | float):
        yield Finding("API key", Verdict.WELL, f"The provider accepts the key of {source}.")
        yield from _credits(told.data)
        return
    code = told.code or told.status
    reason = SHUTTING.get(code, f"HTTP {told.status}")
    text = f"The provider did not give the balance for the key of {source}: {reason}."
    todo = {
        "API_KEY_REFUSED": "Make a new key at the provider and put it into the secret ApiKeySecretName.",
        "MAINTENANCE": "Wait; jobs wait too.",
    }.get(reason, "Look at the provider's status page and settings, then try again.")
    yield Finding("API key", Verdict.ACT, text, todo)


def _credits(left: float) -> Findings:
    if left < PRICE:
        yield Finding(
            "credits", Verdict.ACT, f"{left:,} credits are left; a video takes about {PRICE}.", "Buy credits."
        )
    else:
        yield Finding("credits", Verdict.WELL, f"{left:,} credits are left, about {left // PRICE:,.0f} videos.")


def paths(heard: Mapping[str, Sequence[tuple[str, Heard]]], in_use: str) -> Findings:
    """Judge the contracts' paths. Each was asked by GET and without a task, which starts nothing and costs nothing."""
    for contract, answers in heard.items():
        gone = [path for path, told in answers if told.code is None and told.status == NOT_FOUND]
        mute = [path for path, told in answers if told.code is None and told.status not in (NOT_FOUND, NOT_ALLOWED)]
        yield _path(contract, gone, mute, used=contract == in_use)


def _path(contract: str, gone: Sequence[str], mute: Sequence[str], *, used: bool) -> Finding:
    about, role = f"contract {contract}", "the one in use" if used else "not in use"
    if gone:
        todo = "If jobs are refused with PATH_GONE too, switch ProviderContract and deploy." if used else ""
        text = f"{', '.join(gone)} ({role}) answered a GET with 404, without the provider's envelope: it may be gone."
        return Finding(about, Verdict.ACT if used else Verdict.NOTE, text, todo)
    if mute:
        text = f"{', '.join(mute)} ({role}) gave an answer that is not the provider's: nothing can be told."
        return Finding(about, Verdict.NOTE, text)
    return Finding(about, Verdict.WELL, f"Its paths are there ({role}), as far as a GET can tell.")


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
