import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple, NoReturn, cast

import pytest

from proofs.doubles.faults import DOWN
from proofs.doubles.responses import LOST, OWN, WITH_OWN_ID, WORKING
from proofs.doubles.signed_callbacks import HOOK_KEY, SIGNATURE, TIME, TOKEN_KEY, callback
from proofs.doubles.stage import ELSEWHERE, HOSTS, TASK, URL, Stage
from proofs.doubles.time_manual import NOON
from tests.unit.services.exchanges import asked
from veo4k.domain.callback_auth import make_token
from veo4k.domain.errors import StorageError
from veo4k.domain.job import Code, Evidence, Failure, State, link_digest
from veo4k.domain.log_events import Detail, LogEntry, LogEvent
from veo4k.domain.ports import Jobs
from veo4k.domain.provider_words import Words
from veo4k.domain.response import Response
from veo4k.domain.wait_reason import WaitReason
from veo4k.services.callback import CallbackHandler
from veo4k.services.signed_request import Request

TOKEN, STAMP = make_token(TOKEN_KEY, TASK, 0, 1), str(int(NOON))
FRESH = "https://file.example/v/b.mp4?secret=2"


def success(*links: Any, task_id: str = TASK) -> dict[str, Any]:
    return {"code": 200, "msg": "ok", "data": {"taskId": task_id, "info": {"resultUrls": list(links or [URL])}}}


SUCCESS = success()
FAILURE = {"code": 500, "msg": "The 4K version of this video is unavailable.", "data": None}
UNAVAILABLE = Failure(
    Code.NOT_AVAILABLE_IN_4K,
    Code.NOT_AVAILABLE_IN_4K.message,
    Words(500, "The 4K version of this video is unavailable."),
)
UNKNOWN_WORDS = {"code": 500, "msg": "E-1207 at https://kie.example/x?key=secret", "data": None}
WORKS_ON = {"code": 422, "msg": "4k is processing"}


def request(body: Any = SUCCESS, **how: Any) -> Request:
    return callback((TASK, "0", "1", TOKEN), body, **how)


def accepted() -> Stage:
    return asked(WORKING)


def handler(stage: Stage, *, hooks: tuple[bytes, ...] = (HOOK_KEY,), optional: bool = False) -> CallbackHandler:
    jobs = cast("Jobs", stage.faulty_jobs)
    return CallbackHandler(jobs, lambda: (TOKEN_KEY,), lambda: hooks, stage.times, HOSTS, optional)


def answer(stage: Stage, received: Request, **how: Any) -> tuple[int, LogEntry]:
    status, [entry] = handler(stage, **how).handle(received, NOON)
    return status, entry


def call_back(stage: Stage, body: Any, **how: Any) -> tuple[int, str]:
    status, entry = answer(stage, request(body, **how))
    return status, entry.event


class Outcome(NamedTuple):
    """A callback after this response to the request, the event, and fields of the job then."""

    response: Response
    body: Any
    event: str
    job: dict[str, Any]
    signed: str = TASK


OUTCOMES = {
    "a result": Outcome(
        WORKING, SUCCESS, "result_received", {"state": State.READY, "evidence": Evidence.CALLBACK, "urls": (URL,)}
    ),
    "a result after a lost response": Outcome(
        LOST, SUCCESS, "result_received", {"state": State.READY, "accepted_at": NOON}
    ),
    "a result of two videos": Outcome(WORKING, success(f" {URL} ", FRESH), "result_received", {"urls": (URL,)}),
    "a result beside an unreadable one": Outcome(
        WORKING, success(URL, None), "result_received", {"urls": (URL,), "result_urls": (URL.partition("?")[0],)}
    ),
    "a poster that may not be fetched": Outcome(
        WORKING,
        {"code": 200, "data": {"info": {"resultUrls": [URL], "imageUrls": [ELSEWHERE]}}},
        "result_received",
        {"urls": (URL,), "image_urls": ()},
    ),
    "a failure": Outcome(
        WORKING, FAILURE, "job_failed", {"state": State.FAILED, "error": UNAVAILABLE, "maybe_charged": True}
    ),
    "no result": Outcome(
        LOST, {"code": 200, "data": {"taskId": TASK}}, "callback_without_result", {"state": State.PROCESSING}
    ),
    "a result under the id that the provider gave the job": Outcome(
        WITH_OWN_ID, success(task_id=OWN), "result_received", {"provider_task_id": OWN}, OWN
    ),
    "an id that the job has not heard of": Outcome(
        LOST, success(task_id=OWN), "result_received", {"provider_task_id": OWN}, OWN
    ),
    "another id than the base video's": Outcome(
        WORKING, success(task_id=OWN), "result_received", {"provider_task_id": OWN}, OWN
    ),
}


