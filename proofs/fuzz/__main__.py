"""Random input in bulk: callbacks, the provider's responses, queue messages, generations. `python -m proofs.fuzz`."""

import base64
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from proofs.doubles.faults import FaultInjector
from proofs.doubles.job_sender_memory import MemoryJobSender
from proofs.doubles.jobs_memory import MemoryJobs
from proofs.doubles.signed_callbacks import SIGNATURE, TIME, signed
from proofs.doubles.time_manual import NOON
from proofs.doubles.updates import apply
from proofs.fuzz.bodies import OWN, TASK, any_body, any_generation, any_json, is_nonsense
from proofs.simulation.callbacks import TOKEN_KEY, WEBHOOK_KEY
from proofs.simulation.environment import HOSTS as ALLOWED
from proofs.table import rows
from veo4k.adapters.provider_kie import APIS
from veo4k.domain.callback_auth import Keys, make_generated_token, make_token
from veo4k.domain.conditional_update import Updated
from veo4k.domain.decisions import Context, after_response
from veo4k.domain.errors import InvalidMessageError, StorageError
from veo4k.domain.generation import MOST_VIDEOS
from veo4k.domain.job import Job, Key, ProviderApi, State
from veo4k.domain.message import Message, parse_message
from veo4k.domain.response import HttpResponse, Meaning, Response, read_balance
from veo4k.domain.result_url import Refusal, ResultHosts
from veo4k.domain.schedule import Times
from veo4k.domain.transitions import create_submitting
from veo4k.domain.wait_reason import WaitReason
from veo4k.services.callback import CallbackHandler
from veo4k.services.generation import GenerationHandler
from veo4k.services.signed_request import Request

FULL_WIDTH = "\N{FULLWIDTH DIGIT ONE}" * 10  # a number to Python's int()
COUNTS = {"callbacks": 300_000, "responses": 20_000, "messages": 100_000, "generations": 100_000}
STATUSES = frozenset({200, 400, 401, 404, 413, 503})
BAD_PATHS = ("", "é", "-1", "01", "1.0", "99999999999", "../x", "x" * 300, "\0", FULL_WIDTH)
HTTP_STATUSES = (200, 200, 200, 400, 401, 403, 404, 405, 422, 429, 500, 502, 999)
KEY = Key(TASK, 1)
HOSTS = ResultHosts.parse(ALLOWED, "https://api.kie.ai")
MINUTE_AGO = NOON - 60


def _seldom(random: Random) -> bool:
    return random.random() < 0.02


def _keys(*, fail: bool) -> tuple[Callable[[], Keys], Callable[[], Keys]]:
    def unreachable() -> Keys:
        raise StorageError("unreachable")

    return (unreachable, unreachable) if fail else (lambda: (TOKEN_KEY,), lambda: (WEBHOOK_KEY,))


def _callback(random: Random) -> tuple[Request, bool]:
    """Return a callback, and whether it may be believed."""
    body, encoded, right = any_body(random), random.random() < 0.3, random.random() < 0.5
    parts, path_right = _path(random)
    task_id = random.choice((TASK, OWN if OWN.encode() in body else TASK))
    text = base64.b64encode(body).decode() if encoded else body.decode("utf-8", "replace")
    if random.random() < 0.01:
        text *= 2000
    believed = path_right and right and parts[2] == "1" and not is_nonsense(body if encoded else text.encode())
    return Request(parts, _headers(random, task_id, right=right), text, encoded), believed


def _path(random: Random) -> tuple[tuple[str, ...], bool]:
    run = random.choice(("1",) * 9 + ("2",))
    token = make_token(TOKEN_KEY, TASK, 0, int(run))
    parts, right = [TASK, "0", run, token], random.random() < 0.6
    if not right:
        wrong = (*BAD_PATHS, "x" * 43, "=" * 43, token[:-1], token + "A", token.lower())
        parts[random.randrange(4)] = random.choice(wrong)
    return tuple(parts), right


