"""Transitions that archive and publish cause."""

from dataclasses import replace

from proofs.table import rows
from proofs.table.rows import ARCHIVE, BASE, DAY, NOW, SIGNED, TIMES, Case, Changes, in_other_states
from tests.contract.changes import ENDED, RELEASED, WAITS_NO_MORE, rows_that, waiting
from veo4k.domain import transitions
from veo4k.domain.job import State, link_digest

LEASE_HELD = in_other_states(State.READY) | rows_that("is leased by another", "has no lease")
AS_ANNOUNCED = in_other_states(State.SUCCEEDED) | rows_that("was re-triggered meanwhile")
TRIED = frozenset({link_digest(SIGNED)})
TTL = 1_900_000_000
GONE: Changes = dict.fromkeys(("partition", "due", "task_tokens", "urls", "image_urls")) | {"ttl": TTL}

HOSTLESS = replace(rows.READY, **waiting("HOST_NOT_ALLOWED", "new.example"))
REFUSED_ONCE = replace(rows.LEASED, link_refusals=1)
SHOWN = replace(rows.SUCCEEDED, base_url=SIGNED)
WAITED_FOR = replace(rows.RETRIGGERED, task_tokens=frozenset({"token-1", "token-2"}))
FAILING = replace(rows.RETRIGGERED, task_tokens=frozenset(), announcing_since=NOW - 600)