@pytest.mark.parametrize("case", OUTCOMES.values(), ids=OUTCOMES)
def test_what_a_callback_reports_is_written_to_its_job(case: Outcome) -> None:
    stage = asked(case.response)

    assert call_back(stage, case.body, over=case.signed) == (200, case.event)
    assert {name: getattr(stage.job(), name) for name in case.job} == case.job


def test_a_change_by_callback_is_logged_with_the_job_and_the_meaning() -> None:
    stage = accepted()

    assert answer(stage, request())[1] == LogEntry(LogEvent.RESULT_RECEIVED, stage.job(), {"meaning": "done"})
    assert answer(stage, request(FAILURE))[1] == LogEntry(LogEvent.CALLBACK_IGNORED, stage.job(), {"meaning": "failed"})


@pytest.mark.parametrize(
    ("body", "about"),
    [
        (success(ELSEWHERE), "evil.example"),
        (success("https://file.example:99999/a.mp4"), "malformed"),
        (success({"file": URL}), "info.resultUrls[].file: link to file.example"),
    ],
)
def test_a_result_that_is_not_fetched_is_logged_with_its_host_or_reason(body: Any, about: str) -> None:
    entry = answer(accepted(), request(body))[1]

    assert about in str(entry.detail["about"])
    assert "https" not in str(entry.detail)


NO_VERDICT = [
    (success({"file": 5}), "result_unreadable"),
    (success("https://file.example:99999/a.mp4"), "result_unreadable"),
    (success(None, URL), "result_unreadable"),
    ({"code": 200, "data": {"taskId": TASK, "resultUrls": "nothing yet"}}, "result_unreadable"),
    (success(ELSEWHERE), "result_host_blocked"),
    ({"code": 401, "msg": ""}, "callback_unclear"),
    ({"code": 402, "msg": "积分不足"}, "callback_unclear"),
    ({"code": 404, "msg": "Not Found"}, "callback_unclear"),
    ({"code": 408, "msg": "silent"}, "callback_unclear"),
    ({"code": 429, "msg": ""}, "callback_unclear"),
    ({"code": 455, "msg": ""}, "callback_unclear"),
    ({"code": 502, "msg": ""}, "callback_unclear"),
    ({"code": 550, "msg": "new"}, "callback_unclear"),
    ({"code": 422, "msg": "record status is not success."}, "callback_unclear"),
]


@pytest.mark.parametrize(("body", "event"), NO_VERDICT)
def test_a_callback_that_is_no_verdict_makes_the_job_due(body: Any, event: str) -> None:
    stage = accepted()

    assert call_back(stage, {"data": {"taskId": TASK}} | body) == (200, event)
    assert (stage.job().state, stage.job().urls, stage.job().due) == (State.PROCESSING, (), NOON + 120)


@pytest.mark.parametrize("code", [400, 422, 500, 501])
def test_a_failure_in_unknown_words_is_checked_where_that_is_free(code: int) -> None:
    body = UNKNOWN_WORDS | {"code": code}
    own, base = asked(WITH_OWN_ID), accepted()

    assert call_back(own, body) == (200, "callback_unclear")
    assert own.job().due == NOON + 120
    assert call_back(own, body | {"data": {"taskId": OWN}}, over=OWN) == (200, "callback_unclear")
    assert call_back(base, body) == (200, "job_failed")
    assert base.job().error == Failure(
        Code.PROVIDER_FAILED, Code.PROVIDER_FAILED.message, Words(code, "E-1207 at https://kie.example/…")
    )


@pytest.mark.parametrize(("acceptances", "since_poll", "kept"), [(2, 60, True), (2, 121, False), (1, 60, False)])
def test_a_foreign_link_is_kept_while_the_last_poll_is_under_way(
    acceptances: int, since_poll: float, kept: bool
) -> None:
    stage = asked(WORKING, acceptances=acceptances)
    stage.change(requested_at=stage.clock.now() - since_poll)
    call_back(stage, success(ELSEWHERE))

    assert bool(stage.job().urls) == kept


