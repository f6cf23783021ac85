"""One seed's simulation, put together: the real services between the simulated ports, and the oracles."""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from random import Random

from proofs.doubles.jobs_memory import MemoryJobs
from proofs.simulation import functions, restore, shapes
from proofs.simulation.callbacks import TOKEN_KEY, WEBHOOK_KEY, CallbackSender
from proofs.simulation.consequences import SimulatedEventPublisher
from proofs.simulation.effects import Effects
from proofs.simulation.fault_profile import FaultProfile
from proofs.simulation.faults import DrawnFaults, Faults
from proofs.simulation.files import SimulatedArchive, SimulatedDownloads
from proofs.simulation.functions import Functions, Machine
from proofs.simulation.generations import Generation, GenerationSender, SimulatedJobSender, draw_generations
from proofs.simulation.kernel import Kernel
from proofs.simulation.messages import Sending, draw_cancels, draw_sendings
from proofs.simulation.oracles import Oracles
from proofs.simulation.provider import ProviderModel
from proofs.simulation.queues import Queue, Settings, SimulatedQueue
from proofs.simulation.replaced import replaced
from proofs.simulation.requests import SimulatedProvider
from proofs.simulation.stream import Schedule, Stream
from proofs.simulation.table import GateRow, SimulatedGate, SimulatedJobs
from proofs.simulation.timeline import Timeline
from proofs.simulation.versions import MixedJobs
from proofs.simulation.videos import STRANGE_HOST, Fate, RememberedProof, Video, draw_video
from veo4k.domain.gate import Gate, Pace
from veo4k.domain.job import Job, Key, ProviderApi
from veo4k.domain.log_events import LogEvent
from veo4k.domain.ports import Change
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.schedule import Times
from veo4k.services import archive, base
from veo4k.services.archive import Archiver
from veo4k.services.base import RETRY, BaseKeeper
from veo4k.services.callback import CallbackHandler
from veo4k.services.generated import GenerationHandler
from veo4k.services.publish import Publisher
from veo4k.services.signed_request import Request
from veo4k.services.submit import Received

BEGIN = 1_800_000_000.0
HORIZON = 16 * 86_400.0
HOSTS = ".aiquickdraw.com"


