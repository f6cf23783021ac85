"""Ways to break the product: each leaves one rule out for a while."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from proofs.simulation.replaced import replaced
from proofs.simulation.requests import SimulatedProvider
from veo4k.domain import decisions, provider_words, transitions
from veo4k.domain.callback import Address, CallbackPayload, is_failure
from veo4k.domain.conditional_update import ConditionalUpdate, in_
from veo4k.domain.decisions import Context, Decision, Due, Need
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import Pace, Wait
from veo4k.domain.job import Code, Evidence, Job, State
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.look import Look
from veo4k.domain.message import Message
from veo4k.domain.mp4 import NotMp4, OtherContent, Verdict
from veo4k.domain.response import Meaning, Response, read_record
from veo4k.domain.result_url import Refusal, ResultHosts
from veo4k.services import submit, sweep
from veo4k.services.archive import Archiver
from veo4k.services.callback import CallbackHandler

Change = Callable[[ExitStack], object]
"""Breaks the product until the stack is left."""
Update = ConditionalUpdate
ANY_STATE = (in_("state", frozenset(State)),)


def set_to(place: Any, name: str, other: object) -> Change:
    """Replace a part of a module or a class."""
    return lambda stack: stack.enter_context(replaced(place, name, other))


def returns(place: Any, name: str, value: object) -> Change:
    """Replace a function by one that returns this value, whatever it is called with."""
    return set_to(place, name, lambda *_, **__: value)


def around(place: Any, name: str, other: Callable[..., Any]) -> Change:
    """Replace a function by another, which gets the real one as its first argument."""
    real = place.__dict__[name]
    return set_to(place, name, lambda *arguments, **named: other(real, *arguments, **named))


def writes(name: str, **values: Any) -> Change:
    """Replace fields of the update that a transition returns."""
    return around(transitions, name, lambda real, *given, **named: replace(real(*given, **named), **values))


def puts(name: str, **values: object) -> Change:
    """Let a transition write other values."""

    def write(real: Callable[..., Update], *arguments: Any, **named: Any) -> Update:
        update = real(*arguments, **named)
        return replace(update, put={**update.put, **values})

    return around(transitions, name, write)


def together(*changes: Change) -> Change:
    return lambda stack: [change(stack) for change in changes]


def in_both(name: str, other: Callable[..., Any]) -> Change:
    return together(around(submit, name, other), around(sweep, name, other))


def anywhere(said: provider_words._Phrase) -> provider_words._Phrase:
    """Let known words count in every sentence, and beside any other words."""
    return said._replace(denied=re.compile(r"(?!)"), beside=re.compile(r"(?!)"))


def rule(table: dict[Meaning, Any], meaning: Meaning, other: Callable[[Job, Response, Context], Decision]) -> Change:
    """Replace a rule of a table of decisions."""

    def enter(stack: ExitStack) -> None:
        stack.callback(table.__setitem__, meaning, table[meaning])
        table[meaning] = other

    return enter


def run_again(job: Job, _: Response, moment: Context) -> Decision:
    return Decision(LogEvent.REQUEST_DEFERRED, transitions.defer(job, Wait(moment.now + 1, "again"), is_sent=True))


def unanswered_is_failed(job: Job, answer: Response, moment: Context) -> Decision:
    return Decision(LogEvent.JOB_FAILED, transitions.fail(job, answer.code, moment.now, moment.times))


def not_refreshed(job: Job, answer: Response, moment: Context) -> Decision:
    return decisions._WITHOUT_LINK[answer.meaning](job, answer, moment)


def as_if_polled(real: Callable[[Job, Context], decisions.Due], job: Job, moment: Context) -> decisions.Due:
    return real(replace(job, evidence=Evidence.POLL), moment)


def refused_on_trial_costs_a_try(job: Job, answer: Response, moment: Context) -> Decision:
    return decisions._not_refreshed(job, answer, replace(moment, on_trial=False))


def refreshed_if_allowed(job: Job, answer: Response, moment: Context) -> Decision:
    decision = decisions._refreshed(job, answer, moment)
    return decisions._not_refreshed(job, answer, moment) if decision.event is LogEvent.RESULT_HOST_BLOCKED else decision


def only_a_hint(real: Callable[..., Update], *arguments: Any) -> Update:
    return replace(real(*arguments), put={"due": arguments[3]}, set_if_absent={})


def as_announced(real: Callable[..., Update], job: Job, *arguments: Any, **named: Any) -> Update:
    return replace(real(job, *arguments, **named), when=transitions._as_announced(job))


def believes_a_failure(
    real: Callable[..., Update], address: Address, payload: CallbackPayload, *arguments: Any, adopts: bool
) -> Update:
    if is_failure(payload.response):
        return transitions.callback_failed(address, payload, *arguments)
    return real(address, payload, *arguments, adopts=adopts)


def polls_the_base_video(provider: SimulatedProvider, job: Job) -> Response:
    provider._send(job, paid=False)
    return read_record(provider.model.record(job.task_id))


def as_if_seen(real: Callable[..., Update], job: Job, now: float, seen: transitions.Seen | None) -> Update:
    return real(job, now, seen or transitions.Seen(now, None))


def allowed_only(real: Callable[..., str | None], seen: Look | None, job: Job, hosts: ResultHosts) -> str | None:
    link = real(seen, job, hosts)
    return None if isinstance(hosts.target(link or ""), Refusal) else link


def only(event: LogEvent) -> Callable[..., Decision | None]:
    """Return a rule of a look that decides nothing but this."""

    def decide(real: Callable[..., Decision | None], *arguments: Any) -> Decision | None:
        decision = real(*arguments)
        return decision if decision and decision.event is event else None

    return decide


def fixed_window(instants: list[float], earliest: float, pace: Pace) -> float:
    window = earliest - earliest % pace.window
    while sum(instant // pace.window == window // pace.window for instant in instants) >= pace.requests:
        window += pace.window
    return max(earliest, window)


def other_need(state: State, need: Need, other: Need) -> Change:
    """Let jobs of a state need something else than they do."""

    def when_due(real: Callable[..., Due], job: Job, moment: Context) -> Due:
        due = real(job, moment)
        return other if job.state is state and due is need else due

    return in_both("when_due", when_due)


def forgives_crashes(real: Callable[..., Update], job: Job, *arguments: Any, **named: Any) -> Update:
    forgiven = real(replace(job, claim_id=None), *arguments, **named)
    return replace(forgiven, when=real(job, *arguments, **named).when)


def sends_all(real: Callable[..., object], *arguments: Any) -> dict[Any, str]:
    real(*arguments)
    return {}


def blocked_is_unreadable(real: Callable[..., str | Refusal], *arguments: Any) -> str | Refusal:
    link = real(*arguments)
    return link._replace(host="") if isinstance(link, Refusal) else link


def never_allowed(job: Job, moment: Context) -> Decision:
    update = transitions.wait_for_host(job, "somewhere", moment.now + moment.times.probe)
    return Decision(LogEvent.RESULT_HOST_BLOCKED, update)


def creates_a_row(
    real: Callable[..., tuple[int, Any]], handler: CallbackHandler, address: Address, payload: Any, now: float
) -> tuple[int, Any]:
    result = real(handler, address, payload, now)
    if handler.jobs.get(address.key) is None:
        message = Message(task_id=address.task_id, index=address.index, message_id="callback")
        handler.jobs.write(transitions.create_queued(message, address.run, now, Wait(now, "")))
    return result


def calls_pages_videos(real: Callable[..., Any], job: Job, verdict: Verdict) -> Any:
    """Judge a page as an MP4 that is not 4K."""
    return real(job, NotMp4(verdict.reason) if isinstance(verdict, OtherContent) else verdict)


def compares_links(real: Callable[..., LogEntry], archiver: Archiver, job: Job, deadline: float) -> LogEntry:
    """Compare siblings by their public links, before anything is fetched."""
    siblings = [other for other in archiver.jobs.runs(job.task_id) if other.index != job.index]
    if any(set(job.result_urls) & set(other.result_urls) for other in siblings):
        return archiver._fail(job, Code.INDEX_AMBIGUOUS)
    return real(archiver, job, deadline)


def ignores_the_queue(real: Callable[..., list[LogEntry]], *arguments: Any) -> list[LogEntry]:
    try:
        return real(*arguments)
    except StorageError:
        return []
