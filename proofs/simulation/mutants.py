"""The product with one rule left out, under a name; each must be caught, or the simulation proves nothing.

`python -m proofs.simulation --mutants` prints which oracle catches each of them, and with which seed first.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from proofs.doubles import jobs_memory
from proofs.simulation import changes
from proofs.simulation.changes import Change, part, together
from proofs.simulation.consequences import SimulatedEventPublisher
from proofs.simulation.environment import Simulation
from proofs.simulation.fault_profile import FaultProfile, draw_profile
from proofs.simulation.profiles import PROFILES
from proofs.simulation.requests import SimulatedProvider
from proofs.simulation.stream import Schedule
from veo4k.domain import decisions, gate, look, provider_words, transitions
from veo4k.domain.job import State
from veo4k.domain.response import Meaning
from veo4k.services import archive, base, callback, dispatch, generated, publish, signed_request, submit, sweep
from veo4k.services.archive import Archiver
from veo4k.services.callback import CallbackHandler
from veo4k.services.generated import GenerationHandler
from veo4k.services.sweep import Sweeper

ENOUGH = 60  # seeds within which each of them is caught
JOBS = 40  # of each seed


class Mutant(NamedTuple):
    """One rule left out. `breaks`: the invariants whose oracles must catch it; `shows_in`: where it shows best."""

    change: Change
    breaks: frozenset[int]
    shows_in: str = ""


def _mutant(change: Change, *breaks: int, shows_in: str = "") -> Mutant:
    return Mutant(change, frozenset(breaks), shows_in)


SIGNATURES = together(
    part(signed_request, "_is_fresh", changes.always),
    part(CallbackHandler, "_check_other_id", lambda _: lambda *_: None),
)
NO_LINK = tuple(set(Meaning) - {Meaning.DONE})
TURNS = together(part(sweep, "is_turn", changes.always), part(submit, "is_turn", changes.always))

_NO_RESULT = provider_words._Phrase(provider_words.Known.NO_RESULT, ("no result",))

MUTANTS: Mapping[str, Mutant] = {
    "a claim without conditions": _mutant(
        part(transitions, "claim_submission", changes.loosened), 1, 2, 3, shows_in="a callback meets a poll"
    ),
    "a lost response starts another run": _mutant(
        changes.rule(decisions._SUBMISSION, Meaning.LOST, changes.run_again), 1, 2
    ),
    "a lost response is a failure": _mutant(
        changes.rule(decisions._SUBMISSION, Meaning.LOST, changes.unanswered_is_failed),
        7,
        shows_in="half an hour of lost responses",
    ),
    "a request is repeated where a repeat is not safe": _mutant(
        part(decisions, "repeat_is_safe", changes.always), 1, shows_in="the unified task API"
    ),
    "what a look shows is not heeded": _mutant(changes.in_both("after_look", changes.no_decision), 13),
    "every base video is taken for 4K": _mutant(part(look, "_is_4k", changes.always), 13),
    "a looked-up link is refreshed by a paid request": _mutant(
        changes.in_both("when_due", changes.polls_what_was_looked_up), 13, shows_in="labels that lie"
    ),
    "the base video of the fallback path is lost": _mutant(part(look, "_failed", changes.without_base), 14),
    "the first base video is every index's": _mutant(
        part(look, "base_link", changes.first_base), 6, shows_in="labels that lie"
    ),
    "unknown words are a failure": _mutant(
        changes.rule(decisions._SUBMISSION, Meaning.UNCLEAR, changes.unanswered_is_failed), 15
    ),
    "unknown words end a job though nobody is understood": _mutant(
        part(gate, "is_understood_since", changes.always), 15, shows_in="six hours of unknown codes"
    ),
    "a silent upstream is a refusal": _mutant(
        part(provider_words, "_PHRASES", lambda real: (*real, _NO_RESULT)), 15, shows_in="six hours of unknown codes"
    ),
    "404 in the envelope is a failure": _mutant(
        changes.rule(decisions._SUBMISSION, Meaning.NOT_FOUND, changes.unanswered_is_failed),
        15,
        shows_in="an hour of 404 in the envelope, and no look that shows anything",
    ),
    "an unclear response lets the gate run": _mutant(
        part(dispatch, "UNDERSTOOD", lambda real: real | {Meaning.UNCLEAR}), 9, shows_in="unknown codes behind a pause"
    ),
    "a failure in unknown words is never checked": _mutant(
        part(transitions, "callback_unclear", changes.believes_a_failure),
        7,
        15,
        shows_in="failures that are none",
    ),
    "a kept link never goes on": _mutant(
        part(decisions, "_kept_link_due", changes.never_allowed), 7, shows_in="a host that is allowed after a day"
    ),
    "a result on a new host is a failure": _mutant(
        part(decisions, "own_link", changes.blocked_is_unreadable), 7, shows_in="a host that is allowed after a day"
    ),
    "the first link is every index's": _mutant(
        part(decisions, "own_entry", lambda _: changes.first_entry),
        6,
        7,
        shows_in="two indices, and results that list both",
    ),
    "a callback only hints": _mutant(part(transitions, "callback_ready", changes.only_a_hint), 1, 2),
    "an end without conditions": _mutant(
        part(transitions, "_unchanged", lambda _: lambda _: changes.ANY_STATE), 3, 5, shows_in="a callback meets a poll"
    ),
    "a response is written without conditions": _mutant(
        part(transitions, "_claimed", lambda _: lambda _: changes.ANY_STATE), 1, 3
    ),
    "a callback's links are trusted": _mutant(part(callback, "own_link", changes.as_they_come), 8),
    "no signature check": _mutant(SIGNATURES, 8),
    "no token check": _mutant(part(callback, "verify_token", changes.always), 8),
    "a callback overwrites": _mutant(part(transitions, "callback_ready", changes.loosened), 3),
    "a callback creates a row": _mutant(part(CallbackHandler, "_write", changes.creates_a_row), 4),
    "the base video's record is believed": _mutant(
        part(SimulatedProvider, "poll", lambda _: changes.polls_the_base_video), 6, 7
    ),
    "refused events are ignored": _mutant(part(SimulatedEventPublisher, "_batch", changes.sends_all), 5),
    "ends are never announced again": _mutant(changes.in_both("when_due", changes.never_retriggers_ends), 5),
    "links are published with their query strings": _mutant(part(transitions, "without_query", changes.unchanged), 11),
    "no sweep": _mutant(part(Schedule, "_sweep", lambda _: lambda _: None), 4),
    "a processing job is submitted": _mutant(changes.in_both("when_due", changes.submits_what_is_processing), 1),
    "own writes are not recognised": _mutant(part(jobs_memory, "is_own", changes.never), 4),
    "the picture's size is not checked": _mutant(part(archive, "is_4k", changes.always), 6),
    "the gate is a fixed window": _mutant(part(gate, "_next_instant", lambda _: changes.fixed_window), 9),
    "the paused gate has slots for all": _mutant(part(gate, "paused_until", changes.zero), 9),
    "the day is not counted": _mutant(
        part(gate, "submissions_today", changes.zero), 9, shows_in="a limit of thirty submissions a day"
    ),
    "a late slot is used": _mutant(part(gate, "LATEST", lambda _: 60.0), 9),
    "a crash is no lost response": _mutant(
        part(transitions, "claim_submission", changes.forgives_crashes),
        2,
        shows_in="an hour in which functions die at their requests",
    ),
    "a poll without a claim": _mutant(part(Sweeper, "_claim_poll", changes.unclaimed), 2),
    "an end without its day": _mutant(part(transitions, "_finished", lambda _: lambda now: {"finished_at": now}), 3),
    "READY leaves the due index": _mutant(changes.puts("callback_ready", partition=None, due=None), 4),
    "a run without its message": _mutant(part(transitions, "_new", changes.without_message_id), 4),
    "siblings are ignored": _mutant(part(Archiver, "_siblings", changes.finds_nothing), 6),
    "a job that is submitting is cancelled": _mutant(
        part(transitions, "cancel", changes.cancels_what_is_submitting), 7
    ),
    "turns are ignored": _mutant(TURNS, 1),
    "a page instead of a file is not 4K": _mutant(
        part(archive, "_proven", changes.calls_pages_videos),
        7,
        shows_in="a page instead of each file for three minutes",
    ),
    "siblings are compared by link": _mutant(
        part(Archiver, "_store", changes.compares_links),
        7,
        shows_in="two indices, and links that differ in their queries",
    ),
    "the old link is never tried again": _mutant(
        together(*(changes.rule(decisions._REFRESH, meaning, changes.not_refreshed) for meaning in NO_LINK)),
        7,
        shows_in="404 for an hour, and no link a second time",
    ),
    "an acceptance that a callback overtakes is not counted": _mutant(
        part(dispatch, "count_overtaken", lambda _: lambda *_: None),
        1,
        shows_in="404 for hours, and a provider that starts over at once",
    ),
    "a refused token repeats the event": _mutant(
        changes.puts("postpone_announcement", on_bus=None), 5, shows_in="task tokens that are refused for good"
    ),
    "a refused token is sent for ever": _mutant(
        part(publish, "LONGEST_ANNOUNCEMENT", lambda _: float("inf")),
        4,
        shows_in="task tokens that are refused for good",
    ),
    "a refused token is sent every minute": _mutant(
        part(transitions, "announcement_wait", lambda _: lambda *_: 60.0),
        4,
        shows_in="task tokens that are refused for good",
    ),
    "the base video ends the job": _mutant(changes.puts("keep_base", state=State.SUCCEEDED), 14),
    "the base video's link goes with the announcement": _mutant(changes.puts("mark_announced", base_url=None), 14),
    "the base video is requested once": _mutant(part(publish, "requests_base", lambda _: publish._brings_base), 14),
    "the base video is given up at once": _mutant(part(base, "MOST_RECEIVES", lambda _: 1), 14),
    "the base video's link stays for ever": _mutant(part(transitions, "mark_announced", changes.keeps_the_base), 11),
    "told tokens wait again": _mutant(
        part(transitions, "postpone_announcement", changes.as_announced),
        11,
        shows_in="records that come twice, and task tokens that are refused now and then",
    ),
    "a generation without a signature check": _mutant(part(generated, "verify_signature", changes.always), 8),
    "a generation without a token check": _mutant(part(generated, "verify_generated_token", changes.always), 8),
    "a generation is acknowledged though the queue refused": _mutant(
        part(GenerationHandler, "_request_jobs", changes.ignores_the_queue), 4, shows_in="a busy job queue"
    ),
}


class Catch(NamedTuple):
    """How a mutant was caught: by its own oracles' invariants, and what the first of them saw."""

    seed: int
    invariants: tuple[int, ...]
    what: str


def hunt(name: str) -> Catch | None:
    """Run seeds of the profile the mutant shows in, else drawn ones, until an oracle of its own sees it."""
    shows_in = MUTANTS[name].shows_in
    with mutated(name):
        for seed in range(ENOUGH):
            profile = PROFILES[shows_in] if shows_in else drawn(seed)
            simulation = Simulation(seed, profile).run()
            if crashed := [error for _, error in simulation.functions.faulted if isinstance(error, TypeError)]:
                raise crashed[0]  # the mutant no longer fits what it changes
            seen = [v for v in simulation.oracles.violations if v.invariant in MUTANTS[name].breaks]
            if seen:
                return Catch(seed, tuple(sorted({v.invariant for v in seen})), seen[0].what)
    return None


def drawn(seed: int) -> FaultProfile:
    """Return a seed's profile."""
    return draw_profile(seed, JOBS)


@contextmanager
def mutated(name: str) -> Iterator[None]:
    """Let the product be this mutant for a while."""
    with ExitStack() as stack:
        MUTANTS[name].change(stack)
        yield
