"""Submit messages: each creates a run of a job, joins a live one, or has the announcement of an end repeated."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate, Updated
from veo4k.domain.decisions import Need, is_turn, when_due
from veo4k.domain.errors import InvalidMessageError, StorageError
from veo4k.domain.gate import Wait
from veo4k.domain.job import ENDED, Job, ProviderApi
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.message import Message, parse_message
from veo4k.domain.ports import Clock, Jobs, MessageQueue
from veo4k.domain.schedule import Times, back_off
from veo4k.domain.wait_reason import WaitReason
from veo4k.services.dispatch import Claim, Dispatcher

MOST_READS = 8  # of a task's runs, while other functions create new ones at the same time


@dataclass(frozen=True, slots=True)
class Received:
    """A message as SQS delivered it; `receives`: how often so far."""

    message_id: str
    body: str
    receipt: str
    receives: int


class _Stored(NamedTuple):
    """What a message became, and the job whose request is to follow, if any."""

    entry: LogEntry
    job: Job | None = None


@dataclass(kw_only=True)
class Submitter:
    """Stores one batch of messages. `unstored`: ids of the messages that SQS must deliver again."""

    dispatcher: Dispatcher
    queue: MessageQueue
    jobs: Jobs
    clock: Clock
    new_id: Callable[[], str]
    times: Times
    provider_api: ProviderApi
    unstored: list[str] = field(default_factory=list)

    def submit(self, batch: Sequence[Received]) -> list[LogEntry]:
        """Store the messages, and send the requests that there are slots for. Return what happened."""
        valid = [(received, message) for received in batch if (message := self._parsed(received)) is not None]
        if valid:
            claims: deque[Claim] = deque(partial(self._store, received, message) for received, message in valid)
            wait = self._send(claims, tasks=len({message.task_id for _, message in valid}))
            with_slot = len(valid) - len(claims)
            for received, message in valid[with_slot:]:
                with suppress(StorageError):  # the message is put back
                    self._store(received, message, wait)
        return self.dispatcher.log

    def _parsed(self, received: Received) -> Message | None:
        """Read a message; one that is invalid goes to the dead-letter queue."""
        try:
            return parse_message(received.body, received.message_id)
        except InvalidMessageError as error:
            reason = str(error)
        try:
            self.queue.reject(received.body, reason)
            self._log(LogEntry(LogEvent.MESSAGE_REJECTED, None, {"messageId": received.message_id, "reason": reason}))
        except StorageError:
            self._put_back(received)
        return None

    def _put_back(self, received: Received) -> None:
        self.unstored.append(received.message_id)
        self._log(LogEntry(LogEvent.MESSAGE_STORE_FAILED, None, {"messageId": received.message_id}))
        try:
            self.queue.back_off(received.receipt, back_off(received.receives))
        except StorageError as error:
            # SQS delivers the message again after the queue's own visibility timeout.
            self._log(LogEntry(LogEvent.BACK_OFF_FAILED, None, {"error": str(error)}))

    def _send(self, claims: deque[Claim], tasks: int) -> Wait:
        """Send requests, one for each task at most: two runs of a task are never requested side by side.

        Return the wait for the messages that are left without a slot.
        """
        with self.dispatcher:
            slots, wait = self.dispatcher.slots(tasks, counted=True)
            had_slots = bool(slots)
            self.dispatcher.send(slots, claims)
            self.dispatcher.release(slots)
        return (self.dispatcher.current_pause() if had_slots else None) or wait

    def _store(self, received: Received, message: Message, wait: Wait | None = None) -> Job | None:
        """Store one message, or put it back and raise StorageError. `wait`: None where the message has a slot.

        Return the job whose request is to follow, if any.
        """
        try:
            stored = self._stored(message, wait)
        except StorageError:
            self._put_back(received)
            raise
        self._log(replace(stored.entry, at=self.clock.now()))
        return stored.job

    def _stored(self, message: Message, wait: Wait | None) -> _Stored:
        """Try to create run 1; where it exists, the task's runs, read consistently, decide."""
        stored = self._create(message, wait, run=1, is_turn=True)
        for _ in range(MOST_READS):
            if stored is not None:
                return stored
            stored = self._decide(message, wait, self.jobs.runs(message.task_id))
        raise StorageError("the task's runs change faster than they can be read")

    def _decide(self, message: Message, wait: Wait | None, runs: Sequence[Job]) -> _Stored | None:
        """Return what the message became, or None when the runs have changed meanwhile."""
        own = next((job for job in runs if job.message_id == message.message_id), None)
        if own is not None:
            return self._resume(own, wait, runs)
        same_index = [job for job in runs if job.index == message.index]
        if same_index and same_index[-1].state not in ENDED:
            return self._join(same_index[-1], message.task_token)
        if same_index and not message.force:
            return self._repeat_announcement(same_index[-1], message.task_token)
        last = runs[-1].run if runs else 0
        return self._create(message, wait, run=last + 1, is_turn=all(job.state in ENDED for job in runs))

    def _create(self, message: Message, wait: Wait | None, *, run: int, is_turn: bool) -> _Stored | None:
        """Create a run: with its intent when there is a slot and every earlier run has ended, else QUEUED."""
        now = self.clock.now()
        if not is_turn:
            wait = Wait(now + self.times.probe, WaitReason.EARLIER_RUN)
        if wait is not None:
            return self._written(LogEvent.JOB_QUEUED, transitions.create_queued(message, run, now, wait))
        created = self._written(
            LogEvent.JOB_CREATED,
            transitions.create_submitting(
                message, run, now, claim_id=self.new_id(), times=self.times, provider_api=self.provider_api
            ),
        )
        return created._replace(job=created.entry.job) if created else None

    def _resume(self, own: Job, wait: Wait | None, runs: Sequence[Job]) -> _Stored:
        """Continue with the run that this very message created before: its function may have died."""
        now, redelivered = self.clock.now(), _Stored(LogEntry(LogEvent.MESSAGE_REDELIVERED, own))
        due = when_due(own, now, self.new_id(), self.times)
        if wait is not None or due is not Need.SUBMISSION or not is_turn(own, runs):
            return redelivered
        claim = transitions.claim_submission(own, self.new_id(), now, self.times, self.provider_api)
        outcome = self.jobs.write(claim)
        return redelivered._replace(job=outcome.job if isinstance(outcome, Updated) else None)

    def _join(self, live: Job, token: str | None) -> _Stored | None:
        if not token:
            return _Stored(LogEntry(LogEvent.JOB_JOINED, live))  # nothing to write: the job's end is announced anyway
        return self._written(LogEvent.JOB_JOINED, transitions.join(live, token))

    def _repeat_announcement(self, ended: Job, token: str | None) -> _Stored | None:
        update = transitions.repeat_announcement(ended, token, self.new_id(), self.clock.now(), self.times)
        return self._written(LogEvent.ANNOUNCEMENT_REPEATED, update)

    def _written(self, event: LogEvent, update: ConditionalUpdate) -> _Stored | None:
        outcome = self.jobs.write(update)
        return _Stored(LogEntry(event, outcome.job)) if isinstance(outcome, Updated) else None

    def _log(self, entry: LogEntry) -> None:
        self.dispatcher.log.append(entry)
