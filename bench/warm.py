"""What a message and a callback cost a warm function in CPU, beside the idiomatic handlers; and a forged callback."""

import base64
import hashlib
import hmac
import json
import subprocess
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.artefact import installed, interpreter
from bench.init import IDIOMATIC, READY, TOLD
from bench.roots import server_context
from bench.stub import SECRET, Stub, serving
from local.build import ROOT
from veo4k.adapters.callback_auth import make_token

TURNS, ROUNDS = 3, 6
BATCH = 10
CALLBACKS = 6  # for each batch
LATENCY = 0.05  # seconds until the provider answers
EVENTS = ROOT / "events"
CHILD = ROOT / "bench/handlers.py"
PLAIN = ROOT / "layers/vendor/requirements.txt"
QUIET = (
    READY["CallbackFunction"] + "; app.narrate = lambda notes: None; app.handler = app.handler.__wrapped__.__wrapped__"
)


def measure(functions: Mapping[str, list[Path]], place: Path) -> dict[str, list[float]]:
    """CPU seconds for each message in each round, by case; bundle and idiomatic handlers take turns."""
    tls, idiomatic = server_context(place), [place, IDIOMATIC, installed(IDIOMATIC / "requirements.txt", "idiomatic")]
    submit, callback = ([place, *functions[name]] for name in ("SubmitFunction", "CallbackFunction"))
    taken: dict[str, list[float]] = defaultdict(list)
    for _ in range(TURNS):
        with serving(Stub(LATENCY), tls) as stub:
            _ours(stub, submit, callback, taken)
        with serving(Stub(LATENCY), tls) as stub:
            taken["idiomatic submit"] += run(stub, idiomatic, "submit", _batches())[1:]
            taken["idiomatic callback"] += run(stub, idiomatic, "callback", callbacks())[1:]
    return taken


def _ours(stub: Stub, submit: Sequence[Path], callback: Sequence[Path], taken: dict[str, list[float]]) -> None:
    """Measure our two; the first round of each process warms up and is not counted."""
    ready = READY["CallbackFunction"]
    taken["submit"] += run(stub, submit, "app", _batches(), READY["SubmitFunction"])[1:]
    messages = stub.logged
    taken["callback"] += run(stub, callback, "app", callbacks(), ready)[1:]
    logged = messages / ((ROUNDS + 1) * BATCH) + (stub.logged - messages) / len(callbacks())
    taken["log bytes of a job"].append(logged)
    calls = _calls(stub)
    taken["forged callback"] += run(stub, callback, "app", callbacks(forged=True), ready)[1:]
    taken["forged callback before metric and log"] += run(stub, callback, "app", callbacks(forged=True), QUIET)[1:]
    taken["AWS calls of forged callbacks"].append(_calls(stub) - calls)


def _batches() -> list[dict[str, Any]]:
    return [batch(number) for number in range(ROUNDS + 1)]


def first_batches(functions: Mapping[str, list[Path]], place: Path, rounds: int) -> dict[str, list[float]]:
    """CPU seconds of the first batch of a process, by case."""
    tls, plain = server_context(place), installed(PLAIN, "plain", compiled=True)
    taken: dict[str, list[float]] = {"submit": [], "default clients": []}
    with serving(Stub(LATENCY), tls) as stub:
        for number in range(rounds):
            ours = run(stub, [place, *functions["SubmitFunction"]], "app", [batch(number)], READY["SubmitFunction"])
            default = run(stub, [place, IDIOMATIC, plain], "defaults", [batch(number + rounds)])
            taken["submit"].append(ours[0] * BATCH)
            taken["default clients"].append(default[0] * BATCH)
    return taken


def _calls(stub: Stub) -> int:
    return stub.asked.total() - stub.asked["GetSecretValue"]


def run(stub: Stub, path: Sequence[Path], module: str, events: Sequence[Any], ready: str = "pass") -> list[float]:
    """Invoke a handler with the events; gives seconds for each message of each event."""
    places = {"AWS_ENDPOINT_URL": stub.url, "KIE_BASE_URL": stub.url, "PYTHONPATH": ":".join(map(str, path))}
    quick = {"WINDOW_SECONDS": "0.01", "AWS_CA_BUNDLE": str(path[0] / "certifi/cacert.pem")}
    done = subprocess.run(
        [interpreter(), "-S", str(CHILD), module, ready],
        input="\n".join(map(json.dumps, events)),
        env=TOLD | quick | places,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    told: dict[str, Any] = json.loads(done.stdout)
    stub.logged += told["log_bytes"]
    seconds: list[float] = told["seconds"]
    return seconds


def batch(number: int, size: int = BATCH) -> dict[str, Any]:
    """Give a batch of new messages."""
    record = json.loads((EVENTS / "sqs_submit.json").read_text())["Records"][0]
    ids = [f"{number:04}-{n:02}" for n in range(size)]
    bodies = [json.dumps({"taskId": f"veo_task_bench_{one}"}) for one in ids]
    return {"Records": [record | {"messageId": one, "body": body} for one, body in zip(ids, bodies, strict=True)]}


def callbacks(*, forged: bool = False) -> list[dict[str, Any]]:
    """Give callbacks for some jobs of each batch."""
    ids = [f"veo_task_bench_{number:04}-{n:02}" for n in range(CALLBACKS) for number in range(ROUNDS + 1)]
    return [callback(one, forged=forged) for one in ids]


def callback(task_id: str, *, forged: bool) -> dict[str, Any]:
    """Give a callback as the API delivers it; a forged one has a token of the right shape."""
    event: dict[str, Any] = json.loads((EVENTS / "http_callback.json").read_text())
    token = make_token(b"not the key" if forged else SECRET.encode(), task_id, 0, 1)
    stamp = str(int(time.time()))
    digest = hmac.digest(SECRET.encode(), f"{task_id}.{stamp}".encode(), hashlib.sha256)
    signed = {"x-webhook-timestamp": stamp, "x-webhook-signature": base64.b64encode(digest).decode()}
    path = {"taskId": task_id, "index": "0", "run": "1", "token": token}
    body = event["body"].replace("veo_task_on_time_sample", task_id)
    return event | {"headers": event["headers"] | signed, "pathParameters": path, "body": body}