def test_a_foreign_link_is_kept_only_where_nobody_can_be_asked_for_it() -> None:
    stage = asked(WORKING, acceptances=3)
    posters = {"imageUrls": ["", URL]}

    assert call_back(stage, {"code": 200, "data": {"resultUrls": [ELSEWHERE]} | posters}) == (
        200,
        "result_host_blocked",
    )
    job = stage.job()
    assert (job.state, job.urls, job.evidence) == (State.PROCESSING, (ELSEWHERE,), Evidence.CALLBACK)
    assert job.image_urls == ()
    assert job.wait_text == "HOST_NOT_ALLOWED: evil.example"


def test_a_job_that_was_never_submitted_cannot_have_a_result() -> None:
    stage = Stage(unset_secret=WaitReason.API_KEY_UNSET)
    stage.ask()

    assert call_back(stage, SUCCESS)[0] == 200
    assert stage.job().state is State.QUEUED


@pytest.mark.parametrize(
    ("before", "since", "body", "event"),
    [
        (SUCCESS, {}, SUCCESS, "callback_ignored"),
        (SUCCESS, {}, FAILURE, "callback_ignored"),
        (SUCCESS, {}, WORKS_ON, "callback_ignored"),
        (SUCCESS, {"provider_task_id": OWN}, UNKNOWN_WORDS, "callback_ignored"),
        (SUCCESS, {"state": State.SUCCEEDED}, SUCCESS, "callback_ignored"),
        (FAILURE, {}, FAILURE, "callback_ignored"),
        (FAILURE, {}, SUCCESS, "late_success"),
    ],
)
def test_a_callback_after_the_result_or_the_end_changes_nothing(
    before: Any, since: dict[str, Any], body: Any, event: str
) -> None:
    stage = accepted()
    call_back(stage, before)
    stage.change(**since)
    job = stage.job()

    assert call_back(stage, body) == (200, event)
    assert stage.job() == job


@pytest.mark.parametrize(
    ("response", "end", "event"),
    [
        (LOST, {"state": State.TIMED_OUT}, "late_success"),
        (WORKING, {"state": State.FAILED}, "late_success"),
        (WORKING, {"state": State.TIMED_OUT, "provider_task_id": None}, "late_success"),
        (WORKING, {"state": State.SUCCEEDED}, "callback_ignored"),
    ],
)
def test_after_the_end_a_success_may_name_an_id_that_was_never_learnt(
    response: Response, end: dict[str, Any], event: str
) -> None:
    stage = asked(response, **end)
    before = stage.job()

    assert call_back(stage, success(task_id=OWN), over=OWN) == (200, event)
    assert stage.job() == before


@pytest.mark.parametrize("job", [{"provider_task_id": "4k_task_other"}, {"acceptances": 0}], ids=str)
def test_after_the_end_the_id_of_another_task_is_still_refused(job: dict[str, Any]) -> None:
    stage = asked(WORKING, **{"state": State.FAILED} | job)

    assert call_back(stage, success(task_id=OWN), over=OWN) == (400, "callback_rejected")


# Fresh links


def linkless(**fields: object) -> Stage:
    """Return a stage whose job is READY, but its link is dead, or has these fields."""
    stage = accepted()
    call_back(stage, SUCCESS)
    tried = frozenset({link_digest(ELSEWHERE)})
    stage.change(**{"link_dead": True, "archive_attempts": 4, "link_refusals": 2, "tried_links": tried} | fields)
    return stage


def test_a_callback_replaces_a_dead_link_by_an_untried_one() -> None:
    stage = linkless()
    before = stage.job()

    assert call_back(stage, success(FRESH)) == (200, "link_refreshed")
    job = stage.job()
    assert (job.urls, job.link_dead, job.link_refusals, job.archive_attempts) == ((FRESH,), None, 0, 4)
    assert job.retrigger_id not in (None, before.retrigger_id)
    assert call_back(stage, success(FRESH)) == (200, "callback_ignored")


NOT_FRESH = {
    "the same link": ({}, SUCCESS),
    "a link tried before": ({"tried_links": frozenset({link_digest(FRESH)})}, success(FRESH)),
    "a link that may not be fetched": ({}, success(ELSEWHERE)),
    "a link to a job whose own link lives": ({"link_dead": None}, success(FRESH)),
    "a failure": ({}, FAILURE),
    "no result": ({}, WORKS_ON),
}


