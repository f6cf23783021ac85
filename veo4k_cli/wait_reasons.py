"""Why a job waits or the account is paused and what an operator can do, and what the provider said."""

from veo4k.domain.job import Job
from veo4k.domain.provider_words import NO_WORDS, Words
from veo4k.domain.wait_reason import explain
from veo4k_cli.formatting import printable


def describe_reason(stored: str) -> str:
    """Return a stored reason with its explanation. The text of an error has none and stands alone."""
    name, _, _ = stored.partition(":")  # rows of version 0.1 have advice after PATH_GONE
    return f"{name}: {explanation}" if (explanation := explain(stored)) else stored


def describe_wait(job: Job) -> str:
    """Return what a job waits for: the reason, such as the host of its result, with the explanation."""
    text, explanation = wait_of(job), explain(job.wait_reason or "")
    is_longer = job.wait_text not in (None, job.wait_reason)
    return f"{text}. {explanation}" if is_longer and explanation else describe_reason(text)


def wait_of(job: Job) -> str:
    """Return the reason for which a job waits, as its row tells people; empty where it does not wait."""
    return printable(job.wait_text or job.wait_reason or "")


def words_of(job: Job) -> str:
    """Return what the provider said: in the error of an ended job, or latest in an unclear response; or nothing."""
    return describe_words(job.error.words if job.error else job.words or NO_WORDS)


def describe_words(words: Words) -> str:
    """Return the provider's code and message, such as `422 "Please wait."`."""
    parts = (str(words.code) if words.code is not None else "", f'"{words.message}"' if words.message else "")
    return printable(" ".join(part for part in parts if part))
