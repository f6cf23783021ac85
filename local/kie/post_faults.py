"""Faults of a POST of either API: whether it takes effect, and what is returned instead of its response."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from local.kie.callback_payloads import STRANGE
from local.kie.provider import PROVIDER, Provider
from local.kie.responses import Envelope, as_http, bad_gateway, blocked, condition, connection_closed
from local.kie.wording import CHINESE

Replacement = Callable[[web.Request], web.Response]


@dataclass(frozen=True, slots=True)
class PostFault:
    """Whether a POST takes effect, and what is returned instead of its response (None: its response)."""

    applied: bool
    replacement: Replacement | None


def stating(envelope: Envelope) -> Replacement:
    """Return a replacement by an envelope."""
    return lambda request: as_http(envelope, request.app[PROVIDER].settings.error_http_status)


def _unapplied(replacement: Replacement) -> PostFault:
    return PostFault(applied=False, replacement=replacement)


POST_FAULTS = {
    "none": PostFault(applied=True, replacement=None),
    "lost": PostFault(applied=True, replacement=connection_closed),
    "lost_unapplied": _unapplied(connection_closed),
    "garbage": PostFault(applied=True, replacement=lambda _: bad_gateway()),
    "garbage_unapplied": _unapplied(lambda _: bad_gateway()),
    "too_frequent": _unapplied(stating(condition(430))),
    "no_credits_chinese": _unapplied(stating(Envelope(422, CHINESE[condition(402).msg]))),
    "service_unavailable": _unapplied(
        stating(Envelope(500, "4K service is temporarily unavailable. Please try again later."))
    ),
    "strange": _unapplied(stating(Envelope(500, STRANGE))),
    "blocked": _unapplied(lambda _: blocked()),
}


def next_fault(provider: Provider, task_id: str) -> PostFault:
    """Return the fault of the next POST about a task, and count that POST."""
    faults = provider.scenario(task_id).post_faults
    number = provider.posts[task_id]
    provider.posts[task_id] += 1
    return POST_FAULTS[faults[number] if number < len(faults) else "none"]
