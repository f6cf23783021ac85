"""The callback of a generation: each check in its order, and the messages that follow."""

import base64
import json
from dataclasses import replace
from typing import Any, NoReturn

import pytest

from proofs.doubles.job_sender_memory import MemoryJobSender
from proofs.doubles.signed_callbacks import HOOK_KEY, TOKEN_KEY, callback
from proofs.doubles.stage import TASK, URL
from proofs.doubles.time_manual import NOON
from veo4k.domain.callback_auth import make_generated_token, make_token
from veo4k.domain.errors import StorageError
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.services.generation import GenerationHandler
from veo4k.services.signed_request import Request

FORMER = b"former token key"
DATA = {"taskId": TASK, "info": {"resultUrls": [URL, URL], "originUrls": None, "resolution": "720p"}}
SUCCESS = {"code": 200, "msg": "ok", "data": DATA}
FAILURE = {"code": 422, "msg": "Your request was rejected by Flow(…)", "data": {"taskId": TASK}}


def request(body: Any = SUCCESS, **how: Any) -> Request:
    return callback((make_generated_token(TOKEN_KEY),), body, **how)


def handle(
    received: Request, sender: MemoryJobSender, webhook: tuple[bytes, ...] = (HOOK_KEY,)
) -> tuple[int, list[LogEntry]]:
    return GenerationHandler(sender, lambda: (TOKEN_KEY, FORMER), lambda: webhook).handle(received, NOON)


def entry(event: LogEvent, **detail: Any) -> LogEntry:
    return LogEntry(event, None, detail)


RECEIVED = entry(LogEvent.GENERATION_RECEIVED, taskId=TASK, videos=2)
IN_BASE64 = base64.b64encode(json.dumps(SUCCESS).encode()).decode()


@pytest.mark.parametrize(
    ("received", "webhook"),
    [
        (request(), (HOOK_KEY,)),
        (request(parts=(make_generated_token(FORMER),)), (HOOK_KEY,)),
        (request(), (b"new key", HOOK_KEY)),
        (request(IN_BASE64, is_base64=True), (HOOK_KEY,)),
    ],
    ids=["plain", "the former token key", "the former webhook key", "in base64"],
)
def test_each_video_of_a_generation_becomes_a_message(received: Request, webhook: tuple[bytes, ...]) -> None:
    sender = MemoryJobSender()

    assert handle(replace(received, query="order=A-1042"), sender, webhook) == (200, [RECEIVED])
    assert [json.loads(body) for body in sender.bodies] == [
        {"taskId": TASK, "index": index, "tags": {"order": "A-1042"}} for index in (0, 1)
    ]


def test_unusable_tags_are_dropped_and_logged_without_their_text() -> None:
    sender = MemoryJobSender()
    dropped = entry(LogEvent.TAGS_DROPPED, taskId=TASK, tags=2)

    assert handle(request(query="order=A-1042&=canary&order=canary"), sender) == (200, [RECEIVED, dropped])
    assert json.loads(sender.bodies[0])["tags"] == {"order": "A-1042"}


def test_a_generation_without_a_result_is_answered_200_and_sends_nothing() -> None:
    sender = MemoryJobSender()
    without = entry(LogEvent.GENERATION_WITHOUT_RESULT, taskId=TASK, code=422)

    assert handle(request(FAILURE, query="=x"), sender) == (200, [without])
    assert sender.bodies == []


@pytest.mark.parametrize("takes", [0, 1])
def test_a_queue_that_does_not_take_every_message_is_answered_503(takes: int) -> None:
    error = "SendMessageBatch: InternalError"
    unanswered = entry(LogEvent.CALLBACK_UNANSWERED, status=503, error=error)

    assert handle(request(), MemoryJobSender(takes)) == (503, [unanswered])


OTHER = "veo_task_other"
REFUSED: dict[str, tuple[int, str, Request]] = {
    "no token": (404, "path", request(parts=("",))),
    "a foreign letter in the token": (404, "path", request(parts=("é" * 43,))),
    "a token under another key": (404, "token", request(parts=(make_generated_token(b"other"),))),
    "the token of a job": (404, "token", request(parts=(make_token(TOKEN_KEY, TASK, 0, 1),))),
    "a wrong token and a large body": (404, "token", request(" " * 65_537, parts=("A" * 43,))),
    "64 KiB and one byte without a signature": (413, "size", request(" " * 65_537, headers={})),
    "no headers": (401, "timestamp", request(headers={})),
    "too old": (401, "timestamp", request(late=301)),
    "a signature under another key": (401, "signature", request(key=b"other")),
    "a signature over another task": (401, "signature", request(over=OTHER)),
    "a signature over no task": (401, "signature", request({"code": 200}, over="")),
    "a body that is no JSON": (401, "signature", request("nonsense")),
    "a body that is no base64": (401, "signature", request("!", is_base64=True)),
    "ids that disagree": (401, "signature", request(SUCCESS | {"taskId": OTHER})),
    "no code": (400, "code is not a whole number", request({"data": DATA})),
    "a code with a fraction": (400, "code is not a whole number", request(SUCCESS | {"code": 200.5})),
}


@pytest.mark.parametrize(("status", "reason", "received"), REFUSED.values(), ids=REFUSED)
def test_a_request_that_fails_a_check_sends_nothing(status: int, reason: str, received: Request) -> None:
    sender = MemoryJobSender()

    assert handle(received, sender) == (status, [entry(LogEvent.CALLBACK_REJECTED, status=status, reason=reason)])
    assert sender.bodies == []


@pytest.mark.parametrize("received", [request(headers={}), request()], ids=["unsigned", "signed"])
def test_without_a_webhook_key_every_generation_is_answered_503(received: Request) -> None:
    sender = MemoryJobSender()
    unset = entry(LogEvent.WEBHOOK_KEY_UNSET, status=503, reason="webhook key")

    assert handle(received, sender, webhook=()) == (503, [unset])
    assert sender.bodies == []


def test_keys_out_of_reach_are_answered_503() -> None:
    def unreachable() -> NoReturn:
        raise StorageError("GetSecretValue: down")

    for keys in ((unreachable, lambda: (HOOK_KEY,)), (lambda: (TOKEN_KEY,), unreachable)):
        assert GenerationHandler(MemoryJobSender(), *keys).handle(request(), NOON)[0] == 503
