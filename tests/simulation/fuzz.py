"""Whatever comes in, in bulk: callbacks, the provider's answers, queue messages. `python -m tests.simulation.fuzz`."""

import base64
import json
import sys
import time
from collections.abc import Callable, Mapping
from random import Random

from tests.doubles.jobs_memory import MemoryJobs
from tests.doubles.time_manual import NOON
from tests.simulation.callbacks import TOKEN_KEY, WEBHOOK_KEY, SimulatedAuth
from tests.simulation.world import HOSTS
from veo4k.adapters.callback_auth import make_signature, make_token
from veo4k.domain.answer import Answer, Meaning, Reply, read_record, read_submission
from veo4k.domain.errors import InvalidMessageError
from veo4k.domain.job import Key
from veo4k.domain.message import Message, parse_message
from veo4k.domain.schedule import Times
from veo4k.domain.transitions import Opening, create_submitting
from veo4k.services.settle import Office, Request, settle

TASK = "veo-task-fuzz"
FULL_WIDTH = "\N{FULLWIDTH DIGIT ONE}" * 10  # a number to Python's int()
COUNTS = {"callbacks": 300_000, "answers": 20_000, "messages": 100_000}
CODES = (200, 422, 500, 402, 429, "200", True)
STATUSES = frozenset({200, 400, 401, 404, 413})
WORDS = ("4k is processing", "generated successfully", "record is null.", "unavailable", "not success", "14 days", "é")
VALUES: tuple[object, ...] = (
    None,
    True,
    0,
    1,
    -1,
    200,
    422,
    500,
    1.5,
    1e400,
    "",
    "x" * 70,
    [],
    {},
    [None],
    "https://file.aiquickdraw.com/v",
)
NAMES = ("code", "msg", "data", "taskId", "task_id", "info", "resultUrls", "result_urls", "response", "successFlag")


def any_json(random: Random, depth: int = 3) -> object:
    """Make a value of the names and values that matter."""
    if depth and random.random() < 0.6:
        return {random.choice(NAMES): any_json(random, depth - 1) for _ in range(random.randrange(5))}
    return random.choice((*VALUES, *WORDS, TASK))


def any_body(random: Random) -> bytes:
    """Make a body: nearly right, of the right names, deep, or noise."""
    kind = random.randrange(6)
    if kind == 0:
        return random.randbytes(random.randrange(200))
    if kind == 1:
        return b"[" * random.choice((10, 5000)) + b"1"
    if kind == 2:
        return b'{"code":200,"code":500,"data":NaN}'
    answer: dict[str, object] = {
        "code": random.choice((200, 422, 500, 402, 429, "200", True)),
        "msg": random.choice(WORDS),
    }
    answer["data"] = random.choice((None, {"taskId": TASK, "resultUrls": [any_json(random, 1)]}, any_json(random)))
    body = bytearray(json.dumps(answer if kind > 3 else any_json(random)).encode())
    for _ in range(random.choice((0, 0, 1, 4))):
        body[random.randrange(len(body))] = random.randrange(256)
    return bytes(body)


def _request(random: Random, now: int) -> tuple[Request, bool]:
    """Make a callback; gives with it whether its token and its signature are right."""
    token_right, signature_right = random.random() < 0.7, random.random() < 0.5
    token = make_token(TOKEN_KEY, TASK, 0, 1) if token_right else random.choice(("", "x" * 43, "é" * 43, "=" * 43))
    signature = make_signature(WEBHOOK_KEY, TASK, str(now))
    headers = {"x-webhook-timestamp": str(now), "x-webhook-signature": signature}
    if not signature_right:
        wrong: list[dict[str, str]] = [
            {},
            headers | {"x-webhook-timestamp": random.choice((FULL_WIDTH, "nan", f" {now}", str(now - 999), ""))},
            headers | {"x-webhook-signature": random.choice(("é" * 44, signature[:-1], "A" * 43 + "=", signature * 2))},
        ]
        headers = random.choice(wrong)
    body, encoded = any_body(random), random.random() < 0.3
    text = base64.b64encode(body).decode() if encoded else body.decode("utf-8", "replace")
    if random.random() < 0.01:
        text *= 2000
    return Request((TASK, "0", "1", token), headers, text, encoded), token_right and signature_right


def fuzz_callbacks(count: int, seed: int = 0) -> Mapping[str, int]:
    """Send callbacks to one job in flight; nothing without both keys right may change it, and nothing may raise."""
    random, seen = Random(seed), dict.fromkeys(("changed", "refused"), 0)  # noqa: S311 - repeatable on purpose
    create = create_submitting(Opening(Message(task_id=TASK), "m", 1, NOON), "a", Times(), "veo")
    office = Office(MemoryJobs(), SimulatedAuth(lambda: None), Times(), HOSTS, optional=False)
    for _ in range(count):
        jobs = MemoryJobs()
        jobs.write(create)
        request, authentic = _request(random, int(NOON))
        before = jobs.get(Key(TASK, 1))
        status, _note = settle(Office(jobs, office.auth, office.times, HOSTS, optional=False), request, NOON)
        changed = jobs.get(Key(TASK, 1)) != before
        if status not in STATUSES or (changed and not authentic) or (status == 200 and not authentic):
            raise AssertionError(f"{status} for {request}")
        seen["changed" if changed else "refused"] += 1
    return seen


def fuzz_answers(count: int, seed: int = 0) -> Mapping[str, int]:
    """Read the provider's answers; each has a meaning, and DONE only with links."""
    random, seen = Random(seed), dict.fromkeys(Meaning, 0)  # noqa: S311 - repeatable on purpose
    for _ in range(count):
        reply = Reply(random.choice((200, 200, 404, 422, 500, 502, 403, 999)), any_body(random))
        for read in (read_submission, read_record):
            answer: Answer = read(reply)
            if answer.meaning is Meaning.DONE and not answer.urls:
                raise AssertionError(f"done without links: {reply}")
            seen[answer.meaning] += 1
    return {str(meaning): times for meaning, times in seen.items() if times}


def fuzz_messages(count: int, seed: int = 0) -> Mapping[str, int]:
    """Read queue messages; each is valid, or refused with a reason."""
    random, seen = Random(seed), {"valid": 0, "invalid": 0}  # noqa: S311 - repeatable on purpose
    fields = ("taskId", "index", "tags", "force", "taskToken", "other")
    for _ in range(count):
        given = {name: any_json(random, 1) for name in fields if random.random() < 0.4}
        if random.random() < 0.7:
            given["taskId"] = TASK
        body = json.dumps(given) if random.random() < 0.8 else any_body(random).decode("utf-8", "surrogateescape")
        try:
            parse_message(body)
        except InvalidMessageError:
            seen["invalid"] += 1
        else:
            seen["valid"] += 1
    return seen


FUZZ: Mapping[str, Callable[[int], Mapping[str, int]]] = {
    "callbacks": fuzz_callbacks,
    "answers": fuzz_answers,
    "messages": fuzz_messages,
}


def main() -> int:
    """Fuzz everything, and say how fast it went."""
    for name, fuzz in FUZZ.items():
        begun = time.perf_counter()
        seen = fuzz(COUNTS[name])
        sys.stdout.write(f"{COUNTS[name]} {name}: {seen}, {time.perf_counter() - begun:.1f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
