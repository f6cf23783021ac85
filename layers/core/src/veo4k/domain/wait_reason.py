"""Why a job waits, or the gate is paused: stored as text in their rows, explained here for operators."""

from enum import StrEnum
from typing import Self


class WaitReason(StrEnum):
    """Reasons to wait. A row may hold another text, where a request could not be sent: the error's own name."""

    explanation: str

    def __new__(cls, text: str, explanation: str = "") -> Self:  # noqa: D102
        member = str.__new__(cls, text)
        member._value_, member.explanation = text, explanation
        return member

    API_KEY_UNSET = "API_KEY_UNSET", "No API key is set. Put the key into the secret ApiKeySecretName."
    TOKEN_KEY_UNSET = "TOKEN_KEY_UNSET", "No token key is set. Run veo4k rotate token."
    SECRET_UNSET = "SECRET_UNSET", "A secret was unset while the request was prepared. Set it again."
    GATE_UNREACHABLE = "GATE_UNREACHABLE", "The table or a secret could not be read. The job is retried automatically."
    WINDOW_FULL = "WINDOW_FULL", "The account's rate limit is used up. The job continues automatically."
    SLOT_MISSED = "SLOT_MISSED", "The request was too late for its slot. The job continues automatically."
    EARLIER_RUN = "EARLIER_RUN", "An earlier run of this task has not ended. The job continues automatically."
    BASE_NOT_FINISHED = "BASE_NOT_FINISHED", "The base video is not finished. The job is retried automatically."
    UNCLEAR_ANSWER = (
        "UNCLEAR_ANSWER",
        "The provider's words are not known. The request is repeated automatically; the log has the words.",
    )
    NOT_FOUND = (
        "NOT_FOUND",
        "The provider answered 404: it knows the task or the path no more. The job is retried automatically.",
    )
    HOST_NOT_ALLOWED = (
        "HOST_NOT_ALLOWED",
        "The result is on a host that ResultHosts does not allow. If you trust the host, add it: the job continues.",
    )
    BLOCKED_BY_PROXY = (
        "BLOCKED_BY_PROXY",
        "A proxy before the provider refuses this caller; it is not the key. See docs/operations.md, A fixed address.",
    )
    LOOK_LATER = "LOOK_LATER", "The record of the base video could not be read. The job continues within two minutes."
    NO_CREDITS = "NO_CREDITS", "The account has no credits. Buy credits, then run veo4k gate resume."
    API_KEY_REFUSED = "API_KEY_REFUSED", "The provider refuses the API key. Run veo4k doctor."
    KEY_LIMIT_REACHED = (
        "KEY_LIMIT_REACHED",
        "The key's limit at the provider is reached. Raise it, then run veo4k gate resume.",
    )
    FEATURE_OFF = "FEATURE_OFF", "The provider has switched this feature off. Check the provider's announcements."
    PATH_GONE = "PATH_GONE", "The provider does not know the path. Set ProviderContract to jobs, or check KieBaseUrl."
    MAINTENANCE = "MAINTENANCE", "The provider is under maintenance. The job continues automatically."
    RATE_LIMITED = "RATE_LIMITED", "The provider received too many requests. The job continues after a window."
    PAUSED_BY_HAND = "SHUT_BY_HAND", "An operator paused the requests. Run veo4k gate resume."
    DAILY_LIMIT = (
        "DAILY_LIMIT",
        "The daily limit is used up. The job continues on the next UTC day; see DailyRequestLimit.",
    )


def explain(stored: str) -> str:
    """Return the sentence that explains a stored reason; empty for the text of an error."""
    name, _, _ = stored.partition(":")  # rows of version 0.1 have advice after PATH_GONE
    return WaitReason(name).explanation if name in set(WaitReason) else ""
