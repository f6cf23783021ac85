"""Ways to break the product: each leaves one rule out for a while."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from proofs.simulation.consequences import SimulatedEventPublisher
from proofs.simulation.replaced import replaced
from proofs.simulation.requests import SimulatedProvider
from veo4k.domain import decisions, transitions
from veo4k.domain.callback import Address, CallbackPayload, is_failure
from veo4k.domain.conditional_update import ConditionalUpdate, in_
from veo4k.domain.decisions import Context, Decision, Due, Need
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import Pace, Wait
from veo4k.domain.job import ENDED, UNANSWERED, Code, Job, State
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.message import Message
from veo4k.domain.mp4 import NotMp4, OtherContent, Verdict
from veo4k.domain.response import Meaning, Response, read_record
from veo4k.domain.result_url import Refusal
from veo4k.domain.schedule import Times
from veo4k.services import submit, sweep
from veo4k.services.archive import Archiver
from veo4k.services.callback import CallbackHandler

Change = Callable[[ExitStack], object]
ANY_STATE = (in_("state", frozenset(State)),)


def loosened(real: Callable[..., ConditionalUpdate]) -> Callable[..., ConditionalUpdate]:
    """Return a transition whose only condition is that there is a row."""

    def loose(*arguments: Any, **named: Any) -> ConditionalUpdate:
        return replace(real(*arguments, **named), when=ANY_STATE)

    return loose


def cancels_what_is_submitting(real: Callable[..., ConditionalUpdate]) -> Callable[..., ConditionalUpdate]:
    """Return a cancellation that also takes a job whose request is under way."""
    return lambda *arguments: replace(real(*arguments), when=(in_("state", UNANSWERED),))


def puts(name: str, **values: object) -> Change:
    """Return a mutant of a transition that writes other values."""

    def changed(real: Callable[..., ConditionalUpdate]) -> Callable[..., ConditionalUpdate]:
        def write(*arguments: Any, **named: Any) -> ConditionalUpdate:
            update = real(*arguments, **named)
            return replace(update, put={**update.put, **values})

        return write

    return part(transitions, name, changed)


def keeps_the_base(real: Callable[..., ConditionalUpdate]) -> Callable[..., ConditionalUpdate]:
    """Return a mutant of the mark of an announcement: the link of the base video never goes with it."""
    return lambda *arguments, **_: real(*arguments, keeps_base=True)


def part(place: Any, name: str, change: Callable[[Any], Any]) -> Change:
    """Return a mutant that replaces one part of the product by the result of `change`."""
    return lambda stack: stack.enter_context(replaced(place, name, change(place.__dict__[name])))


def together(*changes: Change) -> Change:
    return lambda stack: [change(stack) for change in changes]


def rule(table: dict[Meaning, Any], meaning: Meaning, other: Callable[[Job, Response, Context], Decision]) -> Change:
    def enter(stack: ExitStack) -> None:
        real = table[meaning]
        table[meaning] = other
        stack.callback(table.__setitem__, meaning, real)

    return enter


def run_again(job: Job, _: Response, moment: Context) -> Decision:
    return Decision(LogEvent.REQUEST_DEFERRED, transitions.defer(job, Wait(moment.now + 1, "again"), is_sent=True))


def unanswered_is_failed(job: Job, answer: Response, moment: Context) -> Decision:
    return Decision(LogEvent.JOB_FAILED, transitions.fail(job, answer.code, moment.now, moment.times))


def only_a_hint(real: Callable[..., ConditionalUpdate]) -> Callable[..., ConditionalUpdate]:
    def hint(*arguments: Any) -> ConditionalUpdate:
        update = real(*arguments)
        return replace(update, put={"due": arguments[3]}, set_if_absent={})

    return hint


def believes_a_failure(real: Callable[..., ConditionalUpdate]) -> Callable[..., ConditionalUpdate]:
    def failed(
        address: Address, payload: CallbackPayload, now: float, times: Times, *, adopts: bool
    ) -> ConditionalUpdate:
        if is_failure(payload.response):
            return transitions.callback_failed(address, payload, now, times)
        return real(address, payload, now, times, adopts=adopts)

    return failed


def polls_the_base_video(provider: SimulatedProvider, job: Job) -> Response:
    provider._send(job, paid=False)
    return read_record(provider.model.record(job.task_id))


def fixed_window(instants: list[float], earliest: float, pace: Pace) -> float:
    window = earliest - earliest % pace.window
    while sum(instant // pace.window == window // pace.window for instant in instants) >= pace.requests:
        window += pace.window
    return max(earliest, window)


def submits_what_is_processing(real: Callable[..., Due]) -> Callable[..., Due]:
    def when_due(job: Job, *arguments: Any) -> Due:
        due = real(job, *arguments)
        return Need.SUBMISSION if job.state is State.PROCESSING and due is Need.POLL else due

    return when_due


def never_retriggers_ends(real: Callable[..., Due]) -> Callable[..., Due]:
    def when_due(job: Job, *arguments: Any) -> Due:
        return None if job.state in ENDED else real(job, *arguments)

    return when_due


def forgives_crashes(real: Callable[..., ConditionalUpdate]) -> Callable[..., ConditionalUpdate]:
    def with_conditions(job: Job, *arguments: Any, **named: Any) -> ConditionalUpdate:
        forgiven = real(replace(job, claim_id=None), *arguments, **named)
        return replace(forgiven, when=real(job, *arguments, **named).when)

    return with_conditions


def sends_all(_: SimulatedEventPublisher) -> Callable[..., Mapping[Any, str]]:
    real = SimulatedEventPublisher._batch

    def batch(*arguments: Any) -> Mapping[Any, str]:
        real(*arguments)
        return {}

    return batch


def unclaimed(_: object) -> Callable[..., Job]:
    return lambda _sweeper, job: job


def finds_nothing(_: object) -> Callable[..., Sequence[Job]]:
    return lambda *_: []


def always(_: object) -> Callable[..., bool]:
    return lambda *_: True


def never(_: object) -> Callable[..., bool]:
    return lambda *_: False


def as_they_come(_: object) -> Callable[..., str]:
    return lambda urls, *_: str(urls[0])


def no_decision(_: object) -> Callable[..., None]:
    return lambda *_: None


def polls_what_was_looked_up(real: Callable[..., Due]) -> Callable[..., Due]:
    def when_due(job: Job, *arguments: Any) -> Due:
        due = real(job, *arguments)
        return Need.POLL if job.state is State.READY and due is Need.LOOK else due

    return when_due


def without_base(real: Callable[..., Decision]) -> Callable[..., Decision]:
    return lambda *arguments, **more: real(*arguments, **more | {"base_url": None})


def first_base(real: Callable[..., str | None]) -> Callable[..., str | None]:
    return lambda look, job, hosts: real(look, replace(job, index=0), hosts)


def never_allowed(_: object) -> Callable[..., Decision]:
    return lambda job, now, times, _: Decision(
        LogEvent.RESULT_HOST_BLOCKED, transitions.wait_for_host(job, "somewhere", now + times.probe)
    )


def blocked_is_unreadable(real: Callable[..., str | Refusal]) -> Callable[..., str | Refusal]:
    def own_link(*arguments: Any) -> str | Refusal:
        link = real(*arguments)
        return link._replace(host="") if isinstance(link, Refusal) else link

    return own_link


def first_entry(urls: Sequence[str], _: int) -> str:
    return urls[0] if urls else ""


def without_message_id(real: Callable[..., dict[str, object]]) -> Callable[..., dict[str, object]]:
    return lambda *new, **named: real(*new, **named) | {"message_id": None}


def in_both(name: str, change: Callable[[Any], Any]) -> Change:
    """Replace a rule where submit and where sweep know it."""
    return together(part(submit, name, change), part(sweep, name, change))


def creates_a_row(real: Callable[..., tuple[int, Any]]) -> Callable[..., tuple[int, Any]]:
    def write(handler: CallbackHandler, address: Address, payload: Any, now: float) -> tuple[int, Any]:
        result = real(handler, address, payload, now)
        if handler.jobs.get(address.key) is None:
            message = Message(task_id=address.task_id, index=address.index, message_id="callback")
            handler.jobs.write(transitions.create_queued(message, address.run, now, Wait(now, "")))
        return result

    return write


def calls_pages_videos(real: Callable[..., Any]) -> Callable[..., Any]:
    """Judge a page as an MP4 that is not 4K."""

    def proven(job: Job, verdict: Verdict) -> Any:
        return real(job, NotMp4(verdict.reason) if isinstance(verdict, OtherContent) else verdict)

    return proven


def compares_links(real: Callable[..., LogEntry]) -> Callable[..., LogEntry]:
    """Compare siblings by their public links, before anything is fetched."""

    def store(archiver: Archiver, job: Job, deadline: float) -> LogEntry:
        siblings = [other for other in archiver.jobs.runs(job.task_id) if other.index != job.index]
        if any(set(job.result_urls) & set(other.result_urls) for other in siblings):
            return archiver._fail(job, Code.INDEX_AMBIGUOUS)
        return real(archiver, job, deadline)

    return store


def as_announced(real: Callable[..., ConditionalUpdate]) -> Callable[..., ConditionalUpdate]:
    def postpone(job: Job, *arguments: Any, **named: Any) -> ConditionalUpdate:
        return replace(real(job, *arguments, **named), when=transitions._as_announced(job))

    return postpone


def not_refreshed(job: Job, answer: Response, moment: Context) -> Decision:
    return decisions._WITHOUT_LINK[answer.meaning](job, answer, moment)


def ignores_the_queue(real: Callable[..., list[LogEntry]]) -> Callable[..., list[LogEntry]]:
    def request_jobs(*arguments: Any) -> list[LogEntry]:
        try:
            return real(*arguments)
        except StorageError:
            return []

    return request_jobs


def unchanged(_: object) -> Callable[..., Any]:
    return lambda arguments: arguments


def zero(_: object) -> Callable[..., float]:
    return lambda *_: 0
