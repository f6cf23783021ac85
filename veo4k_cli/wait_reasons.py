"""Why a job waits or the account is paused, and what an operator can do."""

EXPLANATIONS: dict[str, str] = {
    "API_KEY_UNSET": "No API key is set. Put the key into the secret ApiKeySecretName.",
    "TOKEN_KEY_UNSET": "No token key is set. Run veo4k rotate token.",
    "SECRET_UNSET": "A secret was unset while the request was prepared. Set it again.",
    "GATE_UNREACHABLE": "The table or a secret could not be read. The job is retried automatically.",
    "WINDOW_FULL": "The account's rate limit is used up. The job continues automatically.",
    "SLOT_MISSED": "The request was too late for its slot. The job continues automatically.",
    "EARLIER_RUN": "An earlier run of this task has not ended. The job continues automatically.",
    "BASE_NOT_FINISHED": "The base video is not finished. The job is retried automatically.",
    "NO_CREDITS": "The account has no credits. Buy credits, then run veo4k gate resume.",
    "API_KEY_REFUSED": "The provider refuses the API key. Run veo4k doctor.",
    "KEY_LIMIT_REACHED": "The key's own limit at the provider is reached. Raise it, then run veo4k gate resume.",
    "FEATURE_OFF": "The provider has switched this feature off. Check the provider's announcements.",
    "PATH_GONE": "The provider does not know the path. Set ProviderContract to jobs, or check KieBaseUrl.",
    "MAINTENANCE": "The provider is under maintenance. The job continues automatically.",
    "RATE_LIMITED": "The provider received too many requests. The job continues after a window.",
    "SHUT_BY_HAND": "An operator paused the requests. Run veo4k gate resume.",
    "DAILY_LIMIT": "The daily limit is used up. The job continues on the next UTC day; see DailyRequestLimit.",
}


def describe_reason(stored: str) -> str:
    """Return a stored reason with its explanation. The text of an error has none and stands alone."""
    name, _, _ = stored.partition(":")  # advice follows PATH_GONE in the row
    return f"{name}: {EXPLANATIONS[name]}" if name in EXPLANATIONS else stored