def _headers(random: Random, task_id: str, *, right: bool) -> dict[str, str]:
    """Return the headers of a callback, or wrong ones: one has another value, or one or both are missing."""
    headers = signed(WEBHOOK_KEY, task_id, int(NOON))
    now, signature = headers[TIME], headers[SIGNATURE]
    times = (FULL_WIDTH, "nan", f" {now}", f"{now},{now}", str(int(now) - 999), str(int(now) + 999), "", f"{now}.0")
    signatures = ("é" * 44, signature[:-1], "A" * 43 + "=", signature * 2, signature.swapcase(), "", "\0" * 44)
    wrong = (
        headers | {TIME: random.choice(times)},
        headers | {SIGNATURE: random.choice(signatures)},
        random.choice(({}, {TIME: now}, {SIGNATURE: signature})),
    )
    return headers if right else random.choice(wrong)


def fuzz_callbacks(count: int) -> Mapping[str, int]:
    """Send callbacks to one job in flight, whose table or keys are out of reach now and then.

    Nothing raises or is answered 5xx but 503, and that only where something was out of reach; nothing without both
    keys right changes the job, no nonsense does, and nothing makes a row or ends a job well.
    """
    random, seen = Random(0), Counter[str]()  # noqa: S311 - repeatable on purpose
    for _ in range(count):
        jobs, provider_api = MemoryJobs(), random.choice(tuple(ProviderApi))
        message = Message(task_id=TASK, message_id="m")
        jobs.write(create_submitting(message, 1, NOON - 300, claim_id="a", times=Times(), provider_api=provider_api))
        before, table_fails, keys_fail = jobs.get(KEY), _seldom(random), _seldom(random)
        table: Any = FaultInjector(jobs)
        if table_fails:
            table.fail("write")
        request, believed = _callback(random)
        handler = CallbackHandler(table, *_keys(fail=keys_fail), Times(), HOSTS, is_signature_optional=False)
        status, _entries = handler.handle(request, NOON)
        after = jobs.get(KEY)
        lost_or_done = after is None or after.state is State.SUCCEEDED
        if status not in STATUSES or lost_or_done or len(jobs.all()) != 1:
            raise AssertionError(f"{status} and {after} for {request}")
        if not believed and (status == 200 or after != before):
            raise AssertionError(f"{status} and {after} for {request}, which may not be believed")
        if status == 503 and not (table_fails or keys_fail):
            raise AssertionError(f"503 for {request}")
        seen[f"answered {status}"] += 1
        seen["changed"] += after != before
    return dict(sorted(seen.items()))


def _stood(row: Job, provider_api: ProviderApi) -> Job:
    """Return a job as it stands, requested a minute ago."""
    requested = {"created_at": MINUTE_AGO, "first_requested_at": MINUTE_AGO, "requested_at": MINUTE_AGO}
    accepted = {"accepted_at": MINUTE_AGO, "provider_task_id": OWN if provider_api is ProviderApi.JOBS else None}
    fields: dict[str, Any] = requested | (accepted if row.accepted_at else {})
    return replace(row, task_id=TASK, provider_api=provider_api, **fields)


STOOD = [
    _stood(row, provider_api) for row in (rows.SUBMITTING, rows.PROCESSING, rows.LINKLESS) for provider_api in APIS
]
MOMENT = Context(now=NOON, until=NOON + 60, times=Times(), hosts=HOSTS, on_trial=False, new_id="new")


def fuzz_responses(count: int) -> Mapping[str, int]:
    """Apply random responses to jobs of both provider APIs in each state.

    No response raises. DONE comes only with links. Nonsense leaves each job in its state. No response makes a job
    succeed, or stores a link that the archive would not fetch, unless the job waits for the link's host and for nothing
    else.
    """
    random, seen = Random(0), Counter[str]()  # noqa: S311 - repeatable on purpose
    for _ in range(count):
        body = any_body(random)
        reply = HttpResponse(random.choice(HTTP_STATUSES), body)
        read_balance(reply)
        for job in STOOD:
            response = _read_response(job, reply)
            seen[str(response.meaning)] += 1
            _judge(job, response, nonsense=is_nonsense(body), reply=reply)
    return dict(sorted(seen.items()))


def _read_response(job: Job, reply: HttpResponse) -> Response:
    provider_api = APIS[job.provider_api]
    return (provider_api.read_submission if job.state is State.SUBMITTING else provider_api.read_record)(reply)


