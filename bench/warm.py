"""What messages, looks and callbacks cost a warm function in CPU, beside the idiomatic handlers; a forged callback."""

import base64
import hashlib
import hmac
import json
import subprocess
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from bench.artefact import installed, interpreter
from bench.init import ENVIRONMENT, IDIOMATIC
from bench.roots import server_context
from bench.stub import SECRET, Stub, serving
from local.paths import ROOT
from veo4k.domain.callback_auth import make_token

TURNS, ROUNDS = 9, 6
REQUESTS, BYTES = "requests to the provider", "bytes to and from the provider"
BATCH = 10
CALLBACKS = 6  # for each batch
LATENCY = 0.05  # seconds until the provider answers
EVENTS = ROOT / "events"
CHILD = ROOT / "bench/handlers.py"
WITHOUT_LOOKS = """
from veo4k.domain.look import Unanswered
from veo4k.services.dispatch import Dispatcher
Dispatcher.look = lambda _, task_ids: dict.fromkeys(task_ids, Unanswered.NOTHING)
"""
QUIET = "import app; app.emit = lambda notes: None; app.handler = app.handler.__wrapped__.__wrapped__"


def measure(functions: Mapping[str, list[Path]], place: Path) -> dict[str, list[float]]:
    """CPU seconds for each message, by case: of each turn the median; bundle and idiomatic handlers alternate."""
    tls, idiomatic = server_context(place), [place, IDIOMATIC, installed(IDIOMATIC / "requirements.txt", "idiomatic")]
    submit, callback = ([place, *functions[name]] for name in ("SubmitFunction", "CallbackFunction"))
    batches = [batch(number) for number in range(ROUNDS + 1)]
    messages = len(batches) * BATCH
    taken: dict[str, list[float]] = defaultdict(list)

    def keep(name: str, seconds: Sequence[float]) -> None:
        taken[name].append(median(seconds[1:]))  # the first event warms up

    for _ in range(TURNS):
        with ExitStack() as stack:
            ours, theirs, blind = (stack.enter_context(serving(Stub(LATENCY), tls)) for _ in range(3))
            keep("submit", run(ours, submit, "app", batches))
            keep("submit without looks", run(blind, submit, "app", batches, WITHOUT_LOOKS))
            for name, stub in (("submit", ours), ("submit without looks", blind)):
                taken[f"{REQUESTS}, {name}"].append(stub.asked["provider"] / messages)
                taken[f"{BYTES}, {name}"].append(stub.provider_bytes / messages)
            keep("idiomatic submit", run(theirs, idiomatic, "submit", batches))
            logged = ours.logged
            accepted, forged = callbacks(), callbacks(forged=True)  # made now: signatures expire
            keep("callback", run(ours, callback, "app", accepted))
            keep("idiomatic callback", run(theirs, idiomatic, "callback", accepted))
            taken["log bytes of a job"].append(logged / messages + (ours.logged - logged) / len(accepted))
            calls = _calls(ours)
            keep("forged callback", run(ours, callback, "app", forged))
            keep("forged callback before metric and log", run(ours, callback, "app", forged, QUIET))
            taken["AWS calls of forged callbacks"].append(_calls(ours) - calls)
    return taken


def _calls(stub: Stub) -> int:
    return stub.asked.total() - stub.asked["GetSecretValue"]


def first_batches(functions: Mapping[str, list[Path]], place: Path, rounds: int) -> dict[str, list[float]]:
    """CPU seconds of the first batch of a process, by case."""
    tls, plain = server_context(place), installed(IDIOMATIC / "requirements.txt", "idiomatic-compiled", compiled=True)
    submit, taken = [place, *functions["SubmitFunction"]], defaultdict(list)
    with serving(Stub(LATENCY), tls) as stub:
        for number in range(rounds):
            ours = run(stub, submit, "app", [batch(number)])
            default = run(stub, [place, IDIOMATIC, plain], "defaults", [batch(number + rounds)])
            taken["submit"].append(ours[0] * BATCH)
            taken["default clients"].append(default[0] * BATCH)
    return taken


def run(stub: Stub, path: Sequence[Path], module: str, events: Sequence[Any], change: str = "") -> list[float]:
    """Invoke a handler with the events, and with a change where given; gives seconds for each message of each event."""
    places = {"AWS_ENDPOINT_URL": stub.url, "KIE_BASE_URL": stub.url, "PYTHONPATH": ":".join(map(str, path))}
    quick = {"TUNING": "WindowSeconds=1", "AWS_CA_BUNDLE": str(path[0] / "certifi/cacert.pem")}
    done = subprocess.run(
        [interpreter(), "-S", str(CHILD), module, change],
        input="\n".join(map(json.dumps, events)),
        env=ENVIRONMENT | quick | places,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout)
    stub.logged += result["log_bytes"]
    seconds: list[float] = result["seconds"]
    return seconds


def batch(number: int) -> dict[str, Any]:
    """Return a batch of new messages."""
    record = json.loads((EVENTS / "sqs_submit.json").read_text())["Records"][0]
    ids = [f"{number:04}-{n:02}" for n in range(BATCH)]
    bodies = {one: json.dumps({"taskId": f"veo_task_bench_{one}"}) for one in ids}
    return {"Records": [record | {"messageId": one, "body": body} for one, body in bodies.items()]}


def callbacks(*, forged: bool = False) -> list[dict[str, Any]]:
    """Return callbacks for some jobs of each batch."""
    ids = [f"veo_task_bench_{number:04}-{n:02}" for n in range(CALLBACKS) for number in range(ROUNDS + 1)]
    return [callback(one, forged=forged) for one in ids]


def callback(task_id: str, *, forged: bool) -> dict[str, Any]:
    """Return a callback as the API delivers it; a forged one has a token of the right shape."""
    event: dict[str, Any] = json.loads((EVENTS / "http_callback.json").read_text())
    token = make_token(b"not the key" if forged else SECRET.encode(), task_id, 0, 1)
    stamp = str(int(time.time()))
    digest = hmac.digest(SECRET.encode(), f"{task_id}.{stamp}".encode(), hashlib.sha256)
    signed = {"x-webhook-timestamp": stamp, "x-webhook-signature": base64.b64encode(digest).decode()}
    path = {"taskId": task_id, "index": "0", "run": "1", "token": token}
    body = event["body"].replace("veo_task_on_time_sample", task_id)
    return event | {"headers": event["headers"] | signed, "pathParameters": path, "body": body}
