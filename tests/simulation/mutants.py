"""The product with one rule left out, under a name; each must be caught, or the simulation proves nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from tests.doubles import jobs_memory
from tests.simulation.consequences import SimulatedAnnouncements
from tests.simulation.replaced import replaced
from tests.simulation.requests import SimulatedProvider
from tests.simulation.stream import Schedule
from veo4k.domain import gate, rules, transitions
from veo4k.domain.answer import Answer, Meaning, read_record
from veo4k.domain.gate import Pace
from veo4k.domain.job import Job, State
from veo4k.domain.rules import Due, Moment, Step
from veo4k.domain.write import Write, in_
from veo4k.services import archive, settle, submit, sweep

Mutant = Callable[[ExitStack], object]
ANY_STATE = (in_("state", frozenset(State)),)


def _loosened(real: Callable[..., Write]) -> Callable[..., Write]:
    """Give a transition whose only condition is that there is a row."""

    def loose(*given: Any, **named: Any) -> Write:
        return replace(real(*given, **named), when=ANY_STATE)

    return loose


def _puts(name: str, **values: object) -> Mutant:
    """Give a mutant of a transition that writes other values."""

    def changed(real: Callable[..., Write]) -> Callable[..., Write]:
        def write(*given: Any, **named: Any) -> Write:
            made = real(*given, **named)
            return replace(made, put={**made.put, **values})

        return write

    return _of(transitions, name, changed)


def _of(place: Any, name: str, change: Callable[[Any], Any]) -> Mutant:
    """Give a mutant that replaces one part of the product by what `change` makes of it."""
    return lambda stack: stack.enter_context(replaced(place, name, change(place.__dict__[name])))


def _all(*mutants: Mutant) -> Mutant:
    return lambda stack: [mutant(stack) for mutant in mutants]


def _rule(table: dict[Meaning, Any], meaning: Meaning, rule: Callable[[Job, Answer, Moment], Step]) -> Mutant:
    def enter(stack: ExitStack) -> None:
        real = table[meaning]
        table[meaning] = rule
        stack.callback(table.__setitem__, meaning, real)

    return enter


def _run_again(job: Job, _: Answer, moment: Moment) -> Step:
    return Step("deferred", transitions.deferred(job, "again", moment.now + 1, sent=True))


def _unheard_is_failed(job: Job, answer: Answer, moment: Moment) -> Step:
    return Step("job_failed", transitions.failed(job, answer.code, moment.now, moment.times))


def _only_a_hint(real: Callable[..., Write]) -> Callable[..., Write]:
    def hint(*given: Any) -> Write:
        made = real(*given)
        return replace(made, put={"due": given[3]}, keep={})

    return hint


def _asks_for_the_base(provider: SimulatedProvider, job: Job) -> Answer:
    provider._send(job, paid=False)
    return read_record(provider.model.record(job.task_id))


def _fixed_window(instants: list[float], earliest: float, pace: Pace) -> float:
    window = earliest - earliest % pace.window
    while sum(instant // pace.window == window // pace.window for instant in instants) >= pace.requests:
        window += pace.window
    return max(earliest, window)


def _submits_what_is_processing(real: Callable[..., tuple[Due, Step]]) -> Callable[..., tuple[Due, Step]]:
    def when_due(job: Job, *given: Any) -> tuple[Due, Step]:
        due, step = real(job, *given)
        return (Due.SUBMIT if job.state is State.PROCESSING and due is Due.PROBE else due), step

    return when_due


def _never_nudges_ends(real: Callable[..., tuple[Due, Step]]) -> Callable[..., tuple[Due, Step]]:
    def when_due(job: Job, *given: Any) -> tuple[Due, Step]:
        due, step = real(job, *given)
        return (Due.NOTHING, Step("waiting", None)) if step.action == "end_nudged" else (due, step)

    return when_due


def _forgives_crashes(real: Callable[..., Write]) -> Callable[..., Write]:
    def claim(job: Job, attempt: str, now: float, times: Any, contract: str) -> Write:
        return real(replace(job, attempt=None), attempt, now, times, contract)

    def with_conditions(job: Job, *given: Any) -> Write:
        return replace(claim(job, *given), when=real(job, *given).when)

    return with_conditions


def _sends_all(_: SimulatedAnnouncements) -> Callable[..., Mapping[Any, str]]:
    real = SimulatedAnnouncements._batch

    def batch(*given: Any) -> Mapping[Any, str]:
        real(*given)
        return {}

    return batch


def _unclaimed(_: object) -> Callable[..., Job]:
    return lambda _world, job, _notes: job


def _nothing(_: object) -> Callable[..., Sequence[Job]]:
    return lambda *_: []


def _true(_: object) -> Callable[..., bool]:
    return lambda *_: True


def _false(_: object) -> Callable[..., bool]:
    return lambda *_: False


def _as_they_come(_: object) -> Callable[..., tuple[str, ...]]:
    return lambda urls, _: tuple(urls)


def _without_message_id(real: Callable[..., dict[str, object]]) -> Callable[..., dict[str, object]]:
    return lambda opening: real(opening) | {"message_id": None}


def _in_both(name: str, change: Callable[[Any], Any]) -> Mutant:
    """Replace a rule where submit and where sweep know it."""
    return _all(_of(submit, name, change), _of(sweep, name, change))


SIGNATURES = _all(_of(settle, "_is_fresh", _true), _of(settle, "_check_other_id", lambda _: lambda *_: None))

MUTANTS: Mapping[str, Mutant] = {
    "a claim without conditions": _of(transitions, "claim_submission", _loosened),
    "a lost answer is run again": _rule(rules._SUBMISSION, Meaning.LOST, _run_again),
    "a lost answer is a failure": _rule(rules._SUBMISSION, Meaning.LOST, _unheard_is_failed),
    "a callback only hints": _of(transitions, "called_back_ready", _only_a_hint),
    "an end without conditions": _of(transitions, "_as_seen", lambda _: lambda _: ANY_STATE),
    "an answer without conditions": _of(transitions, "_held", lambda _: lambda _: ANY_STATE),
    "a callback's links are trusted": _of(settle, "fetchable", _as_they_come),
    "no signature check": SIGNATURES,
    "a callback overwrites": _of(transitions, "called_back_ready", _loosened),
    "record-info of the base is believed": _of(SimulatedProvider, "probe", lambda _: _asks_for_the_base),
    "refused events are ignored": _of(SimulatedAnnouncements, "_batch", _sends_all),
    "ends are never announced again": _in_both("when_due", _never_nudges_ends),
    "no sweep": _of(Schedule, "_sweep", lambda _: lambda _: None),
    "what is processing is submitted": _in_both("when_due", _submits_what_is_processing),
    "own writes are not recognised": _of(jobs_memory, "is_ours", _false),
    "no look at the picture's size": _of(archive, "is_4k", _true),
    "the gate is a fixed window": _of(gate, "_next_instant", lambda _: _fixed_window),
    "a late slot is used": _of(gate, "LATEST", lambda _: 60.0),
    "a crash is no lost answer": _of(transitions, "claim_submission", _forgives_crashes),
    "a probe without a claim": _of(sweep, "_claim_probe", _unclaimed),
    "READY leaves the due index": _puts("called_back_ready", lane=None, due=None),
    "a run without its message": _of(transitions, "_new", _without_message_id),
    "siblings are ignored": _of(archive, "_siblings", _nothing),
    "turns are ignored": _all(_of(sweep, "is_turn", _true), _of(submit, "is_turn", _true)),
}


@contextmanager
def mutated(name: str) -> Iterator[None]:
    """Let the product be this mutant for a while."""
    with ExitStack() as stack:
        MUTANTS[name](stack)
        yield