def _judge(job: Job, response: Response, *, nonsense: bool, reply: HttpResponse) -> None:
    step = after_response(job, response, MOMENT)
    outcome = apply(step.update, job) if step.update else Updated(job)
    after = outcome.job or job
    deferred = (State.SUBMITTING, State.QUEUED)
    stayed = after.state is job.state or (job.state in deferred and after.state in deferred)
    believed = response.meaning not in (Meaning.LOST, Meaning.ACCOUNT_REFUSED)
    if (nonsense and (believed or not stayed)) or after.state is State.SUCCEEDED or not _has_right_links(after):
        raise AssertionError(f"{response} and {after.state} for {reply}")
    if response.meaning is Meaning.DONE and not response.urls:
        raise AssertionError(f"done without links: {reply}")


def _has_right_links(job: Job) -> bool:
    refusals = [target for url in job.urls if isinstance(target := HOSTS.target(url), Refusal)]
    waits = job.state in (State.PROCESSING, State.READY) and job.wait_reason == WaitReason.HOST_NOT_ALLOWED
    return waits == bool(refusals) and all(refusal.host for refusal in refusals)


def fuzz_messages(count: int) -> Mapping[str, int]:
    """Read queue messages; each is valid, or refused with a reason."""
    random, seen = Random(0), {"valid": 0, "invalid": 0}  # noqa: S311 - repeatable on purpose
    names = ("taskId", "index", "tags", "force", "taskToken", "other")
    for _ in range(count):
        fields = {name: any_json(random, 1) for name in names if random.random() < 0.4}
        if random.random() < 0.7:
            fields["taskId"] = TASK
        body = json.dumps(fields) if random.random() < 0.8 else any_body(random).decode("utf-8", "surrogateescape")
        try:
            parse_message(body)
        except InvalidMessageError as refusal:
            seen["invalid"] += bool(str(refusal))
        else:
            seen["valid"] += 1
    return seen


QUERIES = ("", "order=A-1042", "=x", "a&b=%FF", "a=1&a=2", "%00=%ED%A0%80", "a=" + "x" * 2000, "&&;=", "é=\ud800")


def fuzz_generations(count: int) -> Mapping[str, int]:
    """Report generations, with a queue or keys that are out of reach now and then.

    Nothing raises. Each message is valid and names the signed task. Without both keys right nothing is sent. 200 says
    that the queue took all, 503 that the queue or the keys were out of reach.
    """
    random, seen = Random(0), Counter[str]()  # noqa: S311 - repeatable on purpose
    for _ in range(count):
        body = random.choice((any_body, any_generation))(random)
        token_right, signed_right, keys_fail = random.random() < 0.7, random.random() < 0.7, _seldom(random)
        right = token_right and signed_right
        task_id = OWN if OWN.encode() in body else TASK
        token = make_generated_token(TOKEN_KEY) if token_right else random.choice((*BAD_PATHS, "x" * 43))
        text = base64.b64encode(body).decode() * random.choice((1,) * 99 + (2000,))
        sender = MemoryJobSender(takes=random.choice((10,) * 30 + (0, 1)))
        headers, query = _headers(random, task_id, right=signed_right), random.choice(QUERIES)
        request = Request((token,), headers, text, is_base64=True, query=query)
        status, _entries = GenerationHandler(sender, *_keys(fail=keys_fail)).handle(request, NOON)
        messages = [parse_message(sent) for sent in sender.bodies]
        named = all(message.task_id == task_id for message in messages)
        if status not in STATUSES or not named or len(messages) > MOST_VIDEOS or (messages and not right):
            raise AssertionError(f"{status} and {messages} for {request}")
        if (status == 200 and not right) or (status == 503 and not (keys_fail or sender.refused)):
            raise AssertionError(f"{status} for {request}")
        seen[f"answered {status}"] += 1
        seen["sent"] += len(messages)
    return dict(sorted(seen.items()))


FUZZ: Mapping[str, Callable[[int], Mapping[str, int]]] = {
    "callbacks": fuzz_callbacks,
    "responses": fuzz_responses,
    "messages": fuzz_messages,
    "generations": fuzz_generations,
}


def main() -> None:
    for name, fuzz in FUZZ.items():
        begun = time.perf_counter()
        seen = fuzz(COUNTS[name])
        print(f"{COUNTS[name]} {name}: {seen}, {time.perf_counter() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    main()