@pytest.mark.parametrize(("fields", "body"), NOT_FRESH.values(), ids=NOT_FRESH)
def test_a_callback_without_a_fresh_link_changes_nothing(fields: dict[str, Any], body: Any) -> None:
    stage = linkless(**fields)
    before = stage.job()

    assert call_back(stage, body) == (200, "callback_ignored")
    assert stage.job() == before


def test_a_poll_that_was_faster_than_a_callbacks_link_wins() -> None:
    stage = linkless()
    stage.faulty_jobs.before(
        "write", lambda write: stage.change(urls=(f"{FRESH}3",)) if "retrigger_id" in write.put else None
    )

    assert call_back(stage, success(FRESH)) == (200, "callback_ignored")
    assert stage.job().urls == (f"{FRESH}3",)


# Who is believed


def in_base64(body: str) -> dict[str, Any]:
    """Return the changes of a request whose body comes in base64."""
    return {"body": base64.b64encode(body.encode()).decode(), "is_base64": True}


TRUE = request()
TRUE_SIGNATURE, FULL = TRUE.headers[SIGNATURE], TRUE.body.ljust(65_536)


def headed(timestamp: str | None = STAMP, signature: str | None = TRUE_SIGNATURE) -> Request:
    """Return the request with these headers."""
    headers = {TIME: timestamp, SIGNATURE: signature}
    return request(headers={name: value for name, value in headers.items() if value is not None})


def at(*parts: str) -> Request:
    """Return the request with these last parts of its path."""
    return request(parts=(*TRUE.parts[: -len(parts)], *parts))


NEW_KEY = b"new key"
BOTH = {"hooks": (NEW_KEY, HOOK_KEY)}
BELIEVED: dict[str, tuple[Request, dict[str, Any]]] = {
    "300 seconds old": (request(late=300), {}),
    "300 seconds ahead": (request(late=-300), {}),
    "64 KiB": (request(FULL), {}),
    "64 KiB in base64": (request(**in_base64(FULL)), {}),
    "a body in base64": (request(**in_base64(TRUE.body)), {}),
    "the old key of a rotation": (request(), BOTH),
    "the new key of a rotation": (request(key=NEW_KEY), BOTH),
    "no signature where it is optional": (headed(None, None), {"optional": True}),
    "a signature that is optional, and no key": (request(key=NEW_KEY), {"optional": True, "hooks": ()}),
}


@pytest.mark.parametrize(("received", "how"), BELIEVED.values(), ids=BELIEVED)
def test_a_callback_is_believed_up_to_the_limits_of_its_checks(received: Request, how: dict[str, Any]) -> None:
    stage = accepted()
    status, entry = answer(stage, received, **how)

    assert (status, entry.event) == (200, "result_received")


@pytest.mark.parametrize(
    "received",
    [request(key=NEW_KEY), headed(timestamp=None), headed(signature=None)],
    ids=["of another key", "half", "the other half"],
)
def test_where_signatures_are_optional_one_that_comes_must_hold(received: Request) -> None:
    assert answer(accepted(), received, optional=True)[0] == 401


