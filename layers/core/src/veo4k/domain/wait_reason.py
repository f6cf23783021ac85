"""Why a job waits, or the gate is paused: stored as text in their rows, explained here for operators."""

from collections.abc import Mapping
from enum import StrEnum


class WaitReason(StrEnum):
    """Reasons to wait. A row may hold another text, where a request could not be sent: the error's own name."""

    API_KEY_UNSET = "API_KEY_UNSET"
    TOKEN_KEY_UNSET = "TOKEN_KEY_UNSET"  # noqa: S105 - the name of a reason
    SECRET_UNSET = "SECRET_UNSET"  # noqa: S105 - the name of a reason
    GATE_UNREACHABLE = "GATE_UNREACHABLE"
    WINDOW_FULL = "WINDOW_FULL"
    SLOT_MISSED = "SLOT_MISSED"
    EARLIER_RUN = "EARLIER_RUN"
    BASE_NOT_FINISHED = "BASE_NOT_FINISHED"
    NO_CREDITS = "NO_CREDITS"
    API_KEY_REFUSED = "API_KEY_REFUSED"
    KEY_LIMIT_REACHED = "KEY_LIMIT_REACHED"
    FEATURE_OFF = "FEATURE_OFF"
    PATH_GONE = "PATH_GONE"
    MAINTENANCE = "MAINTENANCE"
    RATE_LIMITED = "RATE_LIMITED"
    PAUSED_BY_HAND = "SHUT_BY_HAND"
    DAILY_LIMIT = "DAILY_LIMIT"


EXPLANATIONS: Mapping[WaitReason, str] = {
    WaitReason.API_KEY_UNSET: "No API key is set. Put the key into the secret ApiKeySecretName.",
    WaitReason.TOKEN_KEY_UNSET: "No token key is set. Run veo4k rotate token.",
    WaitReason.SECRET_UNSET: "A secret was unset while the request was prepared. Set it again.",
    WaitReason.GATE_UNREACHABLE: "The table or a secret could not be read. The job is retried automatically.",
    WaitReason.WINDOW_FULL: "The account's rate limit is used up. The job continues automatically.",
    WaitReason.SLOT_MISSED: "The request was too late for its slot. The job continues automatically.",
    WaitReason.EARLIER_RUN: "An earlier run of this task has not ended. The job continues automatically.",
    WaitReason.BASE_NOT_FINISHED: "The base video is not finished. The job is retried automatically.",
    WaitReason.NO_CREDITS: "The account has no credits. Buy credits, then run veo4k gate resume.",
    WaitReason.API_KEY_REFUSED: "The provider refuses the API key. Run veo4k doctor.",
    WaitReason.KEY_LIMIT_REACHED: "The key's limit at the provider is reached. Raise it, then run veo4k gate resume.",
    WaitReason.FEATURE_OFF: "The provider has switched this feature off. Check the provider's announcements.",
    WaitReason.PATH_GONE: "The provider does not know the path. Set ProviderContract to jobs, or check KieBaseUrl.",
    WaitReason.MAINTENANCE: "The provider is under maintenance. The job continues automatically.",
    WaitReason.RATE_LIMITED: "The provider received too many requests. The job continues after a window.",
    WaitReason.PAUSED_BY_HAND: "An operator paused the requests. Run veo4k gate resume.",
    WaitReason.DAILY_LIMIT: "The daily limit is used up. The job continues on the next UTC day; see DailyRequestLimit.",
}


def explain(stored: str) -> str:
    """Return the sentence that explains a stored reason; empty for the text of an error."""
    name, _, _ = stored.partition(":")  # rows of version 0.1 have advice after PATH_GONE
    return EXPLANATIONS[WaitReason(name)] if name in set(WaitReason) else ""
