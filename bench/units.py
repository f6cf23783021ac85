"""What a job takes of the table: requests and capacity units, as AWS's own DynamoDB Local counts them."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import uuid4

from local.kie.media import ensure_media
from local.paths import ROOT
from proofs.doubles.archive_memory import MemoryArchive, MemoryDownloads
from proofs.doubles.faults import FaultInjector
from proofs.doubles.stage import Stage
from proofs.doubles.time_manual import NOON, ManualClock
from proofs.table.dynamodb_local import dynamodb_local
from proofs.table.tables import Table, connect, create_table
from veo4k.adapters.gate_dynamodb import DynamoGate
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.domain import transitions
from veo4k.domain.callback import Address, CallbackPayload
from veo4k.domain.conditional_update import Updated
from veo4k.domain.gate import Pace
from veo4k.domain.job import Job, Key, Partition, State
from veo4k.domain.look import BaseRecord
from veo4k.domain.ports import Change
from veo4k.domain.response import Meaning, Response
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.schedule import Times
from veo4k.services.archive import Archiver
from veo4k.services.keep_base import BaseKeeper
from veo4k.services.publish import Publisher
from veo4k.services.submit import Received

BATCH = 10
COUNTED = ("GetItem", "Query", "UpdateItem")
DUE = 10
URL, POSTER = "https://file.aiquickdraw.com/v/a.mp4?", "https://file.aiquickdraw.com/v/a.jpg?"
BASE = "https://file.aiquickdraw.com/v/base.mp4?"
SIGNED = "signature=" + "s" * 356


class Spent(NamedTuple):
    """Requests and write units of one job."""

    calls: float
    writes: float


@dataclass
class Meter:
    """Requests, and the units of writes and reads, index included; reads of the bench itself are not counted."""

    calls: int = 0
    writes: float = 0.0
    reads: float = 0.0

    def count(self, parsed: dict[str, Any], model: Any, **_: object) -> None:
        """Count one response."""
        if model.name in COUNTED:
            self.calls += 1
            units = float(parsed.get("ConsumedCapacity", {}).get("CapacityUnits", 0))
            if model.name == "UpdateItem":
                self.writes += units
            else:
                self.reads += units

    def spent(self) -> Spent:
        """Return what each job of a batch has taken since the last call."""
        spent = Spent(self.calls / BATCH, self.writes / BATCH)
        self.calls, self.writes = 0, 0.0
        return spent


@dataclass(frozen=True)
class Units:
    """What one job takes until its result is known, for its base video, and for its end.

    `row_bytes`: its row's largest size; `cpu_base`, `cpu_end`: seconds to keep the base video, and to archive the same
    file as the result.
    """

    known: Spent
    base: Spent
    end: Spent
    row_bytes: int
    cpu_base: float
    cpu_end: float


class _Quiet:
    """Announcements that all arrive."""

    def __getattr__(self, _: str) -> Callable[..., dict[Key, str]]:
        return lambda *_: {}


@contextmanager
def metered() -> Iterator[tuple[Table, Meter]]:
    """Return a table of the template's shape and the meter over its client."""
    with dynamodb_local() as endpoint:
        client, meter = connect(endpoint), Meter()
        events: Any = client.meta.events
        events.register("provide-client-params.dynamodb.*", _ask_for_units)
        events.register("after-call.dynamodb.*", meter.count)
        yield create_table(client), meter


def _ask_for_units(params: dict[str, Any], model: Any, **_: object) -> dict[str, Any]:
    return params | ({"ReturnConsumedCapacity": "TOTAL"} if model.name in COUNTED else {})


def happy_jobs(table: Table, meter: Meter, query: str = "token=x") -> Units:
    """Take a batch of ten jobs from message to announcement, through the services; `query`: its links'."""
    stage = Stage(Response(meaning=Meaning.WORKING, accepted_anew=True))
    stage.hosts = ResultHosts.parse(".aiquickdraw.com", "https://api.kie.ai")
    jobs, now = DynamoJobs(table.client, table.name), stage.clock.now()
    gate = DynamoGate(table.client, table.name, Pace(), _new_id)
    gate.note_understood("veo_task_before", now)  # as one response does in a quarter of an hour
    stage.faulty_jobs, stage.faulty_gate, stage.new_id = FaultInjector(jobs), FaultInjector(gate), _new_id
    ids = [f"veo_task_{_new_id()}" for _ in range(BATCH)]
    stage.provider.looks = {one: BaseRecord(status=Meaning.DONE, links=(BASE + query,)) for one in ids}
    batch = [Received(_new_id(), json.dumps({"taskId": one}), "receipt", 1) for one in ids]
    meter.spent()
    stage.submitter(now + 60).submit(batch)
    ready = [_called_back(jobs, one, now + 450, query) for one in ids]
    known = meter.spent()
    size = max(_size(table.item(row.key)) for row in ready)
    video = ensure_media(ROOT / ".local/media").uhd.read_bytes()
    meter.spent()
    began = time.process_time()
    kept = [_keep_base(jobs, row, now + 455, video) for row in ready]
    cpu_base, base = (time.process_time() - began) / BATCH, meter.spent()
    cpu_end = sum(_end(jobs, row, now + 460, video, meter) for row in kept) / BATCH
    return Units(known, base, meter.spent(), size, cpu_base, cpu_end)


