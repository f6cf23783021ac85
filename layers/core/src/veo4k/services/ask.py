"""Ask the provider: slot, intent, its instant, request, and the answer written down.

Claims are written one after the other on one connection; the requests go out side by side, and slots for the next ones
are reserved while they are under way.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from veo4k.domain import gate
from veo4k.domain.answer import PATH_GONE, Answer, Meaning
from veo4k.domain.errors import StorageError
from veo4k.domain.gate import Slots
from veo4k.domain.job import Job, State
from veo4k.domain.notes import Note
from veo4k.domain.ports import Crew, Pending, World
from veo4k.domain.rules import Moment, after_answer
from veo4k.domain.write import Written

TIME_FOR_A_REQUEST = 35.0  # seconds a function must have left to start one; the request itself ends within 25
MISSED = "SLOT_MISSED"
UNREACHABLE = "GATE_UNREACHABLE"
UNSPENT = frozenset({Meaning.NEVER_SENT, Meaning.SHUT, Meaning.NOT_YET, Meaning.REFUSED})
"""Surely not accepted: nothing that the day's limit is for, unless an earlier request of the job's may have been."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The right to send one request at its instant.

    `probe`: it is the shut gate's only one; `counted`: when it was counted for its day's limit of submissions, in epoch
    seconds, or 0.0 where it was not.
    """

    instant: float
    probe: str = ""
    counted: float = 0.0


Claim = Callable[[Slot], Job | None]
"""Writes the intent; gives the job to ask for, or None where there is nothing to ask.

Raises StorageError where it cannot be known whether the intent is written.
"""


def reserve(world: World, wanted: int, stop_at: float, *, counted: bool = False) -> tuple[list[Slot], Slots]:
    """Reserve slots for requests that can end before `stop_at`, in epoch seconds; `counted`: for submissions.

    Gives them, and what the gate said.
    """
    last, now = stop_at - TIME_FOR_A_REQUEST, world.clock.now()
    reserved = world.gate.reserve(wanted, now, last=last, counted=counted)
    return [Slot(instant, reserved.probe, now if counted else 0.0) for instant in reserved.instants], reserved


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests side by side; what came of each is added to `notes`."""

    world: World
    crew: Crew
    notes: list[Note]
    under_way: list[Pending[list[Note]]] = field(default_factory=list)

    def send(self, slots: Sequence[Slot], claims: Iterator[Claim]) -> None:
        """Send one request at each slot's instant.

        A slot goes to the first claim that finds something to ask; claims beyond the slots, or after an answer that
        has shut the gate, are left in the iterator. A claim that may have been written keeps its slot: what it has
        claimed is asked for later, and is counted already.
        """
        for place, slot in enumerate(slots):
            self.world.clock.sleep_until(slot.instant - gate.LEAD)
            if not slot.probe and shut_since(self.world):
                return give_back(self.world, slots[place:])
            for claim in claims:
                try:
                    job = claim(slot)
                except StorageError:
                    _release(self.world, slot)
                    break
                if job is not None:
                    self.under_way.append(self.crew.submit(_send, self.world, slot, job))
                    break
            else:
                return give_back(self.world, slots[place:])
        return None

    def room(self) -> int:
        """Give how many requests may be added; where the crew is busy, wait for the oldest one."""
        over = [request for request in self.under_way if request.done()]
        is_full = not over and len(self.under_way) >= self.world.width
        for request in self.under_way[:1] if is_full else over:
            self._take_in(request)
        return self.world.width - len(self.under_way)

    def wait(self) -> bool:
        """Wait for all that are under way; gives whether there were any."""
        were_any = bool(self.under_way)
        while self.under_way:
            self._take_in(self.under_way[0])
        return were_any

    def _take_in(self, request: Pending[list[Note]]) -> None:
        self.notes.extend(request.result())
        self.under_way.remove(request)


@contextmanager
def requests(world: World, notes: list[Note]) -> Iterator[Requests]:
    """Open a crew for requests; leaving waits for all of them."""
    with world.crew() as crew:
        opened = Requests(world, crew, notes)
        yield opened
        opened.wait()


