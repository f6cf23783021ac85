"""Sentences about a job for people."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from veo4k.domain.job import Code, Evidence, Job, State
from veo4k_cli.console.times import Row, age, megabytes, seconds_of
from veo4k_cli.formatting import duration, printable
from veo4k_cli.jobs import EVIDENCE
from veo4k_cli.spending import DOLLARS, of_job
from veo4k_cli.wait_reasons import describe_reason

SHORT = 12
CODECS: Mapping[str, str] = {
    **dict.fromkeys(("avc1", "avc3", "dva1", "dvav"), "H.264"),
    **dict.fromkeys(("hvc1", "hev1", "dvh1", "dvhe"), "H.265"),
    **dict.fromkeys(("av01", "dav1"), "AV1"),
}
"""Names that people know, by the sample entry of a track."""
LIVE_SENTENCES: Mapping[str, str] = {
    State.QUEUED: "Waits to be requested.",
    State.SUBMITTING: "A request is out, or its response was lost.",
    State.PROCESSING: "The provider works on it.",
    State.READY: "The provider has finished. The file is being archived.",
}


class Failure(NamedTuple):
    """Why a job ended without a video: the code, what happened, what to do, and the provider's words."""

    code: str
    sentence: str
    advice: str
    provider: str
    maybe_charged: bool


def short(task_id: str) -> str:
    """Return the end of a task's id, where ids differ."""
    return task_id if len(task_id) <= SHORT + 1 else f"…{task_id[-SHORT:]}"


def name_of(row: Row) -> str:
    """Return the job's id, made from the key where the row is not complete."""
    return printable(str(row.get("jobId") or f"{row.get('taskId')}#{row.get('index', 0)}#{row.get('run')}"))


def wait_sentence(row: Row) -> str:
    """Return what a live job waits for."""
    reason = row.get("#reason") or row.get("waitReason")
    if not reason:
        return LIVE_SENTENCES.get(str(row.get("state")), "")
    _, colon, sentence = describe_reason(str(reason)).partition(": ")
    return printable(sentence if colon else str(reason))


def next_check(row: Row, now: float) -> str:
    """Return when a sweep acts on a job next."""
    due = seconds_of(row, "#due")
    if due is None:
        return ""
    return f"in {duration(due - now)}" if due > now else f"due for {duration(now - due)}"


def progress(row: Row, usual: float | None, now: float) -> int:
    """Return how much of the usual time has passed, in percent; 97 at most, because only the end is the end."""
    return min(97, int(100 * age(row, now) / usual)) if usual else 0


def delivery(row: Row) -> str:
    """Return what delivered the result."""
    evidence = str(row.get("evidence") or "")
    return EVIDENCE.get(evidence, evidence)


def failure(row: Row) -> Failure | None:
    """Return why a job ended without a video, or None."""
    error = row.get("error")
    if not isinstance(error, Mapping):
        return None
    code = str(error.get("code", ""))
    known = Code(code).message if code in set(Code) else ""
    sentence, _, advice = str(error.get("message") or known).partition(". ")
    words = str(error.get("providerMessage") or "")
    number = error.get("providerCode")
    provider = f"{number}: {words}" if number is not None and words else words or str(number or "")
    end = "" if sentence.endswith(".") else "."
    return Failure(
        code,
        printable(sentence) + end,
        printable(advice),
        printable(provider),
        maybe_charged=bool(row.get("maybeCharged")),
    )


def price(row: Row) -> str:
    """Return what a job cost, and what it may have cost besides: `120 credits, $0.60, maybe 120 more`."""
    spent = of_job(Job.from_row(row), "")
    if spent.maybe_credits and not spent.credits:
        return f"maybe {spent.maybe_credits:,.6g} credits, {money(spent.maybe_credits)}"
    if spent.free:
        return "free by the look" if row.get("evidence") == Evidence.LOOK else "free"
    more = f", maybe {spent.maybe_credits:,.6g} more" if spent.maybe_credits else ""
    return f"{spent.credits:,.6g} credits, {money(spent.credits)}{more}"


def money(credit_count: float) -> str:
    """Return the price of credits as `$0.60`."""
    return f"${credit_count * DOLLARS:,.2f}"


def proof(row: Row) -> list[tuple[str, str]]:
    """Return the facts of an archived file, a line each, as it is shown and as it is copied."""
    file = row.get("archive")
    if not isinstance(file, Mapping):
        return []
    place, sha = f"s3://{file.get('bucket')}/{file.get('key')}", str(file.get("sha256", ""))
    attempts = int(row.get("attempts", 0))
    requests = f"{attempts} {'request' if attempts == 1 else 'requests'}"
    codec = CODECS.get(str(row.get("#codec")), "")
    facts = (size(file), codec, megabytes(float(file.get("bytes", 0))), requests, price(row))
    line = " · ".join(filter(None, facts))
    return [(line, line), (f"SHA-256 {sha}", sha), (place, place)]


def size(file: Mapping[str, Any]) -> str:
    """Return the size of a picture, the width first."""
    return f"{file.get('width')} \u00d7 {file.get('height')}"
