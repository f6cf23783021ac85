import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from proofs.doubles.faults import DOWN
from proofs.doubles.stage import ELSEWHERE, HOSTS, KEY, TASK, URL, Stage
from tests.unit.services.responses import WORKING
from veo4k.domain.callback_auth import make_signature, make_token
from veo4k.domain.conditional_update import ConditionalUpdate, is_
from veo4k.domain.errors import StorageError
from veo4k.domain.job import Code, Evidence, Failure, Job, State, link_digest
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.ports import Jobs
from veo4k.domain.provider_words import Words
from veo4k.domain.response import Meaning, Response
from veo4k.domain.wait_reason import WaitReason
from veo4k.services.callback import CallbackHandler
from veo4k.services.signed_request import Request

TOKEN_KEY, HOOK_KEY = b"token key", b"hook key"
SUCCESS = {"code": 200, "msg": "ok", "data": {"taskId": TASK, "info": {"resultUrls": [URL]}}}
FAILURE = {"code": 500, "msg": "The 4K version of this video is unavailable.", "data": None}
OWN = "veo_task_of_its_own"


def keys(*in_use: bytes) -> Callable[[], tuple[bytes, ...]]:
    """Return a secret with these keys."""
    return lambda: in_use


def handler(stage: Stage, *hooks: bytes, optional: bool = False) -> CallbackHandler:
    secrets = keys(TOKEN_KEY), keys(*(hooks or (HOOK_KEY,)))
    return CallbackHandler(cast("Jobs", stage.faulty_jobs), *secrets, stage.times, HOSTS, optional)


def request(stage: Stage, body: Any, *, signed: str = TASK, key: bytes = HOOK_KEY, late: int = 0) -> Request:
    timestamp = str(int(stage.clock.now()) - late)
    headers = {"x-webhook-timestamp": timestamp, "x-webhook-signature": make_signature(key, signed, timestamp)}
    token = make_token(TOKEN_KEY, TASK, 0, 1)
    return Request((TASK, "0", "1", token), headers, body if isinstance(body, str) else json.dumps(body), False)


def accepted() -> Stage:
    stage = Stage(WORKING)
    stage.ask()
    return stage


def call_back(stage: Stage, body: Any, **how: Any) -> tuple[int, str]:
    status, entry = handler(stage).handle(request(stage, body, **how), stage.clock.now())
    return status, entry.event


def test_an_authenticated_success_makes_the_job_ready() -> None:
    stage = accepted()

    assert call_back(stage, SUCCESS) == (200, "result_received")
    assert (stage.job().state, stage.job().evidence, stage.job().urls) == (State.READY, Evidence.CALLBACK, (URL,))


def test_an_authenticated_failure_is_believed_as_it_comes() -> None:
    stage = accepted()

    assert call_back(stage, FAILURE) == (200, "job_failed")
    job = stage.job()

    assert job.error is not None
    assert job.error.code is Code.NOT_AVAILABLE_IN_4K
    assert job.maybe_charged is True


def test_a_callback_without_a_result_proves_acceptance() -> None:
    stage = Stage(Response(meaning=Meaning.LOST))
    stage.ask()

    assert call_back(stage, {"code": 200, "data": {"taskId": TASK}}) == (200, "callback_without_result")
    assert stage.job().state is State.PROCESSING


def test_a_success_makes_a_job_ready_whose_response_was_lost() -> None:
    stage = Stage(Response(meaning=Meaning.LOST))
    stage.ask()
    call_back(stage, SUCCESS)

    assert (stage.job().state, stage.job().accepted_at) == (State.READY, stage.clock.now())


def test_a_result_on_a_foreign_host_is_not_taken_but_polled() -> None:
    stage = accepted()
    body = {"code": 200, "data": {"taskId": TASK, "resultUrls": [ELSEWHERE]}}

    assert call_back(stage, body) == (200, "result_host_blocked")
    assert (stage.job().state, stage.job().urls) == (State.PROCESSING, ())
    assert stage.job().due == stage.clock.now() + 120


def test_a_foreign_link_is_kept_only_where_nobody_can_be_asked_for_it() -> None:
    stage = accepted()
    stage.change(acceptances=3)
    body = {"code": 200, "data": {"taskId": TASK, "resultUrls": [ELSEWHERE]}}

    assert call_back(stage, body) == (200, "result_host_blocked")
    job = stage.job()
    assert (job.state, job.urls, job.evidence) == (State.PROCESSING, (ELSEWHERE,), Evidence.CALLBACK)
    assert job.wait_text == "HOST_NOT_ALLOWED: evil.example"


