"""Take messages in: each becomes a run of a job, joins one, or has an end announced again."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from veo4k.domain import transitions
from veo4k.domain.errors import InvalidMessageError, StorageError
from veo4k.domain.gate import Slots
from veo4k.domain.job import ENDED, LIVE, Job
from veo4k.domain.message import Message, parse_message
from veo4k.domain.notes import Note
from veo4k.domain.ports import MessageQueue, World
from veo4k.domain.rules import Due, is_turn, when_due
from veo4k.domain.schedule import back_off
from veo4k.domain.write import Write, Written
from veo4k.services.ask import UNREACHABLE, Slot, requests, reserve, shut_since

MOST_LOOKS = 8  # at a task's runs, while others make new ones at the same time
NO_WAIT = Slots((), 0.0, "")
UNREADY_WAIT = 30.0  # seconds; a secret is looked up again within them


@dataclass(frozen=True, slots=True)
class Received:
    """A message as SQS delivered it."""

    message_id: str
    body: str
    receipt: str
    receives: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Intake:
    """One batch on its way in. `wait`: what becomes of a message without a slot."""

    world: World
    queue: MessageQueue
    wait: Slots = NO_WAIT
    notes: list[Note] = field(default_factory=list)
    unstored: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Taking:
    """One valid message, and the slot it may use, if any."""

    received: Received
    message: Message
    slot: Slot | None = None


def submit(
    world: World, queue: MessageQueue, batch: Sequence[Received], stop_at: float
) -> tuple[list[Note], list[str]]:
    """Take a batch in; gives what happened, and the ids of messages that SQS must deliver again."""
    intake = _Intake(world=world, queue=queue)
    valid = [taking for received in batch if (taking := _checked(intake, received)) is not None]
    if valid:
        # One request for each task: its runs are never asked for side by side.
        slots, wait = _reserve(intake, len({taking.message.task_id for taking in valid}), stop_at)
        intake = replace(intake, wait=wait)
        left = iter(valid)
        with requests(world, intake.notes) as opened:
            opened.send(slots, (partial(_take, intake, taking) for taking in left))
        late = replace(intake, wait=(slots and shut_since(world)) or wait)
        for taking in left:
            with suppress(StorageError):  # the message is put back
                _take(late, taking, None)
    return intake.notes, intake.unstored


def _checked(intake: _Intake, received: Received) -> _Taking | None:
    try:
        return _Taking(received, parse_message(received.body))
    except InvalidMessageError as error:
        _reject(intake, received, str(error))
        return None


def _reject(intake: _Intake, received: Received, reason: str) -> None:
    try:
        intake.queue.reject(received.body, reason)
        intake.notes.append(Note("message_rejected", None, {"messageId": received.message_id, "reason": reason}))
    except StorageError:
        _put_back(intake, received)


def _put_back(intake: _Intake, received: Received) -> None:
    intake.unstored.append(received.message_id)
    intake.notes.append(Note("message_unstored", None, {"messageId": received.message_id}))
    try:
        intake.queue.back_off(received.receipt, back_off(received.receives))
    except StorageError as error:
        # The queue's own visibility timeout brings it back.
        intake.notes.append(Note("back_off_failed", None, {"error": str(error)}))


def _reserve(intake: _Intake, wanted: int, stop_at: float) -> tuple[list[Slot], Slots]:
    """Reserve so many slots; without one a message becomes a QUEUED job, with the reason and the time."""
    world, now = intake.world, intake.world.clock.now()
    try:
        if reason := world.provider.unready():
            intake.notes.append(Note("account_unready", None, {"reason": reason}))
            return [], Slots((), now + UNREADY_WAIT, reason)
        return reserve(world, wanted, stop_at, counted=True)
    except StorageError:
        return [], Slots((), now + world.times.pause, UNREACHABLE)


def _take(intake: _Intake, taking: _Taking, slot: Slot | None) -> Job | None:
    """Take one message in; gives the job whose request is to follow, if one is. What cannot be stored is put back."""
    try:
        note, job = _settle(intake, replace(taking, slot=slot))
    except StorageError:
        _put_back(intake, taking.received)
        raise
    intake.notes.append(replace(note, at=intake.world.clock.now()))
    return job


def _settle(intake: _Intake, taking: _Taking) -> tuple[Note, Job | None]:
    """Try to create run 1; where it exists, let one consistent look at the task's runs decide."""
    made = _create(intake, taking, run=1, free=True)
    for _ in range(MOST_LOOKS):
        if made is not None:
            return made
        made = _decide(intake, taking, intake.world.jobs.runs(taking.message.task_id))
    raise StorageError("the task's runs change faster than they can be read")


def _decide(intake: _Intake, taking: _Taking, runs: Sequence[Job]) -> tuple[Note, Job | None] | None:
    """Give what the message becomes, or None when the runs have changed meanwhile."""
    message = taking.message
    mine = next((job for job in runs if job.message_id == taking.received.message_id), None)
    if mine is not None:
        return _resume(intake, taking, mine, runs)
    same = [job for job in runs if job.index == message.index]
    if same and same[-1].state in LIVE:
        return _join(intake, same[-1], message.task_token)
    if same and not message.force:
        return _announce_again(intake, taking, same[-1])
    last = runs[-1].run if runs else 0
    return _create(intake, taking, run=last + 1, free=all(job.state in ENDED for job in runs))


def _join(intake: _Intake, live: Job, token: str | None) -> tuple[Note, None] | None:
    # Without a token to add there is nothing to write: the job's end is announced anyway.
    return _write(intake, "job_joined", transitions.join(live, token)) if token else (Note("job_joined", live), None)


def _resume(intake: _Intake, taking: _Taking, mine: Job, runs: Sequence[Job]) -> tuple[Note, Job | None]:
    """Go on with the run that this very message made before: its function may have died."""
    world, now = intake.world, intake.world.clock.now()
    redelivered = Note("message_redelivered", mine)
    due, _ = when_due(mine, now, world.new_id(), world.times)
    if taking.slot is None or due is not Due.SUBMIT or not is_turn(mine, runs):
        return redelivered, None
    outcome = world.jobs.write(transitions.claim_submission(mine, world.new_id(), now, world.times, world.contract))
    return redelivered, outcome.job if isinstance(outcome, Written) else None


def _announce_again(intake: _Intake, taking: _Taking, ended: Job) -> tuple[Note, None] | None:
    world, token = intake.world, taking.message.task_token
    again = transitions.announce_again(ended, token, world.new_id(), world.clock.now(), world.times)
    return _write(intake, "announced_again", again)


def _create(intake: _Intake, taking: _Taking, *, run: int, free: bool) -> tuple[Note, Job | None] | None:
    """Create a run: with its intent when there is a slot and its turn has come, else QUEUED."""
    world, now = intake.world, intake.world.clock.now()
    opening = transitions.Opening(taking.message, taking.received.message_id, run, now)
    if taking.slot is None or not free:
        reason, due = (intake.wait.reason, intake.wait.until) if free else ("EARLIER_RUN", now + world.times.probe)
        return _write(intake, "job_queued", transitions.create_queued(opening, reason, due))
    create = transitions.create_submitting(opening, world.new_id(), world.times, world.contract)
    outcome = world.jobs.write(create)
    return (Note("job_created", outcome.job), outcome.job) if isinstance(outcome, Written) else None


def _write(intake: _Intake, action: str, write: Write) -> tuple[Note, None] | None:
    outcome = intake.world.jobs.write(write)
    return (Note(action, outcome.job), None) if isinstance(outcome, Written) else None