CODED = base64.b64encode(TRUE.body.encode()).decode()
SPOILT = f"{CODED[:8]}!!!!{CODED[8:]}"
NO_JSON = "not strict JSON: Expecting value at 0"
NO_CODE, NO_ONE_ID = "code is not a whole number", "its task ids are malformed or disagree"
FORGED = {
    "no token": (404, "path", at("")),
    "another job's token": (404, "token", at("2", TOKEN)),
    "another index": (404, "token", at("1", "1", TOKEN)),
    "an index with a zero in front": (404, "path", at("00", "1", TOKEN)),
    "a foreign letter in the token": (404, "path", at("é" + TOKEN[1:])),
    "a dot in the task id": (404, "path", at(TASK + ".1", "0", "1", TOKEN)),
    "a true token of an index without a job": (404, "no such job", at("1", "1", make_token(TOKEN_KEY, TASK, 1, 1))),
    "a true token of a run without a job": (404, "no such job", at("2", make_token(TOKEN_KEY, TASK, 0, 2))),
    "no headers": (401, "timestamp", headed(None, None)),
    "no signature": (401, "signature", headed(signature=None)),
    "no timestamp": (401, "timestamp", headed(timestamp=None)),
    "another key": (401, "signature", request(key=b"other")),
    "another task": (401, "signature", request(over="veo_task_other")),
    "another task over no JSON": (401, "signature", request("nonsense", over=OWN)),
    "no task at all": (401, "signature", request("nonsense", over="")),
    "too old": (401, "timestamp", request(late=301)),
    "from the future": (401, "timestamp", request(late=-301)),
    "full-width digits": (401, "timestamp", headed("".join(chr(ord(digit) + 0xFEE0) for digit in STAMP))),
    "a sign": (401, "timestamp", headed("+" + STAMP[1:])),
    "not ASCII": (401, "signature", headed(signature="é" * 44)),
    "two signatures": (401, "signature", headed(signature=f"{TRUE_SIGNATURE},{TRUE_SIGNATURE}")),
    "64 KiB and one byte": (413, "size", request(" " * 65_537)),
    "the same in base64": (413, "size", request(**in_base64(" " * 65_537))),
    "a megabyte": (413, "size", request(" " * 1_000_000)),
    "broken base64": (400, NO_JSON, request("!", is_base64=True)),
    "base64 with foreign letters between": (400, NO_JSON, request(SPOILT, is_base64=True)),
    "no JSON": (400, NO_JSON, request("nonsense")),
    "a code that is no number": (400, NO_CODE, request('{"code": true}')),
    "a code with a fraction": (400, NO_CODE, request('{"code": 200.5}')),
    "ids that disagree": (400, NO_ONE_ID, request({"code": 200, "taskId": TASK, "data": {"task_id": OWN}})),
    "an id that is no text": (400, NO_ONE_ID, request({"code": 500, "data": {"taskId": 5}})),
}


@pytest.mark.parametrize(("status", "reason", "received"), FORGED.values(), ids=FORGED)
def test_a_callback_that_is_not_the_providers_changes_nothing(status: int, reason: str, received: Request) -> None:
    """The log names the check and no job, and the table is not touched before the checks of the request."""
    stage = accepted()
    rows, calls = stage.jobs.all(), len(stage.faulty_jobs.calls)

    detail: Detail = {"status": status, "reason": reason}
    assert answer(stage, received) == (status, LogEntry(LogEvent.CALLBACK_REJECTED, None, detail))
    assert stage.jobs.all() == rows
    assert len(stage.faulty_jobs.calls) == calls or reason == "no such job"


NO_RESULT = {"msg": "4k is processing", "data": {"taskId": OWN}}


@pytest.mark.parametrize(
    ("prepare", "received"),
    [
        (linkless, request(success(FRESH, task_id=OWN), over=OWN)),
        (accepted, request(NO_RESULT | {"code": 200})),
        *((accepted, request(NO_RESULT | {"code": code}, over=OWN)) for code in (200, 402, 422)),
    ],
    ids=["a fresh link", "no result, unsigned", "no result", "no credits", "still working"],
)
def test_a_callback_under_the_id_of_another_task_changes_nothing(
    prepare: Callable[[], Stage], received: Request
) -> None:
    stage = prepare()
    before = stage.job()

    detail: Detail = {"status": 400, "reason": "another task's id"}
    assert answer(stage, received) == (400, LogEntry(LogEvent.CALLBACK_REJECTED, before, detail))
    assert stage.job() == before


@pytest.mark.parametrize("key", [b"", HOOK_KEY])
def test_an_unset_webhook_key_refuses_everything(key: bytes) -> None:
    unset = LogEntry(LogEvent.WEBHOOK_KEY_UNSET, None, {"status": 401, "reason": "signature"})

    assert answer(accepted(), request(key=key), hooks=()) == (401, unset)


def test_keys_or_a_table_out_of_reach_are_answered_503_so_that_it_comes_again() -> None:
    def unreadable() -> NoReturn:
        raise StorageError(DOWN)

    stage = accepted()
    stage.faulty_jobs.fail("write")
    unanswered = 503, [LogEntry(LogEvent.CALLBACK_UNANSWERED, None, {"status": 503, "error": DOWN})]
    assert handler(stage).handle(request(), NOON) == unanswered
    assert replace(handler(accepted()), token_keys=unreadable).handle(request(), NOON) == unanswered
    assert replace(handler(accepted()), webhook_keys=unreadable).handle(request(), NOON) == unanswered