def test_a_job_that_was_never_submitted_cannot_have_a_result() -> None:
    stage = Stage(unset_secret=WaitReason.API_KEY_UNSET)
    stage.ask()

    assert call_back(stage, SUCCESS)[0] == 200
    assert stage.job().state is State.QUEUED


def test_an_unknown_job_is_answered_404() -> None:
    assert call_back(Stage(), SUCCESS) == (404, "callback_rejected")


@pytest.mark.parametrize("again", [SUCCESS, FAILURE, {"code": 422, "msg": "4k is processing"}])
def test_a_callback_after_the_result_changes_nothing(again: Any) -> None:
    stage = accepted()
    call_back(stage, SUCCESS)
    before = stage.job()

    assert call_back(stage, again) == (200, "callback_ignored")
    assert stage.job() == before


FRESH = "https://file.example/v/b.mp4?secret=2"
DEAD = {
    "link_dead": True,
    "archive_attempts": 4,
    "link_refusals": 2,
    "tried_links": frozenset({link_digest(ELSEWHERE)}),
}


def success_with(*links: str, task_id: str = TASK) -> dict[str, Any]:
    return {"code": 200, "msg": "ok", "data": {"taskId": task_id, "info": {"resultUrls": list(links)}}}


def linkless(**fields: object) -> Stage:
    stage = accepted()
    call_back(stage, SUCCESS)
    stage.change(**DEAD | fields)
    return stage


def test_a_callback_replaces_a_dead_link_by_an_untried_one() -> None:
    stage = linkless()
    before = stage.job()

    assert call_back(stage, success_with(FRESH)) == (200, "link_refreshed")
    job = stage.job()
    assert (job.urls, job.link_dead, job.link_refusals, job.archive_attempts) == ((FRESH,), None, 0, 4)
    assert job.retrigger_id not in (None, before.retrigger_id)
    assert call_back(stage, success_with(FRESH)) == (200, "callback_ignored")


NOT_FRESH = {
    "the same link": ({}, SUCCESS),
    "a link tried before": ({"tried_links": frozenset({link_digest(FRESH)})}, success_with(FRESH)),
    "a link that may not be fetched": ({}, success_with(ELSEWHERE)),
    "a link to a job whose own link lives": ({"link_dead": None}, success_with(FRESH)),
    "a failure": ({}, FAILURE),
    "no result": ({}, {"code": 422, "msg": "4k is processing"}),
}


@pytest.mark.parametrize(("fields", "body"), NOT_FRESH.values(), ids=NOT_FRESH)
def test_a_callback_without_a_fresh_link_changes_nothing(fields: dict[str, Any], body: Any) -> None:
    stage = linkless(**fields)
    before = stage.job()

    assert call_back(stage, body) == (200, "callback_ignored")
    assert stage.job() == before


def test_a_fresh_link_for_the_id_of_another_task_is_refused() -> None:
    stage = linkless()

    assert call_back(stage, success_with(FRESH, task_id=OWN), signed=OWN)[0] == 400
    assert stage.job().urls == (URL,)


def test_a_poll_that_was_faster_than_a_callbacks_link_wins() -> None:
    stage = linkless()
    stage.faulty_jobs.before(
        "write", lambda write: stage.change(urls=(f"{FRESH}3",)) if "retrigger_id" in write.put else None
    )

    assert call_back(stage, success_with(FRESH)) == (200, "callback_ignored")
    assert stage.job().urls == (f"{FRESH}3",)


def test_a_success_after_a_failure_is_counted_as_late() -> None:
    stage = accepted()
    call_back(stage, FAILURE)
    before = stage.job()

    assert call_back(stage, SUCCESS) == (200, "late_success")
    assert stage.job() == before