ARCHIVING: dict[str, Case] = {
    "an archive claims": Case(
        before=rows.READY,
        write=transitions.claim_archive(rows.READY.key, "lease-1", NOW, TIMES),
        changes={"lease": "lease-1", "lease_until": NOW + 960, "archive_attempts": 1},
        refusals=in_other_states(State.READY)
        | rows_that("is leased by another", "has a dead link", "waits for a host"),
    ),
    "an archive claims after a crash": Case(
        before=replace(rows.LEASED, lease_until=NOW),
        write=transitions.claim_archive(rows.READY.key, "lease-9", NOW, TIMES),
        changes={"lease": "lease-9", "lease_until": NOW + 960, "archive_attempts": 2},
        refusals=in_other_states(State.READY)
        | {"has a millisecond of its lease left": {"lease_until": NOW + 0.001}}
        | rows_that("has a dead link", "waits for a host"),
    ),
    "a file is archived": Case(
        before=rows.LEASED,
        write=transitions.succeed(rows.LEASED, ARCHIVE, "hvc1", NOW),
        changes=RELEASED
        | {"state": State.SUCCEEDED, "archive": ARCHIVE, "codec": "hvc1", "finished_at": NOW, "day": DAY},
        refusals=LEASE_HELD,
    ),
    "an archive tries later": Case(
        before=rows.LEASED,
        write=transitions.postpone_archive(rows.LEASED, NOW + 60),
        changes=RELEASED | {"due": NOW + 60},
        refusals=LEASE_HELD,
    ),
    "a link is refused": Case(
        before=rows.LEASED,
        write=transitions.postpone_archive(rows.LEASED, NOW + 60, refused=True),
        changes=RELEASED | {"due": NOW + 60, "link_refusals": 1},
        refusals=LEASE_HELD,
    ),
    "a file is not 4K, and no fresh link may be requested": Case(
        before=REFUSED_ONCE,
        write=transitions.postpone_archive(REFUSED_ONCE, NOW + 60, not_4k=True),
        changes=RELEASED | {"due": NOW + 60, "link_refusals": 0, "not_4k": 1},
        refusals=LEASE_HELD,
    ),
    "a link is dead": Case(
        before=REFUSED_ONCE,
        write=transitions.request_link(REFUSED_ONCE, NOW, not_4k=False),
        changes=RELEASED | {"due": NOW, "link_dead": True, "link_refusals": 2, "tried_links": TRIED},
        refusals=LEASE_HELD,
    ),
    "a file is not 4K": Case(
        before=replace(rows.LEASED, tried_links=frozenset({"another"})),
        write=transitions.request_link(rows.LEASED, NOW, not_4k=True),
        changes=RELEASED | {"due": NOW, "link_dead": True, "not_4k": 1, "tried_links": TRIED | {"another"}},
        refusals=LEASE_HELD,
    ),
}
ANNOUNCEMENT: dict[str, Case] = {
    "an end is re-triggered": Case(
        before=rows.SUCCEEDED,
        write=transitions.retrigger(rows.SUCCEEDED, "retrigger-1", NOW + 60),
        changes={"retrigger_id": "retrigger-1", "due": NOW + 60},
        refusals=AS_ANNOUNCED | rows_that("is leased by another", "is due later", "is not due"),
    ),
    "a result is re-triggered once more": Case(
        before=replace(rows.LEASED, retrigger_id="retrigger-1"),
        write=transitions.retrigger(replace(rows.LEASED, retrigger_id="retrigger-1"), "retrigger-2", NOW + 60),
        changes={"retrigger_id": "retrigger-2", "due": NOW + 60},
        refusals=LEASE_HELD | rows_that("was re-triggered meanwhile", "was never re-triggered", "is due later"),
    ),
    "a fresh link whose host is allowed by now is fetched": Case(
        before=HOSTLESS,
        write=transitions.retrigger(HOSTLESS, "retrigger-1", NOW + 60),
        changes={"retrigger_id": "retrigger-1", "due": NOW + 60} | WAITS_NO_MORE,
        refusals=in_other_states(State.READY)
        | rows_that("was re-triggered meanwhile", "is leased by another", "is due later", "is not due"),
    ),
    "a dead link is tried again": Case(
        before=rows.LINKLESS,
        write=transitions.retrigger(rows.LINKLESS, "retrigger-1", NOW + 60),
        changes={"retrigger_id": "retrigger-1", "due": NOW + 60, "link_dead": None},
        refusals=in_other_states(State.READY)
        | rows_that("is leased by another", "was re-triggered meanwhile", "is due later"),
    ),
    "a part of an end was announced": Case(
        before=WAITED_FOR,
        write=transitions.postpone_announcement(WAITED_FOR, NOW, TIMES, on_bus=True, tokens=frozenset({"token-2"})),
        changes={"on_bus": True, "task_tokens": frozenset({"token-2"}), "announcing_since": NOW, "due": NOW + 60},
        refusals=AS_ANNOUNCED
        | rows_that("left the due index")
        | {"has fewer tokens": {"task_tokens": frozenset({"token-1"})}},
    ),
    "an end could not be announced once more": Case(
        before=FAILING,
        write=transitions.postpone_announcement(FAILING, NOW, TIMES, on_bus=False, tokens=frozenset()),
        changes={"due": NOW + 600},
        refusals=AS_ANNOUNCED | rows_that("left the due index"),
    ),
    "an end was announced": Case(
        before=replace(rows.RETRIGGERED, on_bus=True, announcing_since=NOW - 60, tried_links=frozenset({"one"})),
        write=transitions.mark_announced(rows.RETRIGGERED, TTL),
        changes=GONE | dict.fromkeys(("on_bus", "announcing_since", "tried_links")),
        refusals=AS_ANNOUNCED | rows_that("was never re-triggered"),
    ),
    "an end was announced whose base video is requested": Case(
        before=SHOWN,
        write=transitions.mark_announced(SHOWN, TTL, keeps_base=True),
        changes=GONE,
        refusals=AS_ANNOUNCED,
    ),
    "an end was announced whose base video cannot be kept": Case(
        before=SHOWN,
        write=transitions.mark_announced(SHOWN, TTL),
        changes=GONE | {"base_url": None},
        refusals=AS_ANNOUNCED,
    ),
    "a base video is kept": Case(
        before=SHOWN,
        write=transitions.keep_base(SHOWN, BASE),
        changes={"base": BASE, "base_url": None},
        refusals=rows_that("has another base video", "has another index") | in_other_states(*State),
    ),
    "a base video is abandoned": Case(
        before=replace(SHOWN, partition=None),
        write=transitions.abandon_base(SHOWN),
        changes={"base_url": None},
        refusals=in_other_states(*ENDED) | rows_that("is not announced", "has another base video"),
    ),
}
