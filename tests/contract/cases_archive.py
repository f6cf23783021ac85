"""Transitions that archive and publish cause."""

from dataclasses import replace

from proofs.table.rows import ARCHIVE, DAY, LEASED, NOW, READY, RETRIGGERED, SUCCEEDED, TIMES, Case, in_other_states
from veo4k.domain import transitions
from veo4k.domain.job import State

LEASE_HELD = in_other_states(State.READY) | {
    "is leased by another archive": {"lease": "lease-2"},
    "has no lease": {"lease": None},
}

ARCHIVING: dict[str, Case] = {
    "an archive claims": Case(
        before=READY,
        write=transitions.claim_archive(READY.key, "lease-1", NOW, TIMES),
        changes={"lease": "lease-1", "lease_until": NOW + 960, "archive_attempts": 1},
        refusals=in_other_states(State.READY)
        | {"is leased": {"lease": "lease-9", "lease_until": NOW + 1}, "has a dead link": {"link_dead": True}},
    ),
    "an archive claims after a crash": Case(
        before=replace(LEASED, lease_until=NOW),
        write=transitions.claim_archive(READY.key, "lease-9", NOW, TIMES),
        changes={"lease": "lease-9", "lease_until": NOW + 960, "archive_attempts": 2},
        refusals=in_other_states(State.READY)
        | {"has a millisecond of its lease left": {"lease_until": NOW + 0.001}, "has a dead link": {"link_dead": True}},
    ),
    "a file is archived": Case(
        before=LEASED,
        write=transitions.succeed(LEASED, ARCHIVE, NOW),
        changes={
            "state": State.SUCCEEDED,
            "archive": ARCHIVE,
            "finished_at": NOW,
            "day": DAY,
            "lease": None,
            "lease_until": None,
        },
        refusals=LEASE_HELD,
    ),
    "an archive tries later": Case(
        before=LEASED,
        write=transitions.postpone_archive(LEASED, NOW + 60),
        changes={"lease": None, "lease_until": None, "due": NOW + 60},
        refusals=LEASE_HELD,
    ),
    "a link is dead": Case(
        before=LEASED,
        write=transitions.request_link(LEASED, NOW, not_4k=False),
        changes={"lease": None, "lease_until": None, "due": NOW, "link_dead": True},
        refusals=LEASE_HELD,
    ),
    "a file is not 4K": Case(
        before=LEASED,
        write=transitions.request_link(LEASED, NOW, not_4k=True),
        changes={"lease": None, "lease_until": None, "due": NOW, "link_dead": True, "not_4k": 1},
        refusals=LEASE_HELD,
    ),
}
ANNOUNCEMENT: dict[str, Case] = {
    "an end is re-triggered": Case(
        before=SUCCEEDED,
        write=transitions.retrigger(SUCCEEDED, "retrigger-1", NOW + 60),
        changes={"retrigger_id": "retrigger-1", "due": NOW + 60},
        refusals=in_other_states(State.SUCCEEDED)
        | {
            "was re-triggered meanwhile": {"retrigger_id": "retrigger-9"},
            "is leased": {"lease": "lease-1"},
            "is due later": {"due": NOW},
            "is due no more": {"due": None},
        },
    ),
    "a result is re-triggered once more": Case(
        before=replace(LEASED, retrigger_id="retrigger-1"),
        write=transitions.retrigger(replace(LEASED, retrigger_id="retrigger-1"), "retrigger-2", NOW + 60),
        changes={"retrigger_id": "retrigger-2", "due": NOW + 60},
        refusals=LEASE_HELD
        | {
            "was re-triggered meanwhile": {"retrigger_id": "retrigger-9"},
            "was never re-triggered": {"retrigger_id": None},
            "is due": {"due": NOW},
        },
    ),
    "an end was announced": Case(
        before=RETRIGGERED,
        write=transitions.mark_announced(RETRIGGERED, 1_900_000_000),
        changes={
            "partition": None,
            "due": None,
            "task_tokens": None,
            "urls": None,
            "image_urls": None,
            "ttl": 1_900_000_000,
        },
        refusals=in_other_states(State.SUCCEEDED)
        | {
            "was re-triggered meanwhile": {"retrigger_id": "retrigger-9"},
            "was never re-triggered": {"retrigger_id": None},
        },
    ),
    "an end without a re-trigger was announced": Case(
        before=SUCCEEDED,
        write=transitions.mark_announced(SUCCEEDED, 1_900_000_000),
        changes={
            "partition": None,
            "due": None,
            "task_tokens": None,
            "urls": None,
            "image_urls": None,
            "ttl": 1_900_000_000,
        },
        refusals=in_other_states(State.SUCCEEDED) | {"was re-triggered meanwhile": {"retrigger_id": "retrigger-9"}},
    ),
}
