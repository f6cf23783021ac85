"""A job's way as a waterfall: from its row at once, and from its log lines as soon as they are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from veo4k.domain.job import ENDED, State
from veo4k_cli.console.times import Row, precise, seconds_of
from veo4k_cli.history import Line

WIDTH = 100.0
ANSWERS = frozenset(
    {
        "request_accepted",
        "response_lost",
        "request_deferred",
        "request_postponed",
        "result_received",
        "job_failed",
        "job_timed_out",
        "job_queued",
    }
)
WAITING, REQUESTED, PROVIDER, DOWNLOAD, ANNOUNCED = "waited", "requested", "provider", "downloaded", "announced"
STEPS = {
    "job_queued": WAITING,
    "request_deferred": WAITING,
    "request_postponed": WAITING,
    "job_created": REQUESTED,
    "request_claimed": REQUESTED,
    "request_accepted": REQUESTED,
    "response_lost": REQUESTED,
    "archive_requested": DOWNLOAD,
    "archive_retriggered": DOWNLOAD,
    "archive_postponed": DOWNLOAD,
    "archive_link_expired": DOWNLOAD,
    "archive_file_not_4k": DOWNLOAD,
    "link_refreshed": DOWNLOAD,
    "link_refresh_claimed": DOWNLOAD,
    "job_archived": DOWNLOAD,
    "archive_abandoned": DOWNLOAD,
    "announcement_sent": ANNOUNCED,
    "announcement_repeated": ANNOUNCED,
    "announcement_failed": ANNOUNCED,
    "announcement_retriggered": ANNOUNCED,
}
"""The step that a log event belongs to. Every other one belongs to the time at the provider."""
CLAIMS = frozenset({"job_created", "request_claimed"})
DEFERRED = frozenset({"request_deferred", "request_postponed"})
MARKS = {"poll_claimed": "poll", "link_refresh_claimed": "poll"}


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A part of a step on the axis from 0 to `WIDTH`; it runs where its end is not known yet."""

    x: float
    width: float
    runs: bool


@dataclass(frozen=True, kw_only=True)
class Step:
    """One row of the waterfall. Marks are polls and callbacks, by their place and kind."""

    name: str
    label: str
    took: str
    bars: Sequence[Bar]
    marks: Sequence[tuple[float, str]] = ()
    lines: Sequence[Line] = field(default_factory=list)


@dataclass(frozen=True)
class Timeline:
    """Computes the steps of a job. All instants are epoch seconds."""

    row: Row
    lines: Sequence[Line]
    now: float

    @property
    def start(self) -> float:
        """Return when the job was created."""
        return seconds_of(self.row, "createdAt") or self.now

    @property
    def end(self) -> float:
        """Return where the axis ends: now, or after the last thing that happened."""
        finished = seconds_of(self.row, "finishedAt")
        return self.now if finished is None else max([finished, *(line.at for line in self.lines)])

    def steps(self) -> list[Step]:
        """Return the steps that the job has reached."""
        makers = (self._waited, self._requested, self._at_provider, self._downloaded, self._announced)
        return [step for maker in makers for step in maker()]

    def _waited(self) -> Iterator[Step]:
        until = seconds_of(self.row, "#first")
        label = "waited for its slot" if until else "waits for its slot"
        if until is None and self._has_ended:
            until, label = seconds_of(self.row, "finishedAt"), "never requested"
        yield self._step(WAITING, label, self.start, until)

    def _requested(self) -> Iterator[Step]:
        if (first := seconds_of(self.row, "#first")) is None:
            return
        parts = [(line.at, self._answered(line.at)) for line in self.lines if self._is_sent(line)] or [
            (first, self._answered(first))
        ]
        label = "requested" if len(parts) == 1 else f"requested, {len(parts)} attempts"
        yield self._step(REQUESTED, label, parts[0][0], parts[-1][1], parts)

    def _is_sent(self, line: Line) -> bool:
        """Return whether a request was sent after this line. A deferred request never left."""
        if line.action not in CLAIMS or line.state == State.QUEUED:
            return False
        after = [other.action for other in self.lines if other.at >= line.at and other.action in ANSWERS]
        return not after or after[0] not in DEFERRED

    def _answered(self, at: float) -> float | None:
        """Return when the response to a request came, or was given up."""
        found = [line.at for line in self.lines if line.at >= at and line.action in ANSWERS]
        accepted = seconds_of(self.row, "acceptedAt") or seconds_of(self.row, "finishedAt")
        return min(found) if found else accepted

    def _at_provider(self) -> Iterator[Step]:
        if (accepted := seconds_of(self.row, "acceptedAt")) is None:
            return
        until = self._first("result_received") or self._first("archive_requested") or seconds_of(self.row, "finishedAt")
        if until is None and self.row.get("state") == State.READY:
            until = accepted
        yield self._step(PROVIDER, "at the provider", accepted, until, marks=self._marks())

    def _marks(self) -> tuple[tuple[float, str], ...]:
        kinds = (
            (line.at, "callback" if line.function == "callback" else MARKS.get(line.action)) for line in self.lines
        )
        return tuple((self._x(at), kind) for at, kind in kinds if kind is not None)

    def _downloaded(self) -> Iterator[Step]:
        begin = self._first("archive_requested") or self._first("result_received")
        if begin is None:
            return
        end, file = self._first("job_archived") or seconds_of(self.row, "finishedAt"), self.row.get("archive")
        rate = f", {file['bytes'] / 1e6 / max(0.001, end - begin):.1f} MB/s" if file and end else ""
        yield self._step(DOWNLOAD, f"downloaded and proven{rate}" if file else "download", begin, end)

    def _announced(self) -> Iterator[Step]:
        finished, sent = seconds_of(self.row, "finishedAt"), self._first("announcement_sent")
        if finished is not None and sent is not None:
            yield self._step(ANNOUNCED, "announced", min(finished, sent), sent)

    def _step(
        self,
        name: str,
        label: str,
        start: float,
        end: float | None,
        parts: Sequence[tuple[float, float | None]] = (),
        *,
        marks: Sequence[tuple[float, str]] = (),
    ) -> Step:
        bars = [self._bar(one, other) for one, other in parts or ((start, end),)]
        lines = [line for line in self.lines if STEPS.get(line.action, PROVIDER) == name]
        took = precise((self.now if end is None else end) - start)
        return Step(name=name, label=label, took=took, bars=bars, marks=marks, lines=lines)

    def _bar(self, start: float, end: float | None) -> Bar:
        x = self._x(start)
        return Bar(x=x, width=max(0.6, self._x(self.end if end is None else end) - x), runs=end is None)

    def _x(self, at: float) -> float:
        length = max(0.001, self.end - self.start)
        return round(min(1.0, max(0.0, (at - self.start) / length)) * (WIDTH - 0.6), 2)

    def _first(self, action: str) -> float | None:
        return next((line.at for line in self.lines if line.action == action), None)

    @property
    def _has_ended(self) -> bool:
        return self.row.get("state") in ENDED or "finishedAt" in self.row
