"""Why a job waits or the account is paused, and what an operator can do."""

EXPLANATIONS: dict[str, str] = {
    "API_KEY_UNSET": "No API key is set. Put it into the secret ApiKeySecretName.",
    "TOKEN_KEY_UNSET": "No token key is set. Run veo4k rotate token.",
    "SECRET_UNSET": "A key was removed from its secret. veo4k doctor shows which one.",
    "API_KEY_UNREADABLE": "Secrets Manager did not return the API key. The stack retries automatically.",
    "GATE_UNREACHABLE": "The table did not respond. The stack retries automatically.",
    "WINDOW_FULL": "The account's request rate is used up for the moment. The job continues automatically.",
    "SLOT_MISSED": "The job missed its slot. It continues automatically with another one.",
    "EARLIER_RUN": "An earlier run of this task has not ended. The job continues automatically after it.",
    "BASE_NOT_FINISHED": "The base video is not finished. The stack repeats the request automatically.",
    "NO_CREDITS": "The account has no credits. Buy some, then run veo4k gate resume.",
    "API_KEY_REFUSED": "The provider refuses the API key. veo4k doctor says what to do.",
    "KEY_LIMIT_REACHED": "The key's own limit at the provider is reached. Raise it, then run veo4k gate resume.",
    "FEATURE_OFF": "The provider has switched the feature off. Read the provider's news.",
    "PATH_GONE": "The provider does not know the path. Run veo4k doctor, then check ProviderContract and KieBaseUrl.",
    "MAINTENANCE": "The provider is under maintenance. Requests continue automatically.",
    "RATE_LIMITED": "The provider counted too many requests. Requests continue automatically.",
    "DAILY_LIMIT": "DailyRequestLimit is reached. The job continues on the next day (UTC).",
    "SHUT_BY_HAND": "The requests were paused by hand. Run veo4k gate resume.",
}


def explain(reason: str) -> str:
    """Return a reason with its explanation. A reason without one, such as a network error, stands alone."""
    return f"{reason}: {EXPLANATIONS[reason]}" if reason in EXPLANATIONS else reason
