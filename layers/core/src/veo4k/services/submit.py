"""Submit messages: each creates a run of a job, joins a live one, or has the announcement of an end repeated."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from veo4k.domain import transitions
from veo4k.domain.conditional_update import ConditionalUpdate, Updated
from veo4k.domain.decisions import Decision, Need, is_turn, when_due
from veo4k.domain.errors import InvalidMessageError, StorageError
from veo4k.domain.gate import Wait
from veo4k.domain.job import ENDED, Job, State
from veo4k.domain.log_events import Detail, LogEntry, LogEvent
from veo4k.domain.look import Look, Unanswered, after_look, shown_by, was_mislabelled
from veo4k.domain.message import MOST_TASK_TOKENS, Message, parse_message
from veo4k.domain.ports import Clock, Jobs, MessageQueue
from veo4k.domain.schedule import Times, back_off
from veo4k.domain.transitions import Seen
from veo4k.domain.wait_reason import WaitReason
from veo4k.services.dispatch import Dispatcher, to_be_requested

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
    unstored: list[str] = field(default_factory=list)
    _looks: Mapping[str, Look] = field(default_factory=dict)

    def submit(self, batch: Sequence[Received]) -> list[LogEntry]:
        """Store the messages, and send the requests that there are slots for. Return what happened."""
        valid = [(received, message) for received in batch if (message := self._parsed(received)) is not None]
        if not valid:
            return self.dispatcher.log
        self._looks = self._look(list(dict.fromkeys(message.task_id for _, message in valid)))
        # Nothing is paid unseen: the sweep looks at the others before it requests them.
        seen = [(received, message) for received, message in valid if message.task_id in self._looks]
        unseen = [(received, message) for received, message in valid if message.task_id not in self._looks]
        wanting = [message for _, message in seen if self._after_look(Job(**self._candidate(message).put)) is None]
        claims = deque(seen)
        wait = self._send(claims, tasks=len({message.task_id for message in wanting}))
        for received, message in [*claims, *unseen]:
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
        except StorageError as failure:
            self._put_back(received, str(failure))
        return None

    def _put_back(self, received: Received, why: str) -> None:
        self.unstored.append(received.message_id)
        detail: Detail = {"messageId": received.message_id, "error": why}
        self._log(LogEntry(LogEvent.MESSAGE_STORE_FAILED, None, detail))
        try:
            self.queue.deliver_again(received.receipt, back_off(received.receives))
        except StorageError as error:
            # SQS delivers the message again after the queue's own visibility timeout.
            self._log(LogEntry(LogEvent.BACK_OFF_FAILED, None, {"error": str(error)}))

    def _look(self, task_ids: list[str]) -> Mapping[str, Look]:
        """Look at the base tasks of this batch, as many as the gate has instants for: no more can be requested."""
        try:
            free = self.dispatcher.gate.free(len(task_ids), self.clock.now())
        except StorageError:
            return {}
        return self.dispatcher.look(task_ids[:free])

    def _candidate(self, message: Message, run: int = 1, *, passes_label: bool = False) -> ConditionalUpdate:
        """Return the creation of a run that a look decides about."""
        now = self.clock.now()
        return transitions.create_queued(message, run, now, Wait(now, WaitReason.LOOK_LATER), passes_label=passes_label)

    def _after_look(self, job: Job) -> Decision | None:
        return after_look(job, self._looks.get(job.task_id, Unanswered.NOTHING), self.dispatcher.context())

    def _send(self, claims: deque[tuple[Received, Message]], tasks: int) -> Wait:
        """Send requests, one for each task at most: two runs of a task are never requested side by side.

        The messages that had a slot leave the queue. Return the wait for the others.
        """
        with self.dispatcher:
            slots, wait = self.dispatcher.slots(tasks, counted=True)
            had_slots = bool(slots)
            self.dispatcher.send(slots, claims, lambda claim: self._store(*claim))
            self.dispatcher.release(slots)
        return (self.dispatcher.current_pause() if had_slots else None) or wait

    def _store(self, received: Received, message: Message, wait: Wait | None = None) -> Job | None:
        """Store one message, or put it back and raise StorageError. `wait`: None where the message has a slot.

        Return the job whose request is to follow, if any.
        """
        try:
            stored = self._stored(message, wait)
        except StorageError as error:
            self._put_back(received, str(error))
            raise
        self._log(replace(stored.entry, at=self.clock.now()))
        return stored.job

    def _stored(self, message: Message, wait: Wait | None) -> _Stored:
        """Try to create run 1; where it exists, the task's runs, read consistently, decide."""
        stored = self._create(message, wait, 1)
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
        run = runs[-1].run + 1 if runs else 1
        passes_label = bool(same_index) and was_mislabelled(same_index[-1])
        if any(job.state not in ENDED for job in runs):
            wait = Wait(self.clock.now() + self.times.probe, WaitReason.EARLIER_RUN)
            return self._create_queued(message, wait, run, passes_label=passes_label)
        return self._create(message, wait, run, passes_label=passes_label)

    def _create_queued(
        self, message: Message, wait: Wait, run: int, *, passes_label: bool, shown: Seen | None = None
    ) -> _Stored | None:
        now = self.clock.now()
        creation = transitions.create_queued(message, run, now, wait, passes_label=passes_label, seen=shown)
        return self._written(LogEvent.JOB_QUEUED, creation)

    def _create(self, message: Message, wait: Wait | None, run: int, *, passes_label: bool = False) -> _Stored | None:
        """Create a run in its turn: as the look decides, else with its intent where it has a slot, else QUEUED."""
        now = self.clock.now()
        candidate = self._candidate(message, run, passes_label=passes_label)
        job = Job(**candidate.put)
        if (decision := self._after_look(job)) is not None:
            return self._create_decided(candidate, decision)
        shown = shown_by(self._looks.get(message.task_id), job, now, self.dispatcher.hosts)
        if wait is not None:
            return self._create_queued(message, wait, run, passes_label=passes_label, shown=shown)
        creation = transitions.create_submitting(
            message,
            run,
            now,
            claim_id=self.new_id(),
            times=self.times,
            provider_api=self.dispatcher.provider_api,
            seen=shown,
            passes_label=passes_label,
        )
        created = self._written(LogEvent.JOB_CREATED, creation)
        return created._replace(job=to_be_requested(created.entry.job)) if created else None

    def _create_decided(self, creation: ConditionalUpdate, decision: Decision) -> _Stored | None:
        """Create a run, then write what the look means for it. Where that fails, the sweep looks again."""
        created = self._written(LogEvent.JOB_QUEUED, creation)
        if created is None or decision.update is None:
            return created
        self._log(created.entry)
        return self._written(decision.event, decision.update) or created

    def _resume(self, own: Job, wait: Wait | None, runs: Sequence[Job]) -> _Stored:
        """Continue with the run that this very message created before: its function may have died."""
        context, redelivered = self.dispatcher.context(), _Stored(LogEntry(LogEvent.MESSAGE_REDELIVERED, own))
        if when_due(own, context) is not Need.SUBMISSION or not is_turn(own, runs):
            return redelivered
        if own.state is State.QUEUED and (decision := self._after_look(own)) is not None and decision.update:
            self._log(redelivered.entry)
            return self._written(decision.event, decision.update) or redelivered
        if wait is not None:
            return redelivered
        outcome = self.jobs.write(self.dispatcher.claim_submission(own, self._looks.get(own.task_id), context.now))
        return redelivered._replace(job=to_be_requested(outcome.job) if isinstance(outcome, Updated) else None)

    def _join(self, live: Job, token: str | None) -> _Stored | None:
        if not token or token in live.task_tokens:
            return _Stored(LogEntry(LogEvent.JOB_JOINED, live))  # nothing to write: the job's end is announced anyway
        _check_room(live, token)
        return self._written(LogEvent.JOB_JOINED, transitions.join(live, token))

    def _repeat_announcement(self, ended: Job, token: str | None) -> _Stored | None:
        _check_room(ended, token)
        update = transitions.repeat_announcement(ended, token, self.new_id(), self.clock.now(), self.times)
        return self._written(LogEvent.ANNOUNCEMENT_REPEATED, update)

    def _written(self, event: LogEvent, update: ConditionalUpdate) -> _Stored | None:
        outcome = self.jobs.write(update)
        return _Stored(LogEntry(event, outcome.job)) if isinstance(outcome, Updated) else None

    def _log(self, entry: LogEntry) -> None:
        self.dispatcher.log.append(entry)


def _check_room(job: Job, token: str | None) -> None:
    """Raise StorageError where as many task tokens wait on the job as may. The message is then put back."""
    if token and token not in job.task_tokens and len(job.task_tokens) >= MOST_TASK_TOKENS:
        raise StorageError(f"{MOST_TASK_TOKENS} task tokens wait on {job.job_id}")