def forged(stage: Stage) -> dict[str, tuple[Request, int]]:
    true = request(stage, SUCCESS)
    token, timestamp = true.parts[3], true.headers["x-webhook-timestamp"]
    signature = true.headers["x-webhook-signature"]
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in timestamp)
    return {
        "no token": (replace(true, parts=(TASK, "0", "1", "")), 404),
        "another job's token": (replace(true, parts=(TASK, "0", "2", token)), 404),
        "another index": (replace(true, parts=(TASK, "1", "1", token)), 404),
        "an index with a zero in front": (replace(true, parts=(TASK, "00", "1", token)), 404),
        "a foreign letter in the token": (replace(true, parts=(TASK, "0", "1", "é" + token[1:])), 404),
        "a dot in the task id": (replace(true, parts=(TASK + ".1", "0", "1", token)), 404),
        "no headers": (replace(true, headers={}), 401),
        "no signature": (replace(true, headers={"x-webhook-timestamp": timestamp}), 401),
        "no timestamp": (replace(true, headers={"x-webhook-signature": signature}), 401),
        "another key": (request(stage, SUCCESS, key=b"other"), 401),
        "another task": (request(stage, SUCCESS, signed="veo_task_other"), 401),
        "too old": (request(stage, SUCCESS, late=301), 401),
        "from the future": (request(stage, SUCCESS, late=-301), 401),
        "full-width digits": (replace(true, headers=dict(true.headers) | {"x-webhook-timestamp": wide}), 401),
        "a sign": (replace(true, headers=dict(true.headers) | {"x-webhook-timestamp": "+" + timestamp[1:]}), 401),
        "not ASCII": (replace(true, headers=dict(true.headers) | {"x-webhook-signature": "é" * 44}), 401),
        "two signatures": (
            replace(true, headers=dict(true.headers) | {"x-webhook-signature": f"{signature},{signature}"}),
            401,
        ),
        "64 KiB and one byte": (replace(true, body=" " * 65_537), 413),
        "the same in base64": (
            replace(true, body=base64.b64encode(b" " * 65_537).decode(), is_base64=True),
            413,
        ),
        "a megabyte": (replace(true, body=" " * 1_000_000), 413),
        "broken base64": (replace(true, body="!", is_base64=True), 400),
        "no JSON": (replace(true, body="nonsense"), 400),
        "no object": (replace(true, body="[]"), 400),
        "an empty body": (replace(true, body=""), 400),
        "a code that is no number": (replace(true, body='{"code": true}'), 400),
        "a code with a fraction": (replace(true, body='{"code": 200.5}'), 400),
        "duplicate names": (replace(true, body='{"code": 200, "code": 500}'), 400),
        "NaN": (replace(true, body='{"code": 200, "data": NaN}'), 400),
        "bottomless": (replace(true, body="[" * 60_000), 400),
        "ids that disagree": (
            replace(true, body=json.dumps({"code": 200, "taskId": TASK, "data": {"task_id": "veo_task_other"}})),
            400,
        ),
        "another job's id": (replace(true, body=json.dumps({"code": 200, "data": {"taskId": OWN}})), 400),
        "an id that is no text": (replace(true, body=json.dumps({"code": 500, "data": {"taskId": 5}})), 400),
    }


@pytest.mark.parametrize("name", forged(accepted()))
def test_a_callback_that_is_not_the_providers_changes_nothing(name: str) -> None:
    stage = accepted()
    before = stage.jobs.all()
    bad, expected = forged(stage)[name]
    status, entry = handler(stage).handle(bad, stage.clock.now())

    assert (status, entry.event) == (expected, "callback_rejected")
    assert stage.jobs.all() == before


REASONS = {
    "no token": "path",
    "another job's token": "token",
    "another index": "token",
    "an index with a zero in front": "path",
    "a foreign letter in the token": "path",
    "a dot in the task id": "path",
    "no headers": "timestamp",
    "no signature": "signature",
    "no timestamp": "timestamp",
    "another key": "signature",
    "another task": "signature",
    "too old": "timestamp",
    "from the future": "timestamp",
    "full-width digits": "timestamp",
    "a sign": "timestamp",
    "not ASCII": "signature",
    "two signatures": "signature",
    "64 KiB and one byte": "size",
    "the same in base64": "size",
    "a megabyte": "size",
    "broken base64": "not strict JSON: Expecting value at 0",
    "no JSON": "not strict JSON: Expecting value at 0",
    "no object": "not a JSON object",
    "an empty body": "not strict JSON: Expecting value at 0",
    "a code that is no number": "code is not a whole number",
    "a code with a fraction": "code is not a whole number",
    "duplicate names": "not strict JSON: duplicate name in an object",
    "NaN": "not strict JSON: NaN is not a JSON number",
    "bottomless": "not strict JSON: RecursionError",
    "ids that disagree": "its task ids are malformed or disagree",
    "an id that is no text": "its task ids are malformed or disagree",
}