def due_reads(table: Table, meter: Meter, rows: int) -> float:
    """Read units of a query of the due index when ten are due among so many rows."""
    _fill(table, rows)
    before = meter.reads
    if len(list(DynamoJobs(table.client, table.name).due(Partition.LIVE, NOON))) != DUE:
        raise RuntimeError("not all that is due was found")
    return meter.reads - before


def _called_back(jobs: DynamoJobs, task_id: str, now: float, query: str) -> Job:
    payload = CallbackPayload(Response(meaning=Meaning.DONE, urls=(URL + query,), image_urls=(POSTER + query,)), None)
    outcome = jobs.write(transitions.callback_ready(Address(task_id, 0, 1, "t" * 43), payload, URL + query, now))
    if not isinstance(outcome, Updated):
        raise TypeError("the job is not as it should be")
    return outcome.job


def _keep_base(jobs: DynamoJobs, ready: Job, now: float, video: bytes) -> Job:
    """Keep the base video. Return the job with it."""
    doubles = _doubles(now, {ready.base_url or "": [video]})
    kept = BaseKeeper(jobs=jobs, **doubles).keep(ready.key, now + 900, 1).job
    if kept is None or kept.base is None:
        raise RuntimeError("the base video was not kept")
    return kept


def _end(jobs: DynamoJobs, ready: Job, now: float, video: bytes, meter: Meter) -> float:
    """Archive a real video and announce the end. Return the CPU seconds of the archive."""
    doubles = _doubles(now, {ready.urls[0]: [video], ready.image_urls[0]: [b"jpg"]})
    archiver = Archiver(jobs=jobs, new_id=_new_id, **doubles)
    began = time.process_time()
    archiver.store(ready.key, now + 900)
    taken, calls = time.process_time() - began, meter.calls
    ended = jobs.get(ready.key)
    meter.calls = calls
    if ended is None or ended.state is not State.SUCCEEDED:
        raise RuntimeError("the job has not succeeded")
    events: Any = _Quiet()
    Publisher(jobs, events, 90, keep_base=True, times=Times()).publish([Change(ready, ended)], now)
    return taken


def _doubles(now: float, files: Mapping[str, list[Any]]) -> dict[str, Any]:
    downloads = MemoryDownloads(files)
    return {"open_download": downloads.open, "archive": MemoryArchive(), "clock": ManualClock(now), "times": Times()}


def _size(item: dict[str, Any]) -> int:
    """Bytes of a row by DynamoDB's rule, close enough: names, texts, digits by two, three bytes for each container."""
    return sum(len(name) + _value_size(value) for name, value in item.items())


def _value_size(value: dict[str, Any]) -> int:
    ((kind, inner),) = value.items()
    if kind == "M":
        return 3 + sum(1 + len(name) + _value_size(nested) for name, nested in inner.items())
    if kind == "L":
        return 3 + sum(1 + _value_size(nested) for nested in inner)
    return len(inner) // 2 + 2 if kind == "N" else 1 if kind == "BOOL" else len("".join(inner))


def _fill(table: Table, rows: int) -> None:
    """Put rows of which ten are due and the others wait for their own time."""
    items = [_row(n, NOON - n if n < DUE else NOON + n) for n in range(rows)]
    puts = [[{"PutRequest": {"Item": item}} for item in items[n : n + 25]] for n in range(0, rows, 25)]
    client: Any = table.client
    with ThreadPoolExecutor(4) as executor:
        list(executor.map(lambda batch: client.batch_write_item(RequestItems={table.name: batch}), puts))


def _row(number: int, due: float) -> dict[str, Any]:
    lane = {"#lane": {"S": str(Partition.LIVE)}, "#due": {"N": str(due)}}
    return {"taskId": {"S": f"veo_task_{number:08}"}, "run": {"N": "1"}, **lane}


def _new_id() -> str:
    return uuid4().hex
