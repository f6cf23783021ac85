"""Why a job waits or the account is paused, and what an operator can do."""

from veo4k.domain.wait_reason import explain


def describe_reason(stored: str) -> str:
    """Return a stored reason with its explanation. The text of an error has none and stands alone."""
    name, _, _ = stored.partition(":")  # rows of version 0.1 have advice after PATH_GONE
    return f"{name}: {explanation}" if (explanation := explain(stored)) else stored