@dataclass(eq=False)
class Simulation:
    """One simulated environment. After `run`, `oracles.violations` lists the broken invariants."""

    seed: int
    profile: FaultProfile
    faults: Faults | None = None
    is_traced: bool = False
    times: Times = field(default_factory=Times)

    def __post_init__(self) -> None:
        self.oracles = Oracles(self)
        self.random = Random(f"world {self.seed}")  # noqa: S311 - repeatable on purpose
        self.pace = Pace(daily=self.profile.daily)
        self.restored_at = 0.0
        self.kernel = Kernel(BEGIN)
        self.end = BEGIN + self.profile.fault_end
        self.hosts = ResultHosts.parse(HOSTS, "https://api.kie.ai")
        self.timeline = Timeline(self.kernel, self.is_traced)
        faults = self.faults or self._drawn()
        self.effects = Effects(self.kernel, self.random, faults, self.timeline)
        self.memory = MemoryJobs(self._changed)
        self.jobs = (SimulatedJobs, MixedJobs)[self.profile.mixed](self.effects, self.memory)
        self.gate_row = GateRow(self._gate_changed)
        self.callbacks = CallbackSender(self.kernel, self.random, self.profile, faults, self._deliver, self.end)
        self.model = ProviderModel(self.kernel, self.random, self.profile.manners, self.callbacks.send)
        self.callbacks.model = self.model
        self.generations = GenerationSender(
            self.kernel, self.random, self.profile, faults, self._deliver_generated, self._generation_acknowledged
        )
        self.provider = SimulatedProvider(
            self.effects,
            self.model,
            unset_until=BEGIN + self.profile.unset_until,
            veo_until=BEGIN + self.profile.veo_until,
            gone=shapes.reply(404, "Not Found") if self.profile.gone_in_envelope else shapes.GONE,
            rephrases=self.profile.rephrases,
            rephrases_until=self.end,
        )
        self.archive = SimulatedArchive(self.effects)
        self.downloads = SimulatedDownloads(self.effects, self.model, self.hosts)
        self.job_queue = self._queue(360.0, 50, 10, self._submit)
        self.archive_queue = self._queue(5400.0, 5, 1, self._archive)
        self.messages = SimulatedQueue(self.effects, self.job_queue)
        self.event_publisher = SimulatedEventPublisher(
            self.effects, self._to_archive, self._announced, self.profile.refused_tokens
        )
        self.functions = self._functions()
        self.stream = Stream(self.kernel, faults, self.functions.publish)
        self.schedule = Schedule(self.kernel, self.random, faults, self.memory, self.functions.sweep)
        self.sendings: dict[str, Sending] = {}

    def _drawn(self) -> DrawnFaults:
        outages = [replace(each, begin=BEGIN + each.begin, end=BEGIN + each.end) for each in self.profile.outages]
        return DrawnFaults(self.random, self.profile.rates, self.end, tuple(outages))

    def _queue(self, visibility: float, max_receives: int, batch: int, work: Callable[..., None]) -> Queue:
        settings = Settings(
            visibility=visibility,
            max_receives=max_receives,
            batch=batch,
            pollers=2 if batch > 1 else 10,
        )
        return Queue(self.kernel, self.effects.faults, settings, work)

    def _functions(self) -> Functions:
        numbers = count()

        def new_id() -> str:
            return f"{next(numbers):x}-{self.random.getrandbits(32):08x}"

        clock = functions.make_clock(self.kernel)

        def machine() -> Machine:
            return Machine(
                kernel=self.kernel,
                jobs=self.jobs,
                gate=SimulatedGate(self.effects, self.gate_row, self.pace, new_id),
                provider=self.provider,
                queue=self.messages,
                clock=clock,
                new_id=new_id,
                chance=self.random.random,
                times=self.times,
                hosts=self.hosts,
                provider_api=self._provider_api(),
            )

        def keys(key: bytes) -> tuple[bytes, ...]:
            return self.effects.do("keys", "#keys", lambda: (key,))

        token_keys, webhook_keys = partial(keys, TOKEN_KEY), partial(keys, WEBHOOK_KEY)

        return Functions(
            effects=self.effects,
            new_machine=machine,
            is_current=self._is_current,
            callback_handler=CallbackHandler(
                jobs=self.jobs,
                token_keys=token_keys,
                webhook_keys=webhook_keys,
                times=self.times,
                hosts=self.hosts,
                is_signature_optional=False,
            ),
            generation_handler=GenerationHandler(
                SimulatedJobSender(self.effects, self._send_generated), token_keys, webhook_keys
            ),
            jobs=self.jobs,
            publisher=Publisher(
                jobs=self.jobs,
                events=self.event_publisher,
                retention_days=90,
                keep_base=self.profile.keep_base,
                times=self.times,
            ),
            base_keeper=BaseKeeper(
                jobs=self.jobs,
                open_download=self.downloads.open,
                archive=self.archive,
                clock=clock,
                times=self.times,
            ),
            archiver=Archiver(
                jobs=self.jobs,
                open_download=self.downloads.open,
                archive=self.archive,
                clock=clock,
                new_id=new_id,
                times=self.times,
            ),
            skew=self.profile.skew,
            on_log_entry=self.oracles.logged,
            on_batch_response=self.oracles.answered,
        )

    def run(self) -> "Simulation":
        """Run until nothing is left to do, or the horizon is reached."""
        for sending in draw_sendings(self.random, self.profile):
            self.plan(sending)
        for generation in draw_generations(self.random, self.profile):
            self.plan_generation(generation)
        chance = Random(f"cancels {self.seed}")  # noqa: S311 - repeatable on purpose
        for at, task_id in draw_cancels(chance, self.profile, list(self.sendings.values())):
            self.kernel.at(BEGIN + at, self.functions.cancel, task_id)
        if self.profile.restored_at:
            restore.plan(self)
        if math.isfinite(self.profile.host_allowed_at):
            self.kernel.at(BEGIN + self.profile.host_allowed_at, self._allow_host)
        self.schedule.begin()
        return self.go_on_to_the_end()

    def go_on_to_the_end(self) -> "Simulation":
        """Run to the end, then check the invariants."""
        self.go_on(BEGIN + HORIZON)
        self.oracles.judge()
        return self

    def go_on(self, until: float) -> None:
        """Let time pass until then."""
        with product_proof_remembered():
            self.kernel.run(until)

    def plan(self, sending: Sending) -> None:
        """Let a message be sent at its time."""
        message_id = f"message-{len(self.sendings)}"
        self.sendings[message_id] = sending
        self.model.videos.setdefault(sending.task_id, self._video(BEGIN + sending.at))
        self.kernel.at(BEGIN + sending.at, self._send, sending.body, message_id)

    def _allow_host(self) -> None:
        """Let a stack update add the strange host: new machines take the place of all that run."""
        self.hosts = ResultHosts.parse(f"{HOSTS},{STRANGE_HOST}", "https://api.kie.ai")
        self.downloads.hosts = self.hosts
        self.functions.callback_handler = replace(self.functions.callback_handler, hosts=self.hosts)

    def _is_current(self, machine: Machine) -> bool:
        return machine.hosts == self.hosts and machine.provider_api == self._provider_api()

    def plan_generation(self, generation: Generation) -> None:
        """Let a generation end at its time."""
        self.generations.drawn.append(generation)
        self.model.videos[generation.task_id] = self._video(BEGIN + generation.at)
        self.kernel.at(BEGIN + generation.at, self.generations.finish, generation)

    def _send_generated(self, body: str) -> None:
        message, message_id = json.loads(body), f"generated-{len(self.sendings)}"
        at = self.kernel.now - BEGIN
        self.sendings[message_id] = Sending(at, message["taskId"], body, valid=True, index=message["index"])
        self._send(body, message_id)

    def _provider_api(self) -> ProviderApi:
        return self.profile.provider_api if self.kernel.now < BEGIN + self.profile.switched_at else ProviderApi.JOBS

    def _video(self, now: float) -> Video:
        profile, random = self.profile, self.random
        if profile.plain:
            return Video(**profile.videos)
        video = draw_video(random, now, profile.own_ids, profile.strange_hosts, profile.labels)
        if any(profile.takes):
            video = replace(video, takes=random.uniform(*profile.takes))
        return replace(video, fate=Fate.FAILS) if random.random() < profile.fails else video

    def _send(self, body: str, message_id: str) -> None:
        self.job_queue.send(body, message_id)

    def _submit(self, batch: Sequence[Received], done: Callable[[Sequence[str] | None], None]) -> None:
        self.functions.submit(batch, done)

    def _archive(self, batch: Sequence[Received], done: Callable[[Sequence[str] | None], None]) -> None:
        named = json.loads(batch[0].body)
        key = Key(named["taskId"], named["run"])
        if "kind" in named:
            self._keep_base(key, batch[0], done)
        else:
            self.functions.archive(key, lambda lived: done([] if lived else None))

    def _keep_base(self, key: Key, received: Received, done: Callable[[Sequence[str] | None], None]) -> None:
        def over(event: LogEvent | None) -> None:
            if event is LogEvent.BASE_POSTPONED:
                self.archive_queue.back_off(received.message_id, RETRY)
            done(None if event in (None, LogEvent.BASE_POSTPONED) else [])

        self.functions.keep_base(key, received.receives, over)

    def _to_archive(self, key: Key, delay: int = 0, **kind: str) -> None:
        self.archive_queue.send(json.dumps({"taskId": key.task_id, "run": key.run, **kind}), delay=delay)

    def _deliver(self, name: str, key: Key, request: Request, done: Callable[[int | None], None]) -> None:
        self.functions.callback(name, key, request, done)

    def _deliver_generated(self, name: str, request: Request, done: Callable[[int | None], None]) -> None:
        self.functions.generated(name, request, done)

    def _generation_acknowledged(self, generation: Generation) -> None:
        self.oracles.acknowledged(generation)

    def _changed(self, change: Change) -> None:
        self.oracles.changed(change)
        self.stream.record(change)
        if change.old is None and self.random.random() < self.profile.forged:
            self.kernel.after(900 * self.random.random(), self.callbacks.forge, change.new)

    def _gate_changed(self, old: Gate, new: Gate) -> None:
        self.oracles.gate_changed(old, new)

    def _announced(self, job: Job, event: dict[str, object]) -> None:
        self.oracles.announced(job, event)


@contextmanager
def product_proof_remembered() -> Iterator[None]:
    """Let the product's proof of 4K remember what it has proven: most files here differ in their names only."""
    with replaced(archive, "Mp4Proof", RememberedProof), replaced(base, "Mp4Proof", RememberedProof):
        yield
