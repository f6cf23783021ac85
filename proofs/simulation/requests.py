"""The way to the provider and back: the Provider port over the model, with all that may happen in between."""

from dataclasses import dataclass, field

from proofs.simulation.effects import Effects
from proofs.simulation.fault_profile import FaultProfile
from proofs.simulation.faults import SLOW, Fault
from proofs.simulation.kernel import Process
from proofs.simulation.provider import ProviderModel
from proofs.simulation.rephrasing import DENIALS, rephrased
from proofs.simulation.shapes import reply
from veo4k.adapters.provider_kie import APIS, LOOK_SECONDS
from veo4k.domain.decisions import polls_by_post
from veo4k.domain.job import Job, Key, ProviderApi, State
from veo4k.domain.look import FRESH, BaseRecord, Look, read_base_record
from veo4k.domain.response import HttpResponse, Meaning, NoResponse, Response
from veo4k.domain.wait_reason import WaitReason

TIMEOUT = 20.0  # seconds the product waits for a response
TIMED_OUT = NoResponse(is_sent=True, cause="ReadTimeout")
LATEST_ARRIVAL = 45.0  # seconds a request may be under way, its sender long gone

_INSTEAD = {
    Fault.BAD_GATEWAY: HttpResponse(502, b"<html>Bad Gateway</html>"),
    Fault.TOO_MANY: reply(429, "too many requests"),
    Fault.NO_CREDITS: reply(402, "insufficient credits"),
    Fault.MAINTENANCE: reply(455, "maintenance"),
    Fault.KEY_REFUSED: reply(401, "unauthorized"),
    Fault.PATH_GONE: HttpResponse(404, b"<html>Not Found</html>"),  # no envelope
    Fault.NOT_FOUND: reply(404, "Not Found"),
    Fault.UNKNOWN_CODE: reply(408, "Upstream has issues. No result has been returned for over 10 minutes."),
    Fault.UNKNOWN_ERROR: reply(550, "E-1207: unexpected state"),
    Fault.UNAVAILABLE: reply(422, "The 4K version service is temporarily unavailable. Please try again later."),
}
"""Responses of a gateway before the provider: nothing was accepted."""

_MANGLED = {
    Fault.BAD_GATEWAY_AFTER: HttpResponse(502, b"<html>Bad Gateway</html>"),
    Fault.GARBLED: HttpResponse(200, b'{"code":"200"}'),
    Fault.SERVER_ERROR: reply(500, "Server exception, please try again later"),
}
"""Responses that hide the provider's own response."""


@dataclass(eq=False)
class Sent:
    """One request: when it left, and the meaning of its response."""

    key: Key
    left_at: float
    by: Process
    paid: bool  # a POST to get-4k-video
    meaning: Meaning | None = None  # None while the response is unknown: the sender may be dead
    known_at: float = 0.0
    code: int = 0  # of an unclear response
    reason: WaitReason | None = None
    is_mangled: bool = False  # the provider's own response was hidden


