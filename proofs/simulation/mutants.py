"""The product with one rule left out, under a name; each must be caught, or the simulation proves nothing.

`python -m proofs.simulation --mutants` prints which oracle catches each of them, and with which seed first.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from proofs.doubles import jobs_memory
from proofs.simulation import changes
from proofs.simulation.changes import ANY_STATE, Change, around, in_both, puts, returns, set_to, together, writes
from proofs.simulation.consequences import SimulatedEventPublisher
from proofs.simulation.environment import Simulation
from proofs.simulation.fault_profile import draw_profile
from proofs.simulation.files import SimulatedArchive
from proofs.simulation.profiles import PROFILES
from proofs.simulation.requests import SimulatedProvider
from proofs.simulation.stream import Schedule
from veo4k.domain import decisions, gate, look, message, payload, provider_words, response, transitions
from veo4k.domain.conditional_update import in_
from veo4k.domain.decisions import Need
from veo4k.domain.job import ENDED, UNANSWERED, State
from veo4k.domain.log_events import LogEvent
from veo4k.domain.response import UNDERSTOOD, Meaning
from veo4k.domain.schedule import DAY
from veo4k.domain.wait_reason import WaitReason
from veo4k.services import archive, callback, dispatch, generation, keep_base, publish, signed_request, submit, sweep
from veo4k.services.archive import Archiver
from veo4k.services.callback import CallbackHandler
from veo4k.services.dispatch import Dispatcher
from veo4k.services.generation import GenerationHandler
from veo4k.services.sweep import Sweeper

ENOUGH = 60  # seeds within which each of them is caught
JOBS = 40  # of each seed


class Mutant:
    """One rule left out.

    `breaks`: the invariants whose oracles must catch it; `shows_in`: where it shows best; `seed`: with which first.
    """

    def __init__(self, change: Change, *breaks: int, shows_in: str = "", seed: int = 0) -> None:
        self.change, self.breaks, self.shows_in, self.seed = change, breaks, shows_in, seed


submission = partial(changes.rule, decisions._SUBMISSION)
REFUSED_TOKENS = "task tokens that are refused for good"
NO_LINK = tuple(set(Meaning) - {Meaning.DONE})
NO_RESULT = provider_words._said(provider_words.Known.NO_RESULT, "no result")

MUTANTS: Mapping[str, Mutant] = {
    "a claim without conditions": Mutant(
        writes("claim_submission", when=ANY_STATE), 1, 2, 3, shows_in="a callback meets a poll"
    ),
    "a lost response starts another run": Mutant(submission(Meaning.LOST, changes.run_again), 1, 2, seed=3),
    "a lost response is a failure": Mutant(
        submission(Meaning.LOST, changes.unanswered_is_failed), 7, shows_in="half an hour of lost responses"
    ),
    "a request is repeated where a repeat is not safe": Mutant(
        returns(decisions, "repeat_is_safe", True), 1, shows_in="the unified task API"
    ),
    "what a look shows is not heeded": Mutant(in_both("after_look", lambda *_: None), 13),
    "a slot buys what nobody has looked at": Mutant(returns(Sweeper, "_wants_look", False), 13, seed=2),
    "the end of the wait for a base video is a look": Mutant(
        around(transitions, "requeue", changes.as_if_seen), 13, seed=2
    ),
    "a 4K base video on a new host is paid": Mutant(
        around(look, "_in_4k_already", changes.only(LogEvent.RESULT_RECEIVED)),
        13,
        shows_in="a host that is allowed after a day",
    ),
    "a result of a look is looked up for ever": Mutant(
        around(sweep, "after_relook", changes.only(LogEvent.LINK_REFRESHED)),
        4,
        shows_in="labels that lie, in records that are gone after half an hour",
    ),
    "every base video is taken for 4K": Mutant(returns(look, "_is_4k", True), 13),
    "a looked-up link is refreshed by a paid request": Mutant(
        changes.other_need(State.READY, Need.LOOK, Need.POLL), 13, shows_in="labels that lie"
    ),
    "the base video of the fallback path is lost": Mutant(
        around(look, "failed", lambda real, *given, **named: real(*given, **named | {"base_url": None})), 14, seed=1
    ),
    "a base video on a new host is forgotten": Mutant(
        around(look, "base_link", changes.allowed_only), 14, shows_in="a host that is allowed after a day"
    ),
    "the first base video is every index's": Mutant(
        around(look, "_own_link", lambda real, seen, job: real(seen, replace(job, index=0))),
        6,
        shows_in="labels that lie",
        seed=6,
    ),
    "unknown words are a failure": Mutant(submission(Meaning.UNCLEAR, changes.unanswered_is_failed), 15, seed=29),
    "unknown words end a job though nobody is understood": Mutant(
        returns(gate, "is_understood_since", True), 15, shows_in="six hours of unknown codes"
    ),
    "a silent upstream is a refusal": Mutant(
        set_to(provider_words, "_KNOWN", (*provider_words._KNOWN, NO_RESULT)),
        15,
        shows_in="six hours of unknown codes",
    ),
    "known words are a verdict wherever they stand": Mutant(
        set_to(provider_words, "_KNOWN", tuple(map(changes.anywhere, provider_words._KNOWN))),
        15,
        shows_in="an hour of known words, denied",
    ),
    "a fresh link on a host that is not allowed is no link": Mutant(
        changes.rule(decisions._REFRESH, Meaning.DONE, changes.refreshed_if_allowed),
        7,
        shows_in="a thief's link first, and a host that is allowed after a day",
    ),
    "what any clause denies is denied": Mutant(
        set_to(provider_words, "_CLAUSE_END", provider_words._SENTENCE_END),
        15,
        shows_in="news under the codes of failures",
    ),
    "a status under 200 is a second acceptance": Mutant(
        around(response, "_accepted", lambda real, data, _: real(data, None)),
        1,
        seed=6,
    ),
    "an error over 500 is awaited since the first unclear response": Mutant(
        around(decisions, "_submission_due", lambda real, job, moment: real(replace(job, requested_at=None), moment)),
        15,
        shows_in="unknown codes under 500, then over 500, under the unified task API",
    ),
    "404 in the envelope is a failure": Mutant(
        submission(Meaning.NOT_FOUND, changes.unanswered_is_failed),
        15,
        shows_in="an hour of 404 in the envelope, and no look that shows anything",
    ),
    "an unclear response lets the gate run": Mutant(
        set_to(dispatch, "UNDERSTOOD", UNDERSTOOD | {Meaning.UNCLEAR}), 9, shows_in="unknown codes behind a pause"
    ),
    "one task's 404 is the path's": Mutant(returns(Dispatcher, "_has_answered_others", False), 9, seed=4),
    "a failure in unknown words is never checked": Mutant(
        around(transitions, "callback_unclear", changes.believes_a_failure), 7, 15, shows_in="failures that are none"
    ),
    "a kept link never goes on": Mutant(
        set_to(decisions, "_kept_link_due", changes.never_allowed),
        7,
        shows_in="a host that is allowed after a day",
        seed=1,
    ),
    "a result on a new host is a failure": Mutant(
        around(decisions, "own_link", changes.blocked_is_unreadable), 7, shows_in="a host that is allowed after a day"
    ),
    "the first link is every index's": Mutant(
        set_to(decisions, "own_entry", lambda urls, _: urls[0] if urls else ""),
        6,
        7,
        shows_in="two indices, and results that list both",
    ),
    "an unreadable entry leaves its place to the next one": Mutant(
        around(payload, "_urls", lambda real, value: tuple(filter(None, real(value)))),
        6,
        7,
        shows_in="two indices, and results that list both, one of them later",
    ),
    "a result after the end is another task's": Mutant(
        set_to(callback, "_names_another_task", lambda job, task_id: task_id not in (None, job.provider_task_id)),
        7,
        shows_in="a day of lost responses, and results that come after the end",
    ),
    "a callback only hints": Mutant(around(transitions, "callback_ready", changes.only_a_hint), 1, 2, seed=11),
    "an end without conditions": Mutant(
        returns(transitions, "_unchanged", ANY_STATE),
        3,
        5,
        shows_in="a callback meets a poll",
        seed=20,
    ),
    "a response is written without conditions": Mutant(returns(transitions, "_claimed", ANY_STATE), 1, 3, seed=3),
    "a callback's links are trusted": Mutant(set_to(callback, "own_link", lambda urls, *_: str(urls[0])), 8, seed=4),
    "no signature check": Mutant(
        together(returns(signed_request, "_is_fresh", True), returns(CallbackHandler, "_check_other_id", None)), 8
    ),
    "no token check": Mutant(returns(callback, "verify_token", True), 8),
    "a callback overwrites": Mutant(writes("callback_ready", when=ANY_STATE), 3, seed=5),
    "a callback creates a row": Mutant(around(CallbackHandler, "_write", changes.creates_a_row), 4, seed=7),
    "the base video's record is believed": Mutant(
        set_to(SimulatedProvider, "poll", changes.polls_the_base_video), 6, 7
    ),
    "refused events are ignored": Mutant(around(SimulatedEventPublisher, "_batch", changes.sends_all), 5, seed=1),
    "ends are never announced again": Mutant(
        in_both("when_due", lambda real, job, moment: None if job.state in ENDED else real(job, moment)), 5, seed=1
    ),
    "links are published with their query strings": Mutant(set_to(transitions, "without_query", lambda url: url), 11),
    "no sweep": Mutant(returns(Schedule, "_sweep", None), 4),
    "a processing job is submitted": Mutant(changes.other_need(State.PROCESSING, Need.POLL, Need.SUBMISSION), 1),
    "own writes are not recognised": Mutant(returns(jobs_memory, "is_own", False), 4, seed=1),
    "the picture's size is not checked": Mutant(returns(archive, "is_4k", True), 6),
    "the gate is a fixed window": Mutant(set_to(gate, "_next_instant", changes.fixed_window), 9, seed=3),
    "the paused gate has slots for all": Mutant(returns(gate, "paused_until", 0), 9),
    "the day is not counted": Mutant(
        returns(gate, "submissions_today", 0), 9, shows_in="a limit of thirty submissions a day, lifted on the second"
    ),
    "the daily limit is checked at midnight only": Mutant(
        set_to(gate, "HOUR", DAY), 9, shows_in="a limit of thirty submissions a day, lifted on the second"
    ),
    "a late slot is used": Mutant(set_to(gate, "LATEST", 60.0), 9, seed=1),
    "a crash is no lost response": Mutant(
        around(transitions, "claim_submission", changes.forgives_crashes),
        2,
        shows_in="an hour in which functions die at their requests",
    ),
    "a poll without a claim": Mutant(set_to(Sweeper, "_claim_poll", lambda _, job: job), 2),
    "an end without its day": Mutant(set_to(transitions, "_finished", lambda now: {"finished_at": now}), 3),
    "READY leaves the due index": Mutant(puts("callback_ready", partition=None, due=None), 4),
    "a run without its message": Mutant(
        around(transitions, "_new", lambda real, *given, **named: real(*given, **named) | {"message_id": None}), 4
    ),
    "siblings are ignored": Mutant(returns(Archiver, "_siblings", []), 6, seed=2),
    "a job that is submitting is cancelled": Mutant(writes("cancel", when=(in_("state", UNANSWERED),)), 7),
    "turns are ignored": Mutant(together(returns(sweep, "is_turn", True), returns(submit, "is_turn", True)), 1),
    "a page instead of a file is not 4K": Mutant(
        around(archive, "_proven", changes.calls_pages_videos),
        7,
        shows_in="a page instead of each file for three minutes",
    ),
    "siblings are compared by link": Mutant(
        around(Archiver, "_store", changes.compares_links),
        7,
        shows_in="two indices, and links that differ in their queries",
    ),
    "the old link is never tried again": Mutant(
        together(*(changes.rule(decisions._REFRESH, meaning, changes.not_refreshed) for meaning in NO_LINK)),
        7,
        shows_in="404 for an hour, and no link a second time",
    ),
    "a trial that is refused costs a try of the link": Mutant(
        changes.rule(decisions._REFRESH, Meaning.ACCOUNT_REFUSED, changes.refused_on_trial_costs_a_try),
        7,
        shows_in="404 for an hour, links that live half of it, and no credits for half a day",
    ),
    "an acceptance that a callback overtakes is not counted": Mutant(
        returns(dispatch, "count_overtaken", None),
        1,
        shows_in="404 for hours, and a provider that starts over at once",
    ),
    "a refused token repeats the event": Mutant(puts("postpone_announcement", on_bus=None), 5, shows_in=REFUSED_TOKENS),
    "a refused token is sent for ever": Mutant(
        set_to(publish, "LONGEST_ANNOUNCEMENT", float("inf")), 4, shows_in=REFUSED_TOKENS
    ),
    "a refused token is sent every minute": Mutant(
        returns(transitions, "announcement_wait", 60.0), 4, shows_in=REFUSED_TOKENS
    ),
    "polls take every trial": Mutant(
        set_to(sweep, "MOSTLY", 0.0),
        9,
        shows_in="the older paths end, no callback comes, and an hour later the stack is switched",
    ),
    "a stranger's link ends the polls": Mutant(
        around(decisions, "_kept_link_due", changes.as_if_polled),
        7,
        shows_in="no callback but a thief's, and a provider that starts over",
        seed=2,
    ),
    "a former path that is gone is asked every minute": Mutant(
        set_to(dispatch, "_WAITS", {WaitReason.SLOT_MISSED: 0.0}),
        2,
        shows_in="the older paths end, no callback comes, and an hour later the stack is switched",
    ),
    "parts of a killed upload are left": Mutant(returns(SimulatedArchive, "abort_strays", 0), 6),
    "the base video ends the job": Mutant(puts("keep_base", state=State.SUCCEEDED), 14),
    "the base video's link goes with the announcement": Mutant(puts("mark_announced", base_url=None), 14, seed=2),
    "the base video is requested once": Mutant(set_to(publish, "requests_base", publish._brings_base), 14),
    "the base video is given up at once": Mutant(set_to(keep_base, "MOST_RECEIVES", 1), 14, seed=9),
    "the base video's link stays for ever": Mutant(
        around(transitions, "mark_announced", lambda real, *given, **_: real(*given, keeps_base=True)),
        11,
        seed=6,
    ),
    "told tokens wait again": Mutant(
        around(transitions, "postpone_announcement", changes.as_announced),
        11,
        shows_in="records that come twice, and task tokens that are refused now and then",
    ),
    "control characters in tags are taken": Mutant(returns(message, "_is_text", True), 4, seed=4),
    "a generation without a signature check": Mutant(returns(generation, "verify_signature", True), 8, seed=11),
    "a generation without a token check": Mutant(returns(generation, "verify_generated_token", True), 8, seed=16),
    "a generation is acknowledged though the queue refused": Mutant(
        around(GenerationHandler, "_request_jobs", changes.ignores_the_queue), 4, shows_in="a busy job queue"
    ),
}


class Catch(NamedTuple):
    """How a mutant was caught: by its own oracles' invariants, and what the first of them saw."""

    seed: int
    invariants: tuple[int, ...]
    what: str


def hunt(name: str) -> Catch | None:
    """Run seeds of the profile the mutant shows in, else drawn ones, until an oracle of its own sees it.

    Its own seed comes first, and saves the others for as long as nothing changes that they draw.
    """
    mutant = MUTANTS[name]
    with mutated(name):
        for seed in (mutant.seed, *range(ENOUGH)):
            profile = PROFILES[mutant.shows_in] if mutant.shows_in else draw_profile(seed, JOBS)
            simulation = Simulation(seed, profile).run()
            if crashed := [error for _, error in simulation.functions.faulted if isinstance(error, TypeError)]:
                raise crashed[0]  # the mutant no longer fits what it changes
            if seen := [v for v in simulation.oracles.violations if v.invariant in mutant.breaks]:
                return Catch(seed, tuple(sorted({v.invariant for v in seen})), seen[0].what)
    return None


@contextmanager
def mutated(name: str) -> Iterator[None]:
    """Let the product be this mutant for a while."""
    with ExitStack() as stack:
        MUTANTS[name].change(stack)
        yield