@pytest.mark.parametrize("name", REASONS)
def test_a_refusal_says_which_check_refused_and_names_no_job(name: str) -> None:
    stage = accepted()
    bad, status = forged(stage)[name]

    assert handler(stage).handle(bad, stage.clock.now()) == (
        status,
        LogEntry(LogEvent.CALLBACK_REJECTED, None, {"status": status, "reason": REASONS[name]}),
    )


def log_entry(stage: Stage, body: Any, **how: Any) -> LogEntry:
    return handler(stage).handle(request(stage, body, **how), stage.clock.now())[1]


def test_a_change_by_callback_is_logged_with_the_job_and_the_meaning() -> None:
    stage = accepted()

    assert log_entry(stage, SUCCESS) == LogEntry(LogEvent.RESULT_RECEIVED, stage.job(), {"meaning": "done"})
    assert log_entry(stage, FAILURE) == LogEntry(LogEvent.CALLBACK_IGNORED, stage.job(), {"meaning": "failed"})


def test_a_foreign_id_is_logged_with_the_job_of_the_path() -> None:
    stage = accepted()

    assert log_entry(stage, {"code": 200, "data": {"taskId": OWN}}) == LogEntry(
        LogEvent.CALLBACK_REJECTED, stage.job(), {"status": 400, "reason": "another task's id"}
    )


def test_a_callback_for_an_unknown_job_is_logged() -> None:
    assert log_entry(Stage(), SUCCESS) == LogEntry(
        LogEvent.CALLBACK_REJECTED, None, {"status": 404, "reason": "no such job"}
    )


def test_a_token_of_a_row_of_another_index_finds_no_job() -> None:
    stage = accepted()
    other = replace(request(stage, SUCCESS), parts=(TASK, "1", "1", make_token(TOKEN_KEY, TASK, 1, 1)))

    assert handler(stage).handle(other, stage.clock.now()) == (
        404,
        LogEntry(LogEvent.CALLBACK_REJECTED, None, {"status": 404, "reason": "no such job"}),
    )


def test_a_table_out_of_reach_says_why() -> None:
    stage = accepted()
    stage.faulty_jobs.fail("write")

    assert log_entry(stage, SUCCESS) == LogEntry(LogEvent.CALLBACK_UNANSWERED, None, {"status": 503, "error": DOWN})


def test_an_unset_webhook_key_is_logged_with_status_and_reason() -> None:
    stage = accepted()
    unset = replace(handler(stage), webhook_keys=keys())

    assert unset.handle(request(stage, SUCCESS), stage.clock.now()) == (
        401,
        LogEntry(LogEvent.WEBHOOK_KEY_UNSET, None, {"status": 401, "reason": "signature"}),
    )


def test_a_meaningless_body_with_another_signature_is_unauthorized() -> None:
    stage = accepted()

    assert call_back(stage, "nonsense", signed=OWN) == (401, "callback_rejected")


def test_a_signature_over_no_id_at_all_is_none() -> None:
    assert call_back(accepted(), "nonsense", signed="") == (401, "callback_rejected")


@pytest.mark.parametrize("late", [300, -300])
def test_a_timestamp_may_be_five_minutes_off_either_way(late: int) -> None:
    stage = accepted()
    stage.clock.at = float(int(stage.clock.at))

    assert call_back(stage, SUCCESS, late=late)[0] == 200


def test_a_body_of_64_kib_is_read_plain_and_in_base64() -> None:
    body = json.dumps(SUCCESS).ljust(65_536)
    coded = base64.b64encode(body.encode()).decode()

    for text, is_base64 in ((body, False), (coded, True)):
        stage = accepted()
        full = replace(request(stage, SUCCESS), body=text, is_base64=is_base64)

        assert handler(stage).handle(full, stage.clock.now())[0] == 200


def test_base64_with_foreign_letters_between_is_no_base64() -> None:
    stage = accepted()
    coded = base64.b64encode(json.dumps(SUCCESS).encode()).decode()
    spoilt = replace(request(stage, SUCCESS), body=f"{coded[:8]}!!!!{coded[8:]}", is_base64=True)

    assert handler(stage).handle(spoilt, stage.clock.now())[0] == 400


