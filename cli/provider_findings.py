"""What the doctor makes of the provider's answers: pure, from what was heard."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cli.findings import Finding, Findings, Verdict
from cli.provider import NOT_FOUND, OK, PRICE
from cli.web import Heard
from veo4k.domain.response import PAUSING, SERVER_ERROR

NOT_ALLOWED = 405


def api_key(told: Heard, source: str) -> Findings:
    """Judge the answer to the balance request."""
    if told.code == OK and isinstance(told.data, int | float):
        yield Finding("API key", Verdict.WELL, f"The provider accepts the key of {source}.")
        yield from _credits(told.data)
        return
    reason = PAUSING.get(told.code) if told.code is not None else None
    said = reason or (f"code {told.code}" if told.code is not None else f"HTTP {told.status} without its envelope")
    text = f"The provider did not give the balance for the key of {source}: {said}."
    yield Finding("API key", Verdict.ACT, text, _TODO.get(reason or "", _STRANGE if told.code is None else _LATER))


_STRANGE = "Something in front of the provider has answered: look at this machine's proxy, then try again."
_LATER = "Look at the provider's status page, then try again."
_TODO: Mapping[str, str] = {
    "API_KEY_REFUSED": "Look at the key, or make a new one there; a stack keeps it in the secret ApiKeySecretName.",
    "NO_CREDITS": "Buy credits.",
    "RATE_LIMITED": "Wait ten seconds, then try again.",
    "KEY_LIMIT_REACHED": "Raise the key's own limit at the provider.",
    "MAINTENANCE": "Wait; jobs wait too.",
    "FEATURE_OFF": "Look at the provider's news: the feature is switched off.",
}


def unreachable(host: str, addresses: Sequence[str], kind: str) -> Findings:
    """Tell that nothing came back at all."""
    text = f"{host} did not answer ({kind})." if addresses else f"The name {host} leads to no address."
    todo = "Look at this machine's network, DNS and proxy, then at the provider's status page."
    yield Finding("provider", Verdict.ACT, text, todo)


def _credits(left: float) -> Findings:
    if left < PRICE:
        yield Finding(
            "credits", Verdict.ACT, f"{left:,} credits are left; a video takes about {PRICE}.", "Buy credits."
        )
    else:
        yield Finding("credits", Verdict.WELL, f"{left:,} credits are left, about {left // PRICE:,.0f} videos.")


def paths(heard: Mapping[str, Sequence[tuple[str, Heard]]], in_use: str, role: str = "the one in use") -> Findings:
    """Judge the contracts' paths. Each was asked by GET and without a task, which starts nothing and costs nothing.

    `role`: what the contract `in_use` is to whoever asks.
    """
    there = [
        name for name, answers in heard.items() if not any(_is_gone(told) or _is_mute(told) for _, told in answers)
    ]
    for contract, answers in heard.items():
        gone = [path for path, told in answers if _is_gone(told)]
        mute = [path for path, told in answers if _is_mute(told)]
        yield _path(contract, gone, mute, _Use(contract == in_use, role if contract == in_use else "not in use", there))


class _Use(NamedTuple):
    """Whether a contract is used, what it is called, and the contracts whose paths are there."""

    used: bool
    role: str
    there: Sequence[str]


def _is_gone(told: Heard) -> bool:
    return told.code is None and told.status == NOT_FOUND


def _is_mute(told: Heard) -> bool:
    """Tell whether an answer says nothing of the path: it concerns the account, or comes from somebody else."""
    if told.code is None:
        return told.status not in (NOT_FOUND, NOT_ALLOWED)
    return told.code in PAUSING or told.code == NOT_FOUND or told.code >= SERVER_ERROR


def _path(contract: str, gone: Sequence[str], mute: Sequence[str], use: _Use) -> Finding:
    about = f"contract {contract}"
    if gone:
        text = (
            f"{', '.join(gone)} ({use.role}) answered a GET with 404, without the provider's envelope: it may be gone."
        )
        return Finding(about, Verdict.ACT if use.used else Verdict.NOTE, text, _instead(use) if use.used else "")
    if mute:
        text = f"{', '.join(mute)} ({use.role}) gave an answer that says nothing of the path."
        return Finding(about, Verdict.NOTE, text)
    return Finding(about, Verdict.WELL, f"Its paths are there ({use.role}), as far as a GET can tell.")


def _instead(use: _Use) -> str:
    if not use.there:
        return "Look at KieBaseUrl, and at the provider's pages."
    return f"If jobs wait with PATH_GONE too, set ProviderContract to {use.there[0]}, deploy, then veo4k gate open."