@dataclass(eq=False)
class SimulatedProvider:
    """The Provider port. `begin`: of the times of the profile; `end`: of all rephrasing."""

    effects: Effects
    model: ProviderModel
    profile: FaultProfile
    begin: float
    end: float
    sent: list[Sent] = field(default_factory=list)
    requested: set[tuple[Process, Key]] = field(default_factory=set)
    seen: dict[tuple[Process, str], BaseRecord] = field(default_factory=dict)
    useless: list[Job] = field(default_factory=list)
    tried: dict[str, float] = field(default_factory=dict)  # when a function last tried to look at a task
    unseen: list[Job] = field(default_factory=list)

    def unset_secret(self) -> WaitReason | None:
        is_unset = self.effects.kernel.now < self.begin + self.profile.unset_until
        return WaitReason.API_KEY_UNSET if is_unset else None

    def submit(self, job: Job) -> Response:
        return self._send(job, paid=True)

    def poll(self, job: Job) -> Response:
        return self._send(job, paid=polls_by_post(job))

    def balance(self) -> float | None:
        """Return no balance: the simulation reads none."""
        return None

    def look(self, task_id: str) -> Look:
        """Read the base task's record, and remember what this function's latest look shows to be useless."""
        effects = self.effects
        self.seen.pop((effects.kernel.running(), task_id), None)
        self.tried[task_id] = effects.kernel.now
        fault = effects.draw("look", task_id)
        effects.kernel.pause(0.2 if fault not in SLOW else LOOK_SECONDS)
        if fault is Fault.CRASH_BEFORE:
            effects.kernel.running().crash()
        if fault is Fault.LOST or fault in SLOW:
            return read_base_record(TIMED_OUT, task_id)
        if fault in _INSTEAD or fault in _MANGLED:
            return read_base_record({**_INSTEAD, **_MANGLED}[fault], task_id)
        look = read_base_record(self.model.look(task_id), task_id)
        if isinstance(look, BaseRecord):
            self.seen[effects.kernel.running(), task_id] = look
        if effects.timeline.is_traced:
            effects.note(task_id, "look", str(look)[:120])
        return look

    def _is_useless(self, job: Job) -> bool:
        """Return whether the function that now asks has seen that there is nothing to be paid for."""
        look = self.seen.get((self.effects.kernel.running(), job.task_id))
        if look is None or job.state is not State.SUBMITTING or job.lost_responses:
            return False
        if look.status is Meaning.WORKING:  # at the deadline the request says it, for nothing
            return False
        if look.status is Meaning.FAILED or look.is_legacy or job.index >= len(look.links):
            return True
        return look.is_4k and not job.passes_label

    def _is_unseen(self, job: Job) -> bool:
        """Return whether this is a job's first request, and no function has tried to look just before it.

        What the row says of its looks does not count.
        """
        is_first = job.state is State.SUBMITTING and job.requests_sent == 1
        return is_first and self.effects.kernel.now > self.tried.get(job.task_id, 0.0) + 2 * FRESH

    def _send(self, job: Job, *, paid: bool) -> Response:
        effects = self.effects
        fault = effects.draw("request", job.task_id)
        self.requested.add((effects.kernel.running(), job.key))
        if fault is Fault.CRASH_BEFORE:
            effects.kernel.running().crash()
        if fault is Fault.UNSENT:
            return Response(meaning=Meaning.NOT_SENT, cause="ConnectTimeout")
        sent = Sent(job.key, effects.kernel.now, effects.kernel.running(), paid, is_mangled=fault in _MANGLED)
        if paid and self._is_useless(job):
            self.useless.append(job)
        if paid and self._is_unseen(job) and not self.profile.mixed:  # an older version may not look
            self.unseen.append(job)
        self.sent.append(sent)
        received = self._exchange(job, fault, paid=paid)
        provider_api = APIS[job.provider_api]
        response = (provider_api.read_submission if paid else provider_api.read_record)(received)
        sent.meaning, sent.reason, sent.known_at = response.meaning, response.wait_reason, effects.kernel.now
        sent.code = (response.words.code or 0) if response.meaning is Meaning.UNCLEAR else 0
        effects.note(job.task_id, "response", f"{response.meaning} {response.reason}")
        return response

    def _exchange(self, job: Job, fault: Fault | None, *, paid: bool) -> HttpResponse | NoResponse:
        kernel, random, profile = self.effects.kernel, self.effects.random, self.profile
        if fault in (Fault.NOT_ARRIVED, Fault.LATE):
            if fault is Fault.LATE:
                kernel.after(LATEST_ARRIVAL * random.random(), self._arrive, job, paid)
            kernel.pause(TIMEOUT)
            return TIMED_OUT
        kernel.pause(0.05 + 0.04 * random.random())
        if fault is Fault.DENIAL:
            return reply(400, random.choice(DENIALS))
        if fault in _INSTEAD:
            return _INSTEAD[fault]
        if job.provider_api == ProviderApi.VEO and kernel.now >= self.begin + profile.veo_until:
            return _INSTEAD[Fault.NOT_FOUND if profile.gone_in_envelope else Fault.PATH_GONE]
        response = self._arrive(job, paid)
        if kernel.now < self.end and random.random() < profile.rephrases:
            response = rephrased(response, random)
        if fault is Fault.CRASH_AFTER:
            self.effects.kernel.running().crash()
        if fault in SLOW:
            kernel.pause((TIMEOUT - 1) * random.random())
        if fault is Fault.LOST:
            kernel.pause(TIMEOUT)
            return TIMED_OUT
        kernel.pause(0.01 + 0.2 * random.random())
        return _MANGLED.get(fault, response) if fault else response

    def _arrive(self, job: Job, paid: bool) -> HttpResponse:
        return self.model.post(job) if paid else self.model.record(job.own_id)
