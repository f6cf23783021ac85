"""What a person does with a console: shown first with its plan and price, confirmed, and done once.

Each form has an id of its own. A form that is sent again leads to the result of the first time.
"""

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from veo4k.domain.job import LIVE, Key, utc
from veo4k_cli.cancel import cancel_run
from veo4k_cli.command import Session
from veo4k_cli.console.reading import Reader
from veo4k_cli.console.times import Row
from veo4k_cli.dead_letter_queue import DeadLetter
from veo4k_cli.dead_letters import open_queue, send_back
from veo4k_cli.errors import EXPECTED, OperatorError, describe
from veo4k_cli.formatting import plural, printable
from veo4k_cli.jobs import send

MOST_FORMS = 1000
LONGEST_REASON = 200


@dataclass
class Forms:
    """The forms that were shown and not sent yet, and the results of those that were sent."""

    _open: dict[str, None] = field(default_factory=dict)
    _results: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def new(self) -> str:
        """Return the id of a new form."""
        with self._lock:
            identity = secrets.token_urlsafe(12)
            self._open[identity] = None
            for kept in (self._open, self._results):
                for old in list(kept)[:-MOST_FORMS]:
                    kept.pop(old, None)
        return identity

    def send(self, identity: str, act: Callable[[], str]) -> None:
        """Do what a form is for, the first time that it is sent. Keep the result, an expected error too."""
        with self._lock:
            if identity not in self._open:
                if identity not in self._results:
                    raise OperatorError("This form is too old, or was never shown. Load the page again.")
                return
            del self._open[identity]
            self._results[identity] = "This is being done. Load the page again in a moment."
        try:
            self._results[identity] = act()
        except EXPECTED as error:
            self._results[identity] = f"Not done. {describe(error)}"

    def result(self, identity: str) -> str:
        """Return the result of a form that was sent, or ""."""
        return self._results.get(identity, "")


@dataclass
class Actions:
    """Acts on the stack with the operator's own credentials. Each action is logged in the terminal."""

    session: Session
    reader: Reader
    log: Callable[[str], None]
    forms: Forms = field(default_factory=Forms)

    def pause(self, reason: str) -> str:
        """Pause all requests by hand."""
        self.session.gate().pause_by_hand()
        return self._done("Requests are paused by hand.", "veo4k gate pause", reason)

    def resume(self, reason: str) -> str:
        """Let the requests run, whatever paused them."""
        self.session.gate().resume()
        return self._done("Requests are running.", "veo4k gate resume", reason)

    def replay(self, row: Row) -> str:
        """Send the message of an ended job again with `force` and the same tags."""
        refuse_live(self.reader.runs(str(row["taskId"])), row)
        message: dict[str, Any] = {"taskId": row["taskId"], "index": row["index"], "force": True}
        send(self.session, message | ({"tags": dict(row["tags"])} if row.get("tags") else {}))
        text = "A message for the next run is on the job queue. Its job appears here within seconds."
        return self._done(text, replay_command(row), str(row.get("jobId")))

    def cancel(self, row: Row) -> str:
        """Take a QUEUED job back: nothing is requested for it any more."""
        job = cancel_run(self.session, Key(str(row["taskId"]), int(row["run"])))
        text = f"{job.job_id} is cancelled. Nothing was requested for it."
        return self._done(text, cancel_command(row), job.job_id)

    def redrive(self, identities: frozenset[str]) -> str:
        """Send valid messages back to the job queue."""
        sent = self._each(
            identities, lambda queue, letter: None if letter.invalid else send_back(self.session, queue, letter)
        )
        valid = [letter for letter in sent if not letter.invalid]
        left = f" {plural(len(sent) - len(valid), 'message')} left, still invalid." if len(sent) > len(valid) else ""
        text = f"{plural(len(valid), 'message')} sent back to the job queue.{left}"
        text += _not_found(len(identities) - len(sent))
        return self._done(text, "veo4k dead redrive --yes", plural(len(identities), "selected message"))

    def delete(self, identities: frozenset[str]) -> str:
        """Delete messages for good."""
        gone = self._each(identities, lambda queue, letter: queue.delete(letter))
        text = f"{plural(len(gone), 'message')} deleted.{_not_found(len(identities) - len(gone))}"
        return self._done(text, "aws sqs delete-message", "dead messages")

    def _each(self, identities: frozenset[str], act: Callable[[Any, DeadLetter], None]) -> list[DeadLetter]:
        done = []
        with open_queue(self.session) as queue:
            for letter in queue.letters(lambda letter: letter.message_id in identities):
                act(queue, letter)
                done.append(letter)
                if len(done) == len(identities):
                    break
        return done

    def _done(self, text: str, command: str, detail: str) -> str:
        self.reader.cache.clear()
        about = f" ({printable(detail)[:LONGEST_REASON]})" if detail else ""
        self.log(f"{utc(self.reader.now)}  {command}{about}: {text}")
        return text


def _not_found(count: int) -> str:
    return f" {plural(count, 'message')} not found: gone, or being read elsewhere." if count else ""


def refuse_live(runs: Sequence[Row], row: Row) -> None:
    """Raise OperatorError where the newest run of the video is live: a message would only join it."""
    newest = next((other for other in runs if other.get("index") == row.get("index")), row)
    if newest.get("state") in LIVE:
        raise OperatorError(f"{newest.get('jobId')} is {newest.get('state')}, so a message would only join it.")


def cancel_command(row: Mapping[str, Any]) -> str:
    """Return the command that cancels a job."""
    return f"veo4k cancel {row['taskId']} {row['run']}"


def replay_command(row: Mapping[str, Any]) -> str:
    """Return the command that replays a job."""
    index = f" --index {row['index']}" if row.get("index") else ""
    return f"veo4k replay {row['taskId']}{index}"
