"""Transitions of a job whose request is never repeated, because a repeat may be a second purchase."""

from dataclasses import replace

from proofs.table.rows import AWAITED, NOW, TIMES, Case, ended, in_other_states
from veo4k.domain import transitions
from veo4k.domain.job import Code, State

AWAITING: dict[str, Case] = {
    "a lost response is only awaited": Case(
        before=AWAITED,
        write=transitions.postpone(AWAITED, NOW + 7200),
        changes={"due": NOW + 7200},
        refusals=in_other_states(State.SUBMITTING)
        | {"is due otherwise": {"due": NOW + 1}, "is not due": {"due": None}},
    ),
    "the provider never confirmed the request": Case(
        before=AWAITED,
        write=transitions.time_out(
            replace(AWAITED, lost_responses=AWAITED.lost_responses + 1), Code.SUBMISSION_UNCONFIRMED, NOW, TIMES
        ),
        changes=ended(State.TIMED_OUT, Code.SUBMISSION_UNCONFIRMED, charged=True),
        refusals=in_other_states(State.SUBMITTING)
        | {"was claimed meanwhile": {"claim_id": "attempt-9"}, "is leased": {"lease": "lease-9"}},
    ),
}
