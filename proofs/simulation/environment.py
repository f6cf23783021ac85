"""One seed's simulation, put together: the real services between the simulated ports, and the oracles."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from proofs.doubles.jobs_memory import MemoryJobs
from proofs.simulation.callbacks import CallbackSender
from proofs.simulation.consequences import SimulatedEventPublisher
from proofs.simulation.effects import Effects
from proofs.simulation.fault_profile import FaultProfile
from proofs.simulation.faults import DrawnFaults, Faults
from proofs.simulation.files import SimulatedArchive, SimulatedDownloads
from proofs.simulation.functions import Functions
from proofs.simulation.generations import Generation, GenerationSender, draw_generations
from proofs.simulation.kernel import Kernel
from proofs.simulation.messages import Sending, draw_cancels, draw_sendings
from proofs.simulation.oracles import LONGEST_LIFT, Oracles
from proofs.simulation.provider import ProviderModel
from proofs.simulation.queues import Again, Queue, SimulatedQueue
from proofs.simulation.replaced import replaced
from proofs.simulation.requests import SimulatedProvider
from proofs.simulation.restore import FORGOTTEN, keep_backup
from proofs.simulation.stream import Schedule, Stream
from proofs.simulation.table import GateRow, MixedJobs, SimulatedJobs
from proofs.simulation.timeline import Timeline
from proofs.simulation.videos import STRANGE_HOST, Fate, RememberedProof, Video, draw_video
from veo4k.domain.gate import Pace
from veo4k.domain.job import ENDED, Key, ProviderApi
from veo4k.domain.ports import Change
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.schedule import Times
from veo4k.services import archive, keep_base
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

    def __post_init__(self) -> None:
        profile = self.profile
        self.oracles = Oracles(self)
        self.random = Random(f"world {self.seed}")  # noqa: S311 - repeatable on purpose
        self.times = Times()
        self.restored_at = 0.0
        self.kernel = Kernel(BEGIN)
        self.end = BEGIN + profile.fault_end
        self.hosts = ResultHosts.parse(HOSTS, "https://api.kie.ai")
        self.timeline = Timeline(self.kernel, self.is_traced)
        self.effects = Effects(self.kernel, self.random, self.faults or self._drawn(), self.timeline)
        self.memory = MemoryJobs(self._changed)
        self.jobs = (SimulatedJobs, MixedJobs)[profile.mixed](self.effects, self.memory)
        self.gate_row = GateRow(self.oracles.gate_changed)
        self.callbacks, self.generations = CallbackSender(self), GenerationSender(self)
        self.model = ProviderModel(self.effects, profile.manners, self.callbacks.finish)
        self.provider = SimulatedProvider(self.effects, self.model, profile, BEGIN, self.end)
        self.archive = SimulatedArchive(self.effects)
        self.downloads = SimulatedDownloads(self.effects, self.model, self.hosts)
        self.event_publisher = SimulatedEventPublisher(
            self.effects, self.to_archive, self.oracles.announced, profile.refused_tokens
        )
        self.functions = Functions(self)
        self.job_queue = Queue(
            effects=self.effects, visibility=360.0, max_receives=50, batch=10, pollers=2, work=self.functions.submit
        )
        self.archive_queue = Queue(
            effects=self.effects, visibility=5400.0, max_receives=5, batch=1, pollers=10, work=self._archive
        )
        self.messages = SimulatedQueue(self.job_queue)
        self.stream = Stream(self.effects, self.functions.publish)
        self.schedule = Schedule(self.effects, self.memory, self.functions.sweep)
        self.sendings: dict[str, Sending] = {}

    def _drawn(self) -> DrawnFaults:
        outages = [replace(each, begin=BEGIN + each.begin, end=BEGIN + each.end) for each in self.profile.outages]
        return DrawnFaults(self.random, self.profile.rates, self.end, tuple(outages))

    def provider_api(self) -> ProviderApi:
        """Return the API that the stack uses by now."""
        return self.profile.provider_api if self.kernel.now < BEGIN + self.profile.switched_at else ProviderApi.JOBS

    def pace(self) -> Pace:
        """Return the account's pace, with the daily limit until it is lifted."""
        is_lifted = self.kernel.now >= BEGIN + self.profile.lifted_at
        return Pace(daily=0 if is_lifted else self.profile.daily)

    def run(self) -> "Simulation":
        """Run until nothing is left to do, or the horizon is reached."""
        for sending in draw_sendings(self.random, self.profile):
            self.plan(sending)
        for generation in draw_generations(self.random, self.profile):
            self._plan_generation(generation)
        chance = Random(f"cancels {self.seed}")  # noqa: S311 - repeatable on purpose
        for at, task_id in draw_cancels(chance, self.profile, list(self.sendings.values())):
            self.kernel.at(BEGIN + at, self.functions.cancel, task_id)
        if self.profile.restored_at:
            self.kernel.after(self.profile.lost_at - FORGOTTEN, keep_backup, self)
        if math.isfinite(self.profile.host_allowed_at):
            self.kernel.at(BEGIN + self.profile.host_allowed_at, self._allow_host)
        if math.isfinite(self.profile.lifted_at):
            self.kernel.at(BEGIN + self.profile.lifted_at + LONGEST_LIFT, self.oracles.lifted)
        self.schedule.begin()
        return self.go_on_to_the_end()

    def go_on_to_the_end(self) -> "Simulation":
        """Run to the end, then check the invariants."""
        self.go_on(BEGIN + HORIZON)
        self.oracles.judge()
        return self

    def go_on(self, until: float) -> None:
        """Let time pass until then."""
        # Most files here differ in their names only: the product's proof of 4K remembers what it has proven.
        with replaced(archive, "Mp4Proof", RememberedProof), replaced(keep_base, "Mp4Proof", RememberedProof):
            self.kernel.run(until)

    def plan(self, sending: Sending) -> None:
        message_id = f"message-{len(self.sendings)}"
        self.sendings[message_id] = sending
        self.model.videos.setdefault(sending.task_id, self._video(BEGIN + sending.at))
        self.kernel.at(BEGIN + sending.at, self.job_queue.send, sending.body, message_id)

    def _plan_generation(self, generation: Generation) -> None:
        self.generations.drawn.append(generation)
        self.model.videos[generation.task_id] = self._video(BEGIN + generation.at)
        self.kernel.at(BEGIN + generation.at, self.generations.finish, generation)

    def send_generated(self, body: str) -> None:
        """Take a message of the callback of a generation."""
        message, message_id = json.loads(body), f"generated-{len(self.sendings)}"
        at = self.kernel.now - BEGIN
        self.sendings[message_id] = Sending(at, message["taskId"], body, valid=True, index=message["index"])
        self.job_queue.send(body, message_id)

    def _video(self, now: float) -> Video:
        profile, random = self.profile, self.random
        if profile.plain:
            return Video(**profile.videos)
        video = draw_video(random, now, profile.own_ids, profile.strange_hosts, profile.labels)
        if any(profile.takes):
            video = replace(video, takes=random.uniform(*profile.takes))
        video = replace(video, forgotten_at=now + profile.records_live)
        return replace(video, fate=Fate.FAILS) if random.random() < profile.fails else video

    def _allow_host(self) -> None:
        """Let a stack update add the strange host: new machines take the place of all that run.

        Tries of the base videos before it were in vain; those of jobs that go on are counted anew.
        """
        self.hosts = ResultHosts.parse(f"{HOSTS},{STRANGE_HOST}", "https://api.kie.ai")
        self.downloads.hosts = self.hosts
        for job in self.memory.all():
            if job.state not in ENDED:
                self.functions.base_tries.pop(job.key, None)
        self.functions.callback_handler = replace(self.functions.callback_handler, hosts=self.hosts)

    def to_archive(self, key: Key, delay: int = 0, **kind: str) -> None:
        self.archive_queue.send(json.dumps({"taskId": key.task_id, "run": key.run, **kind}), delay=delay)

    def _archive(self, batch: Sequence[Received], done: Again) -> None:
        named = json.loads(batch[0].body)
        key = Key(named["taskId"], named["run"])
        if "kind" in named:
            self.functions.keep_base(key, batch[0], done)
        else:
            self.functions.archive(key, done)

    def _changed(self, change: Change) -> None:
        self.oracles.changed(change)
        self.stream.record(change)
        if change.old is None and self.random.random() < self.profile.forged:
            self.kernel.after(900 * self.random.random(), self.callbacks.forge, change.new)