def test_where_signatures_are_optional_half_a_signature_is_none() -> None:
    stage = accepted()
    true = request(stage, SUCCESS)
    for missing in true.headers:
        half = replace(true, headers={name: text for name, text in true.headers.items() if name != missing})

        assert handler(stage, optional=True).handle(half, stage.clock.now())[0] == 401


def test_an_announced_poster_is_one_that_the_archive_may_fetch() -> None:
    stage = accepted()
    call_back(stage, {"code": 200, "data": {"info": {"resultUrls": [URL], "imageUrls": [ELSEWHERE]}}})

    assert (stage.job().urls, stage.job().image_urls) == ((URL,), ())


def test_a_success_after_the_success_was_archived_is_not_late() -> None:
    stage = accepted()
    call_back(stage, SUCCESS)
    stage.jobs.write(ConditionalUpdate(key=KEY, when=(is_("state", State.READY),), put={"state": State.SUCCEEDED}))

    assert call_back(stage, SUCCESS) == (200, "callback_ignored")


def test_a_failure_after_a_failure_is_not_a_late_success() -> None:
    stage = accepted()
    call_back(stage, FAILURE)

    assert call_back(stage, FAILURE) == (200, "callback_ignored")


def test_the_table_is_not_read_before_the_signature_is_verified() -> None:
    stage = accepted()
    before = len(stage.faulty_jobs.calls)
    for bad, status in forged(stage).values():
        if status in {401, 404, 413}:
            handler(stage).handle(bad, stage.clock.now())

    assert len(stage.faulty_jobs.calls) == before


def test_a_base64_body_is_read_as_what_it_is() -> None:
    stage = accepted()
    true = request(stage, SUCCESS)
    coded = replace(true, body=base64.b64encode(true.body.encode()).decode(), is_base64=True)

    assert handler(stage).handle(coded, stage.clock.now())[0] == 200


def test_during_a_rotation_both_keys_hold() -> None:
    stage = accepted()
    both = handler(stage, b"new key", HOOK_KEY)

    assert both.handle(request(stage, SUCCESS), stage.clock.now())[0] == 200
    assert both.handle(request(stage, SUCCESS, key=b"new key"), stage.clock.now())[0] == 200


def test_an_unset_webhook_key_refuses_everything() -> None:
    stage = accepted()
    unset = replace(handler(stage), webhook_keys=keys())

    status, entry = unset.handle(request(stage, SUCCESS, key=b""), stage.clock.now())

    assert (status, entry.event) == (401, "webhook_key_unset")


def with_own_id(job: Job, task_id: str) -> Job:
    return replace(job, provider_task_id=task_id)


def test_a_body_may_name_and_sign_the_id_that_the_provider_gave_the_job() -> None:
    stage = Stage(Response(meaning=Meaning.WORKING, accepted_anew=True, task_id=OWN))
    stage.ask()
    body = {"code": 200, "data": {"task_id": OWN, "info": {"resultUrls": [URL]}}}

    assert call_back(stage, body, signed=OWN) == (200, "result_received")


def test_a_job_whose_response_was_lost_adopts_the_id() -> None:
    stage = Stage(Response(meaning=Meaning.LOST))
    stage.ask()
    body = {"code": 200, "data": {"taskId": OWN, "info": {"resultUrls": [URL]}}}

    assert call_back(stage, body, signed=OWN)[0] == 200
    assert stage.job().provider_task_id == OWN


def test_a_job_answered_with_the_base_videos_id_adopts_its_own() -> None:
    stage = accepted()
    body = {"code": 200, "data": {"taskId": OWN, "info": {"resultUrls": [URL]}}}

    assert call_back(stage, body, signed=OWN) == (200, "result_received")
    assert stage.job().provider_task_id == OWN


@pytest.mark.parametrize("code", [200, 402, 422])
def test_a_callback_that_is_no_success_and_no_failure_names_no_own_id(code: int) -> None:
    stage = accepted()
    before = stage.job()
    body = {"code": code, "msg": "4k is processing", "data": {"taskId": OWN}}

    assert call_back(stage, body, signed=OWN) == (400, "callback_rejected")
    assert stage.job() == before


NO_VERDICT = [
    (401, ""),
    (402, "积分不足"),
    (404, "Not Found"),
    (408, "silent"),
    (429, ""),
    (455, ""),
    (502, ""),
    (550, "new"),
    (422, "record status is not success."),
]


