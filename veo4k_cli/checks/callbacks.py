"""Checks of callbacks: their keys, their URL, and the responses to test callbacks."""

import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from veo4k.adapters.provider_kie import NO_CALLBACK
from veo4k_cli.callbacks import Attempt, conclusion, send_test_callbacks
from veo4k_cli.checks.finding import Finding, Findings, Verdict
from veo4k_cli.command import Session

WITHOUT_STACK = (
    Finding(
        "webhook key",
        Verdict.NOTE,
        "A stack keeps this key. The provider's settings page turns signing on and shows the key.",
    ),
    Finding("callback URL", Verdict.NOTE, "Every stack has its own. Run veo4k doctor again after the deployment."),
)
"""Findings where there is no stack to check."""


def check_keys(session: Session) -> Findings:
    """Check that the keys of callbacks are set."""
    is_optional = session.stack.parameter("CallbackSignature", "required") == "optional"
    webhook, token = session.secret("WebhookKeySecretName").in_use(), session.secret("TokenKeySecretName").in_use()
    yield judge_webhook_key(is_set=bool(webhook), is_optional=is_optional)
    yield judge_token_key(is_set=bool(token))


def judge_webhook_key(*, is_set: bool, is_optional: bool) -> Finding:
    """Judge whether the provider's signature can be verified."""
    about, todo = "webhook key", "Turn signing on at the provider, then run veo4k rotate webhook."
    if is_set:
        text = "The key is set. Only a callback of the provider proves that it signs with this key."
        return Finding(about, Verdict.WELL, text)
    if is_optional:
        text = "The key is unset and CallbackSignature is optional. Only the token in the path protects callbacks."
        return Finding(about, Verdict.NOTE, text, todo)
    text = "The key is unset. Every callback is answered 401, and results come late, by polling."
    return Finding(about, Verdict.ACT, text, todo)


def judge_token_key(*, is_set: bool) -> Finding:
    """Judge whether callback URLs can be created."""
    if is_set:
        return Finding("token key", Verdict.WELL, "The key is set. Callback URLs can be created and verified.")
    return Finding("token key", Verdict.ACT, "The key is unset. No request can be sent.", "Run veo4k rotate token.")


def check_callbacks(session: Session) -> Findings:
    """Check the callback URL, and send test callbacks to it."""
    base = session.stack.output("CallbackBaseUrl")
    if base == NO_CALLBACK:
        text = "CallbackBaseUrl is none. Results come late, by polling."
        yield Finding("callback URL", Verdict.NOTE, text)
        return
    url = urlsplit(base)
    yield judge_callback_url(url.scheme, resolve(url.hostname or ""), is_local=session.stack.local)
    yield judge_responses(send_test_callbacks(session))


def resolve(host: str) -> Sequence[str]:
    """Return the addresses of a host name, none where it has none."""
    try:
        return sorted({str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)})
    except OSError:
        return ()


def judge_callback_url(scheme: str, addresses: Sequence[str], *, is_local: bool) -> Finding:
    """Judge whether the provider can reach the URL, as far as its scheme and addresses show."""
    about = "callback URL"
    if is_local:
        return Finding(about, Verdict.NOTE, "The URL points to this machine, which the simulator reaches.")
    if scheme != "https":
        text = "The URL is plain http. Tokens and results travel unprotected."
        return Finding(about, Verdict.ACT, text, "Give CallbackBaseUrl an https address, or leave it empty.")
    if not addresses:
        text = "The host name has no address."
        return Finding(about, Verdict.ACT, text, "Fix the DNS of CallbackBaseUrl, or leave it empty.")
    if not all(ipaddress.ip_address(address).is_global for address in addresses):
        text = "The host name has a private address, which the provider cannot reach."
        return Finding(about, Verdict.ACT, text, "Give CallbackBaseUrl a public address, or leave it empty.")
    text = "The host name has public addresses. Only the first callback proves that the provider reaches them."
    return Finding(about, Verdict.WELL, text)


def judge_responses(attempts: list[Attempt]) -> Finding:
    """Judge the responses to the test callbacks."""
    if all(attempt.passed for attempt in attempts):
        return Finding("callbacks", Verdict.WELL, conclusion(attempts))
    return Finding("callbacks", Verdict.ACT, conclusion(attempts), "veo4k test-callback shows each response.")
