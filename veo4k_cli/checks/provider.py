"""Checks of the provider: API key, credits, clock, and the paths of both contracts. They cost nothing."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from veo4k.domain.job import ProviderApi
from veo4k.domain.response import PAUSING, SERVER_ERROR
from veo4k_cli.checks.clock import judge_clock
from veo4k_cli.checks.finding import Finding, Findings, Verdict
from veo4k_cli.command import Session
from veo4k_cli.http import Response
from veo4k_cli.provider import NOT_FOUND, OK, Account
from veo4k_cli.spending import PRICE

API_KEY_VARIABLE = "KIE_API_KEY"
NOT_ALLOWED = 405

_TODO: Mapping[str, str] = {
    "API_KEY_REFUSED": "Check the key, or create a new one. A stack keeps it in the secret ApiKeySecretName.",
    "NO_CREDITS": "Buy credits.",
    "RATE_LIMITED": "Wait ten seconds, then try again.",
    "KEY_LIMIT_REACHED": "Raise the key's own limit at the provider.",
    "MAINTENANCE": "Wait. Jobs wait too, and continue automatically.",
    "FEATURE_OFF": "Read the provider's news: the feature is switched off.",
}


def check_provider(session: Session) -> Findings:
    """Check the provider with the stack's key."""
    stack, keys = session.stack, session.secret("ApiKeySecretName").in_use()
    given = key_in_environment(session)
    if not keys:
        text = "The stack has no API key. Jobs wait in QUEUED with the reason API_KEY_UNSET."
        yield Finding(
            "API key", Verdict.ACT, text, "Put the key into the secret ApiKeySecretName (docs/operations.md)."
        )
    elif given and given != keys[0]:
        # A key of the environment is for the provider itself. A stack may send requests elsewhere.
        text = f"{API_KEY_VARIABLE} is another key than the stack's, and was not checked."
        yield Finding("API key", Verdict.NOTE, text)
    if keys:
        account = Account(stack.parameter("KieBaseUrl", session.dependencies.provider), keys[0])
        yield from _check_account(session, account, "the stack's secret")
        yield from judge_paths(account.paths(), stack.parameter("ProviderContract", ProviderApi.VEO))


def check_provider_alone(session: Session) -> Findings:
    """Check the provider with the key of the environment, where there is no stack."""
    account = Account(session.dependencies.provider, key_in_environment(session))
    yield from _check_account(session, account, API_KEY_VARIABLE)
    yield from judge_paths(account.paths(), ProviderApi.VEO, "a stack's default")


def key_in_environment(session: Session) -> bytes:
    """Return the API key in the environment, or b""."""
    return session.dependencies.environment.get(API_KEY_VARIABLE, "").strip().encode()


def _check_account(session: Session, account: Account, key_source: str) -> Findings:
    balance = account.credits()
    yield from judge_balance(balance, key_source)
    yield judge_clock("the provider", balance.date, session.clock.now())


def judge_balance(response: Response, key_source: str) -> Findings:
    """Judge the response to the request for the balance."""
    if response.code == OK and isinstance(response.data, int | float):
        yield Finding("API key", Verdict.WELL, f"The provider accepts the key of {key_source}.")
        yield _judge_credits(response.data)
        return
    if response.code is None:
        todo = "Something in front of the provider has responded. Check this machine's proxy, then try again."
        cause = f"HTTP {response.status} without its envelope"
    else:
        cause = PAUSING.get(response.code, f"code {response.code}")
        todo = _TODO.get(cause, "Check the provider's status page, then try again.")
    text = f"The provider did not return the balance for the key of {key_source}: {cause}."
    yield Finding("API key", Verdict.ACT, text, todo)


def _judge_credits(left: float) -> Finding:
    if left < PRICE:
        text = f"{left:,} credits are left. A video takes about {PRICE}."
        return Finding("credits", Verdict.ACT, text, "Buy credits.")
    return Finding("credits", Verdict.WELL, f"{left:,} credits are left, about {left // PRICE:,.0f} videos.")


def judge_silence(host: str, addresses: Sequence[str], cause: str) -> Finding:
    """Judge a provider that did not respond at all."""
    text = f"{host} did not respond ({cause})." if addresses else f"The host name {host} has no address."
    todo = "Check this machine's network, DNS and proxy, then the provider's status page."
    return Finding("provider", Verdict.ACT, text, todo)


class _Contract(NamedTuple):
    """A contract's paths that are missing, and those whose response says nothing about them."""

    name: str
    missing: Sequence[str]
    unknown: Sequence[str]


def judge_paths(
    responses: Mapping[str, Sequence[tuple[str, Response]]], in_use: str, role: str = "the one in use"
) -> Findings:
    """Judge the contracts' paths by the responses to a GET without a task id.

    Args:
        responses: path and response, by contract.
        in_use: the contract whose missing path is a problem.
        role: what the contract `in_use` is called.
    """
    contracts = [
        _Contract(
            name,
            [path for path, response in found if _is_missing(response)],
            [path for path, response in found if _says_nothing(response)],
        )
        for name, found in responses.items()
    ]
    present = [contract.name for contract in contracts if not contract.missing and not contract.unknown]
    for contract in contracts:
        if contract.name == in_use:
            yield _judge_contract(contract, role, Verdict.ACT, _how_to_replace(present))
        else:
            yield _judge_contract(contract, "not in use", Verdict.NOTE, "")


def _is_missing(response: Response) -> bool:
    return response.code is None and response.status == NOT_FOUND


def _says_nothing(response: Response) -> bool:
    """Check whether the response concerns the account or comes from another server."""
    if response.code is None:
        return response.status not in (NOT_FOUND, NOT_ALLOWED)
    return response.code in PAUSING or response.code == NOT_FOUND or response.code >= SERVER_ERROR


def _judge_contract(contract: _Contract, role: str, verdict_if_missing: Verdict, todo: str) -> Finding:
    about = f"contract {contract.name}"
    if contract.missing:
        paths = ", ".join(contract.missing)
        text = f"{paths} ({role}) answered a GET with 404, without the provider's envelope. The path may be gone."
        return Finding(about, verdict_if_missing, text, todo)
    if contract.unknown:
        text = f"{', '.join(contract.unknown)} ({role}) returned a response that says nothing about the path."
        return Finding(about, Verdict.NOTE, text)
    return Finding(about, Verdict.WELL, f"The contract's paths exist ({role}), as far as a GET can tell.")


def _how_to_replace(present: Sequence[str]) -> str:
    if not present:
        return "Check KieBaseUrl and the provider's documentation."
    return f"If jobs wait with PATH_GONE too, set ProviderContract to {present[0]}, deploy, then veo4k gate resume."