@pytest.mark.parametrize(("code", "msg"), NO_VERDICT)
def test_a_callback_that_is_no_verdict_makes_the_job_due(code: int, msg: str) -> None:
    stage = accepted()

    assert call_back(stage, {"code": code, "msg": msg, "data": {"taskId": TASK}}) == (200, "callback_unclear")
    assert (stage.job().state, stage.job().due) == (State.PROCESSING, stage.clock.now() + 120)


@pytest.mark.parametrize("code", [400, 422, 500, 501])
def test_a_failure_in_unknown_words_is_checked_where_that_is_free(code: int) -> None:
    body = {"code": code, "msg": "E-1207 at https://kie.example/x?key=secret", "data": None}
    own = Stage(Response(meaning=Meaning.WORKING, accepted_anew=True, task_id=OWN))
    own.ask()
    base = accepted()

    assert call_back(own, body) == (200, "callback_unclear")
    assert own.job().due == own.clock.now() + 120
    assert call_back(own, body | {"data": {"taskId": OWN}}, signed=OWN) == (200, "callback_unclear")
    assert call_back(base, body) == (200, "job_failed")
    assert base.job().error == Failure(
        Code.PROVIDER_FAILED, Code.PROVIDER_FAILED.message, Words(code, "E-1207 at https://kie.example/…")
    )


def test_a_failure_in_unknown_words_after_the_end_changes_nothing() -> None:
    stage = Stage(Response(meaning=Meaning.WORKING, accepted_anew=True, task_id=OWN))
    stage.ask()
    call_back(stage, SUCCESS)

    assert call_back(stage, {"code": 500, "msg": "E-1207", "data": None}) == (200, "callback_ignored")


@pytest.mark.parametrize("links", [[{"file": 5}], "nothing yet", ["https://file.example:99999/a.mp4"]])
def test_a_success_whose_link_cannot_be_used_is_polled(links: Any) -> None:
    stage = accepted()
    body = {"code": 200, "msg": "", "data": {"taskId": TASK, "resultUrls": links}}

    assert call_back(stage, body) == (200, "result_unreadable")
    assert (stage.job().state, stage.job().due) == (State.PROCESSING, stage.clock.now() + 120)


def test_a_callback_names_the_link_of_its_index() -> None:
    stage = accepted()
    second = URL.replace("a.mp4", "b.mp4")

    call_back(stage, {"code": 200, "msg": "", "data": {"taskId": TASK, "resultUrls": [f" {URL} ", second]}})
    assert stage.job().urls == (URL,)


def test_where_signatures_are_optional_a_missing_one_is_allowed() -> None:
    stage = accepted()
    bare = replace(request(stage, SUCCESS), headers={})

    assert handler(stage, optional=True).handle(bare, stage.clock.now())[0] == 200


def test_where_signatures_are_optional_one_that_comes_must_hold() -> None:
    stage = accepted()

    assert handler(stage, optional=True).handle(request(stage, SUCCESS, key=b"x"), stage.clock.now())[0] == 401


def test_with_optional_signatures_and_no_key_the_token_alone_decides() -> None:
    stage = accepted()
    keyless = replace(handler(stage, optional=True), webhook_keys=keys())

    assert keyless.handle(request(stage, SUCCESS, key=b"x"), stage.clock.now())[0] == 200


def test_an_unreachable_table_returns_503_so_that_the_provider_retries() -> None:
    stage = accepted()
    stage.faulty_jobs.fail("write")

    assert call_back(stage, SUCCESS) == (503, "callback_unanswered")


def test_the_jobs_of_one_task_have_callbacks_of_their_own() -> None:
    stage = accepted()
    call_back(stage, SUCCESS)
    stage.ask(index=1)

    assert stage.jobs.get(KEY) is not None
    assert make_token(TOKEN_KEY, TASK, 0, 1) != make_token(TOKEN_KEY, TASK, 1, 2)


def test_keys_that_cannot_be_read_are_answered_503() -> None:
    stage = accepted()

    def unreadable() -> tuple[bytes, ...]:
        raise StorageError("GetSecretValue: ThrottlingException")

    for blind in (replace(handler(stage), token_keys=unreadable), replace(handler(stage), webhook_keys=unreadable)):
        status, entry = blind.handle(request(stage, SUCCESS), stage.clock.now())

        assert (status, entry.event) == (503, "callback_unanswered")
