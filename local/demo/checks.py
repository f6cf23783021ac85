"""Checks a job of the demo, and the account, against what the case demands. Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from local.cloud.rows import Row, is_changed, row_of
from local.cloud.stored_videos import StoredVideo
from local.demo.cases import Case
from local.demo.evidence import Evidence

PORTRAIT, LANDSCAPE = (2160, 3840), (3840, 2160)


def expected_credits(case: Case, price: int) -> int:
    """Return the credits that a job must cost."""
    return 0 if case.refunded else price * case.charges


def problems(case: Case, evidence: Evidence) -> list[str]:
    """Return everything that is not as the case demands."""
    if evidence.row is None:
        return ["the job does not exist"]
    return [problem for check in CHECKS for problem in check(case, evidence, evidence.row)]


def _end(case: Case, evidence: Evidence, row: Row) -> Iterator[str]:
    yield from _differs("state", row["state"], case.state)
    yield from _differs("error", row.get("error", {}).get("code", ""), case.code)
    if (delivered_by := row.get("evidence", "")) not in (case.evidence or ("",)):
        yield from _differs("delivered by", delivered_by, " or ".join(case.evidence))
    if evidence.ended_as and is_changed(evidence.ended_as, row):
        yield "the row changed after the job's end"


def _file(case: Case, evidence: Evidence, row: Row) -> Iterator[str]:
    if case.state != "SUCCEEDED":
        if evidence.stored or "archive" in row:
            yield "a file was stored"
        return
    if len(evidence.stored) != 1:
        yield from _differs("videos in the bucket", len(evidence.stored), 1)
        return
    [stored] = evidence.stored
    archive = row.get("archive", {})
    yield from _differs("object", stored.key, f"videos/{case.task_id}/{case.index}/{row['run']}.mp4")
    yield from _differs("size", (stored.width, stored.height), PORTRAIT if case.portrait else LANDSCAPE)
    yield from _differs("SHA-256", stored.sha256, evidence.expected_sha256)
    yield from _differs(
        "archive in the row", {name: archive.get(name) for name in StoredVideo._fields}, stored._asdict()
    )


def _base(case: Case, evidence: Evidence, row: Row) -> Iterator[str]:
    base = row.get("base", {})
    if case.base_kept and base.get("sha256", "") != evidence.bases.get(base.get("key")):
        yield "the base video was not kept"


def _credits(case: Case, evidence: Evidence, row: Row) -> Iterator[str]:
    refunds = sum(charge["refundedAt"] is not None for charge in evidence.charges)
    yield from _differs("charges", len(evidence.charges), case.charges)
    yield from _differs("refunds", refunds, int(case.refunded))
    yield from _differs("maybeCharged", row.get("maybeCharged", False), case.state != "SUCCEEDED" and case.charges > 0)
    if case.requests is not None:
        yield from _differs("requests", evidence.requests, case.requests)


def _events(case: Case, evidence: Evidence, row: Row) -> Iterator[str]:
    if not evidence.events:
        yield "the end was not announced"
    event_id = f"{case.key}#{row['run']}#{case.state}"
    for event in evidence.events:
        yield from _differs("event", event["detail"].get("eventId"), event_id)
        if is_changed(row_of(event), row):
            yield "event and row differ"


def _traffic(case: Case, evidence: Evidence, row: Row) -> Iterator[str]:
    yield from _differs("callback responses", sorted(evidence.callback_statuses), sorted(case.callback_statuses))
    yield from _differs("downloads", evidence.downloads, case.downloads)
    yield from _differs("archive attempts", row.get("#tries", 0), case.archive_attempts)


def _differs(name: str, found: Any, demanded: Any) -> Iterator[str]:
    if found != demanded:
        yield f"{name}: {found or 'none'}, not {demanded or 'none'}"


Check = Callable[[Case, Evidence, Row], Iterator[str]]
CHECKS: tuple[Check, ...] = (_end, _file, _base, _credits, _events, _traffic)


def account_problems(stats: Mapping[str, Any], allowed: int) -> list[str]:
    """Return every breach of the provider's rate limit; `allowed`: requests in any window."""
    refused, densest = stats["refused429"], stats["densestPosts"]
    return [f"{refused} requests refused with 429"] * (refused > 0) + [
        f"{densest} requests in one window, more than {allowed}"
    ] * (densest > allowed)
