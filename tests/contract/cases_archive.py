"""Transitions that archive and publish cause."""

from dataclasses import replace

from proofs.table.rows import (
    ARCHIVE,
    BASE,
    DAY,
    LEASED,
    LINKLESS,
    NOW,
    READY,
    RETRIGGERED,
    SIGNED,
    SUCCEEDED,
    TIMES,
    Case,
    in_other_states,
)
from veo4k.domain import transitions
from veo4k.domain.job import ENDED, Partition, State, link_digest

LEASE_HELD = in_other_states(State.READY) | {
    "is leased by another archive": {"lease": "lease-2"},
    "has no lease": {"lease": None},
}

SHOWN = replace(SUCCEEDED, base_url=SIGNED)
AS_ANNOUNCED = in_other_states(State.SUCCEEDED) | {"was re-triggered meanwhile": {"retrigger_id": "retrigger-9"}}
GONE = dict.fromkeys(("partition", "due", "task_tokens", "urls", "image_urls"))

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
        write=transitions.succeed(LEASED, ARCHIVE, "hvc1", NOW),
        changes={
            "state": State.SUCCEEDED,
            "archive": ARCHIVE,
            "codec": "hvc1",
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
    "a link is refused": Case(
        before=LEASED,
        write=transitions.postpone_archive(LEASED, NOW + 60, refused=True),
        changes={"lease": None, "lease_until": None, "due": NOW + 60, "link_refusals": 1},
        refusals=LEASE_HELD,
    ),
    "a file is not 4K, and no fresh link may be requested": Case(
        before=replace(LEASED, link_refusals=1),
        write=transitions.postpone_archive(replace(LEASED, link_refusals=1), NOW + 60, not_4k=True),
        changes={"lease": None, "lease_until": None, "due": NOW + 60, "link_refusals": 0, "not_4k": 1},
        refusals=LEASE_HELD,
    ),
    "a link is dead": Case(
        before=replace(LEASED, link_refusals=1),
        write=transitions.request_link(replace(LEASED, link_refusals=1), NOW, not_4k=False),
        changes={
            "lease": None,
            "lease_until": None,
            "due": NOW,
            "link_dead": True,
            "link_refusals": 2,
            "tried_links": frozenset({link_digest(SIGNED)}),
        },
        refusals=LEASE_HELD,
    ),
    "a file is not 4K": Case(
        before=replace(LEASED, tried_links=frozenset({"another"})),
        write=transitions.request_link(LEASED, NOW, not_4k=True),
        changes={
            "lease": None,
            "lease_until": None,
            "due": NOW,
            "link_dead": True,
            "not_4k": 1,
            "tried_links": frozenset({"another", link_digest(SIGNED)}),
        },
        refusals=LEASE_HELD,
    ),
}
WAITED_FOR = replace(RETRIGGERED, task_tokens=frozenset({"token-1", "token-2"}))
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
    "a dead link is tried again": Case(
        before=replace(LINKLESS, due=NOW - 1),
        write=transitions.retrigger(LINKLESS, "retrigger-1", NOW + 60),
        changes={"retrigger_id": "retrigger-1", "due": NOW + 60, "link_dead": None},
        refusals=in_other_states(State.READY)
        | {
            "is leased": {"lease": "lease-1"},
            "was re-triggered meanwhile": {"retrigger_id": "retrigger-9"},
            "is due later": {"due": NOW},
        },
    ),
    "a part of an end was announced": Case(
        before=WAITED_FOR,
        write=transitions.postpone_announcement(WAITED_FOR, NOW, TIMES, on_bus=True, tokens=frozenset({"token-2"})),
        changes={
            "on_bus": True,
            "task_tokens": frozenset({"token-2"}),
            "announcing_since": NOW,
            "due": NOW + 60,
        },
        refusals=in_other_states(State.SUCCEEDED)
        | {
            "was re-triggered meanwhile": {"retrigger_id": "retrigger-9"},
            "left the due index": {"partition": None},
            "has fewer tokens": {"task_tokens": frozenset({"token-1"})},
        },
    ),
    "an end could not be announced once more": Case(
        before=replace(RETRIGGERED, task_tokens=frozenset(), announcing_since=NOW - 600),
        write=transitions.postpone_announcement(
            replace(RETRIGGERED, task_tokens=frozenset(), announcing_since=NOW - 600),
            NOW,
            TIMES,
            on_bus=False,
            tokens=frozenset(),
        ),
        changes={"due": NOW + 600},
        refusals=in_other_states(State.SUCCEEDED)
        | {
            "was re-triggered meanwhile": {"retrigger_id": "retrigger-9"},
            "left the due index": {"partition": None},
        },
    ),
    "an end was announced": Case(
        before=replace(RETRIGGERED, on_bus=True, announcing_since=NOW - 60, tried_links=frozenset({"one"})),
        write=transitions.mark_announced(RETRIGGERED, 1_900_000_000),
        changes={
            "partition": None,
            "due": None,
            "task_tokens": None,
            "urls": None,
            "image_urls": None,
            "on_bus": None,
            "announcing_since": None,
            "tried_links": None,
            "ttl": 1_900_000_000,
        },
        refusals=in_other_states(State.SUCCEEDED)
        | {
            "was re-triggered meanwhile": {"retrigger_id": "retrigger-9"},
            "was never re-triggered": {"retrigger_id": None},
        },
    ),
    "an end was announced whose base video is requested": Case(
        before=SHOWN,
        write=transitions.mark_announced(SHOWN, 1_900_000_000, keeps_base=True),
        changes=GONE | {"ttl": 1_900_000_000},
        refusals=AS_ANNOUNCED,
    ),
    "an end was announced whose base video cannot be kept": Case(
        before=SHOWN,
        write=transitions.mark_announced(SHOWN, 1_900_000_000),
        changes=GONE | {"ttl": 1_900_000_000, "base_url": None},
        refusals=AS_ANNOUNCED,
    ),
    "a base video is kept": Case(
        before=SHOWN,
        write=transitions.keep_base(SHOWN, BASE),
        changes={"base": BASE, "base_url": None},
        refusals={"has one": {"base": BASE._replace(sha256="ef" * 32)}, "is another index": {"index": 7}},
    ),
    "a base video is abandoned": Case(
        before=replace(SHOWN, partition=None),
        write=transitions.abandon_base(SHOWN),
        changes={"base_url": None},
        refusals=in_other_states(*ENDED)
        | {"is not announced": {"partition": Partition.LIVE}, "has a base video": {"base": BASE}},
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