def shut_since(world: World) -> Slots | None:
    """Give until when and why the gate has been shut since its slots were reserved; None where it has not."""
    now = world.clock.now()
    try:
        until, reason = world.gate.shut_until(now)
    except StorageError:
        until, reason = now + world.times.pause, UNREACHABLE
    return Slots((), until, reason) if until else None


def give_back(world: World, slots: Sequence[Slot]) -> None:
    """Leave slots unused: the shut gate's own matters to others, and a submission that is none to the day's limit."""
    for slot in slots:
        _release(world, slot)
    _uncount(world, slots)


def _release(world: World, slot: Slot) -> None:
    if slot.probe:
        with suppress(StorageError):  # its lease gives it back
            world.gate.release_probe(slot.probe)


def _uncount(world: World, slots: Sequence[Slot]) -> None:
    if counted := [slot.counted for slot in slots if slot.counted]:
        with suppress(StorageError):  # the next day gives them back
            world.gate.uncount(len(counted), counted[0])


def _send(world: World, slot: Slot, job: Job) -> list[Note]:
    world.clock.sleep_until(slot.instant)
    answer = _ask(world, slot, job)
    notes, until = _tell_gate(world, slot, answer)
    try:
        return [*notes, _settle(world, slot, job, answer, until)]
    except StorageError as error:
        # The claim's lease runs out, and the job counts one lost answer.
        return [*notes, Note("answer_unwritten", job, _detail(answer) | {"error": str(error)})]


def _ask(world: World, slot: Slot, job: Job) -> Answer:
    if world.clock.now() > slot.instant + gate.LATEST:
        return Answer(meaning=Meaning.NEVER_SENT, reason=MISSED)
    answer = world.provider.ask(job) if job.state is State.SUBMITTING else world.provider.probe(job)
    if answer.reason.startswith(PATH_GONE) and job.contract != world.contract:
        # The path of the contract before this one: its last jobs must not shut the gate for the others.
        return replace(answer, meaning=Meaning.NEVER_SENT)
    return answer


def _tell_gate(world: World, slot: Slot, answer: Answer) -> tuple[list[Note], float]:
    """Let the gate know; gives what happened to it, and when a job that may not ask now comes back."""
    now = world.clock.now()
    until = now if answer.reason == MISSED else now + world.times.pause
    try:
        if answer.meaning is Meaning.SHUT:
            return [Note("gate_shut", None, {"reason": answer.reason})], world.gate.shut(answer.reason, now, slot.probe)
        if slot.probe and answer.meaning is Meaning.NEVER_SENT:
            world.gate.release_probe(slot.probe)
        elif slot.probe:
            world.gate.settle_probe(slot.probe, now, answered=answer.meaning is not Meaning.LOST)
    except StorageError as error:
        # What the answer says of the job is written all the same; the next answer tells the gate.
        return [Note("gate_unreachable", None, {"error": str(error)})], until
    return [], until


def _settle(world: World, slot: Slot, job: Job, answer: Answer, until: float) -> Note:
    moment = Moment(
        now=world.clock.now(),
        until=until,
        times=world.times,
        hosts=world.hosts,
        probing=bool(slot.probe),
        new_id=world.new_id(),
    )
    step = after_answer(job, answer, moment)
    if step.write is None:
        return Note(step.action, job, _detail(answer), moment.now)
    outcome = world.jobs.write(step.write)
    if isinstance(outcome, Written):
        if answer.meaning in UNSPENT and not job.lost:
            # Only now: a job that is not QUEUED again is asked for without being counted again.
            _uncount(world, [slot])
        return Note(step.action, outcome.job, _detail(answer), moment.now)
    # A callback was faster, or the lease was over and somebody else asks by now.
    return Note("answer_overtaken", outcome.job or job, _detail(answer), moment.now)


def _detail(answer: Answer) -> dict[str, str | int | float]:
    given: dict[str, str | int | float] = {"meaning": answer.meaning.value}
    return given | ({"reason": answer.reason} if answer.reason else {})
