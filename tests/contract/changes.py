"""Changes of a row that many examples share: those that a transition makes, and those that refuse one."""

from proofs.table.rows import BASE, NOW, SIGNED, Changes
from veo4k.domain.job import Partition, State

LIVE = (State.QUEUED, State.SUBMITTING, State.PROCESSING, State.READY)
ENDED = (State.SUCCEEDED, State.FAILED, State.TIMED_OUT, State.CANCELLED)

RELEASED: Changes = {"lease": None, "lease_until": None}
ACCEPTED: Changes = {"accepted_at": NOW, "acceptances": 1}
WAITS_NO_MORE: Changes = {"wait_reason": None, "wait_text": None}

OTHERWISE: dict[str, Changes] = {
    "has another index": {"index": 7},
    "is due later": {"due": NOW + 1},
    "is not due": {"due": None},
    "left the due index": {"partition": None},
    "is not announced": {"partition": Partition.LIVE},
    "has another token": {"task_tokens": frozenset({"token-9"})},
    "has no token": {"task_tokens": frozenset()},
    "was claimed meanwhile": {"claim_id": "attempt-9"},
    "is held by no attempt": {"claim_id": None},
    "was requested meanwhile": {"requested_at": NOW - 1},
    "was never requested": {"requested_at": None},
    "has sent no request": {"requests_sent": 0},
    "lost no response": {"lost_responses": 0},
    "has another id of the provider's": {"provider_task_id": "veo_task_of_another"},
    "was polled meanwhile": {"poll_id": "poll-2"},
    "was never polled": {"poll_id": None},
    "was counted already": {"acceptances": 2},
    "has another link": {"urls": (f"{SIGNED}3",)},
    "waits for a host": {"wait_reason": "HOST_NOT_ALLOWED"},
    "has a dead link": {"link_dead": True},
    "has a link that lives": {"link_dead": None},
    "is leased by another": {"lease": "lease-9", "lease_until": NOW + 1},
    "has no lease": {"lease": None},
    "was re-triggered meanwhile": {"retrigger_id": "retrigger-9"},
    "was never re-triggered": {"retrigger_id": None},
    "has another base video": {"base": BASE._replace(sha256="ef" * 32)},
}
"""What is different in a row that refuses a transition."""


def waiting(reason: str, about: str = "") -> Changes:
    return {"wait_reason": reason, "wait_text": f"{reason}: {about}" if about else reason}


def rows_that(*reasons: str) -> dict[str, Changes]:
    """Return refusals by their names."""
    return {reason: OTHERWISE[reason] for reason in reasons}
