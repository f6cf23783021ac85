"""Nothing leaks: six secrets are sent through every function's handler, on its good and its bad paths.

Everything that comes out is searched for them: log lines, metrics, answers, events, reasons beside dead letters, rows.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, cast
from urllib.parse import quote

import pytest
import requests
from botocore.exceptions import ClientError
from urllib3 import HTTPResponse

from bench.stack import function_module
from proofs.doubles.archive_memory import MemoryArchive
from proofs.doubles.fake_aws import typed_row
from proofs.doubles.stage import TASK, Stage
from proofs.doubles.time_manual import NOON
from tests.unit.cli.operator import Operator
from tests.unit.conftest import Context
from veo4k import bootstrap
from veo4k.adapters.download import GuardedDownloads
from veo4k.adapters.event_publisher import AwsEventPublisher
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.adapters.provider_kie import KieProvider
from veo4k.adapters.queue_sqs import SqsJobSender, SqsQueue
from veo4k.adapters.secrets import Secret
from veo4k.domain.callback_auth import make_generated_token, make_signature, make_token
from veo4k.domain.conditional_update import ConditionalUpdate, is_
from veo4k.domain.event import detail
from veo4k.domain.job import Job, State
from veo4k.domain.result_url import ResultHosts
from veo4k.services.archive import Archiver
from veo4k.services.callback import CallbackHandler
from veo4k.services.generation import GenerationHandler
from veo4k.services.publish import Publisher

submit, callback, sweep, publish, archive = map(function_module, ("submit", "callback", "sweep", "publish", "archive"))
API_KEY, WEBHOOK_KEY, TOKEN_KEY = "canary-api-key", "canary-webhook-key", "canary-token-key"
QUERY, TASK_TOKEN = "canary-url-query", "canary-task-token"
GENERATED = make_generated_token(TOKEN_KEY.encode())
TOKEN = make_token(TOKEN_KEY.encode(), TASK, 0, 1)  # and the signature of the time: see `signature`
URL = f"https://file.invalid/v/a.mp4?sig={QUERY}"
HOSTS = ResultHosts.parse("file.invalid", "https://api.invalid")
OTHER_HOST = f"https://evil.invalid/v/a.mp4?sig={QUERY}"
PATH = f"/callbacks/{TASK}/0/1/{TOKEN}"
MESSAGE = {"taskId": TASK, "taskToken": TASK_TOKEN}


def signature(time: int) -> str:
    return make_signature(WEBHOOK_KEY.encode(), TASK, str(time))


class Cloud:
    """Every AWS client at once: it knows the secrets, and refuses all else with words that quote what was sent."""

    exceptions = type("Exceptions", (), {"ConditionalCheckFailedException": KeyError})

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def send_message(self, **sent: Any) -> None:
        """Take a dead letter, the body of which is its sender's own; the reason beside it is ours."""
        self.reasons.append(json.dumps(sent["MessageAttributes"]))

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803  the SDK's name
        return {"SecretString": {"api": API_KEY, "webhook": WEBHOOK_KEY, "token": TOKEN_KEY}[SecretId]}

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def refused(**sent: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": f"{sent} {API_KEY}"}}, operation)

        return refused


class Line:
    """The line to the provider: answers with status and body, or raises, and remembers what it was sent."""

    def __init__(self) -> None:
        self.answer = PROVIDER["accepts"]
        self.sent: list[str] = []

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        return request.prepare()

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        self.sent.append(f"{request.headers} {request.body!r}")
        if isinstance(self.answer, Exception):
            raise self.answer
        status, body = self.answer
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = requests.Response()
        response.status_code = status
        response.raw = HTTPResponse(BytesIO(content), status=status, preload_content=False)
        return response


@dataclass
class House:
    """All five functions, over doubles of what is outside and the real adapters on the way there."""

    stage: Stage = field(default_factory=Stage)
    line: Line = field(default_factory=Line)
    cloud: Any = field(default_factory=Cloud)
    answers: list[str] = field(default_factory=list)
    signatures: set[str] = field(default_factory=lambda: {signature(int(NOON))})

    def secret(self, name: str) -> Secret:
        return Secret(self.cloud, name, self.stage.clock.now)

    def move_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        line = cast("requests.Session", self.line)
        kie = KieProvider("https://api.invalid", "https://me.invalid", self.secret("api"), self.secret("token"), line)
        stage: Any = self.stage
        stage.provider, stage.hosts = kie, HOSTS
        stage.faulty_queue = SqsQueue(lambda: self.cloud, "queue", "dead")
        keys = {"token_keys": self.secret("token").in_use, "webhook_keys": self.secret("webhook").in_use}
        job_sender = SqsJobSender(self.cloud, "queue")
        announcements = AwsEventPublisher(self.cloud, self.cloud, self.cloud, "queue", "bus")
        downloads = GuardedDownloads(HOSTS, stage.clock.now).open
        built = [
            (sweep, "health", stage.health()),
            (callback, "callback_handler", stage.made(CallbackHandler, **keys, is_signature_optional=False)),
            (callback, "generation_handler", stage.made(GenerationHandler, **keys, job_sender=job_sender)),
            (publish, "publisher", stage.made(Publisher, events=announcements, retention_days=90, keep_base=True)),
            (archive, "archiver", stage.made(Archiver, open_download=downloads, archive=MemoryArchive())),
            *((app, "clock", stage.clock) for app in (bootstrap, callback, publish)),
        ]
        monkeypatch.setattr(submit, "submitter", stage.submitter)
        monkeypatch.setattr(sweep, "sweeper", stage.sweeper)
        for app, name, part in built:
            monkeypatch.setattr(app, name, lambda part=part: part)

    def invoke(self, app: Any, event: dict[str, Any]) -> None:
        self.answers.append(json.dumps(app.handler(event, Context())))

    def receive(self, body: Any = MESSAGE) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        record = {"messageId": "m1", "body": text, "receiptHandle": "r1"}
        self.invoke(submit, {"Records": [record | {"attributes": {"ApproximateReceiveCount": "1"}}]})

    def call_back(self, body: Any, *, is_generated: bool = False, **changes: Any) -> None:
        time = int(self.stage.clock.now())
        self.signatures.add(signature(time))
        headers = {"X-Webhook-Timestamp": str(time), "X-Webhook-Signature": signature(time), "Authorization": API_KEY}
        text = body if isinstance(body, str) else json.dumps(body)
        path = {"taskId": TASK, "index": "0", "run": "1", "token": changes.get("token", TOKEN)}
        event = {"pathParameters": path, "headers": headers | changes, "body": text, "rawPath": PATH}
        if is_generated:
            event |= {
                "pathParameters": {"token": changes.get("token", GENERATED)},
                "rawPath": f"/generated/{GENERATED}",
            }
            event |= {"routeKey": callback.GENERATED, "rawQueryString": f"order={QUERY}&={QUERY}"}
        self.invoke(callback, event)

    def find_result(self) -> None:
        """Write a job's result to its row."""
        job = self.stage.job()
        links = {"urls": (URL,), "result_urls": ("https://file.invalid/v/a.mp4",), "image_urls": (URL,)}
        self.stage.jobs.write(
            ConditionalUpdate(key=job.key, when=(is_("state", job.state),), put={"state": State.READY, **links})
        )

    def printed(self) -> Iterator[str]:
        """Yield what the command line prints about the jobs."""
        operator = Operator()
        for job in self.stage.jobs.all():
            operator.table.put(job)
            yield from (operator.run("show", job.task_id, *words).out for words in ((), ("--json",)))
        yield from (operator.run(*words).out for words in (("list",), ("list", "--json"), ("doctor",)))

    def canaries(self) -> set[str]:
        plain = {API_KEY, WEBHOOK_KEY, TOKEN_KEY, QUERY, TASK_TOKEN, TOKEN, GENERATED} | self.signatures
        return plain | {quote(word) for word in plain}


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch, log_output: Callable[[], str]) -> Iterator[House]:
    """Return the functions; in the end, search their answers and all logs, metrics, announcements and rows."""
    house = House()
    house.move_in(monkeypatch)
    yield house
    logged = log_output()
    assert '"message":' in logged
    kept = [json.dumps(part) for job in house.stage.jobs.all() for part in (stored(job), detail(job))]
    out = "\n".join([logged, *house.answers, *kept, *house.cloud.reasons, *house.printed()])
    assert [canary for canary in house.canaries() if canary in out] == []


def stored(job: Job) -> dict[str, Any]:
    """Return a row without what it may hold until the job's end is announced."""
    return {name: value for name, value in job.row().items() if name not in ("#urls", "#images", "#tokens")}


QUOTED = f"Bearer {API_KEY} https://me.invalid{PATH} {URL}"
PROVIDER: dict[str, tuple[int, Any] | Exception] = {
    "accepts": (200, {"code": 200, "msg": QUOTED, "data": {"taskId": TASK}}),
    "has the result": (200, {"code": 200, "msg": QUOTED, "data": {"taskId": TASK, "resultUrls": [URL]}}),
    "has it on another host": (200, {"code": 200, "data": {"taskId": TASK, "resultUrls": [OTHER_HOST]}}),
    "refuses": (200, {"code": 422, "msg": f"record is null {QUOTED}", "data": None}),
    "fails": (200, {"code": 500, "msg": QUOTED, "data": None}),
    "has no credits": (200, {"code": 402, "msg": QUOTED}),
    "refuses the key": (401, {"code": 401, "msg": QUOTED}),
    "is a proxy": (502, f"<html>{QUOTED}</html>".encode()),
    "is gone": (404, QUOTED.encode()),
    "hangs": requests.ReadTimeout(QUOTED),
    "breaks": ValueError(QUOTED),
}


@pytest.mark.parametrize("answer", PROVIDER.values(), ids=PROVIDER)
def test_nothing_leaks_whatever_the_provider_answers(house: House, answer: tuple[int, Any] | Exception) -> None:
    house.line.answer = answer
    house.receive()
    house.stage.clock.advance(800)
    house.invoke(sweep, {})

    assert API_KEY in house.line.sent[0]


LINK = f"https://me.invalid{PATH}"
WORDS = {
    "a header": f"got Authorization: Bearer {API_KEY}",
    "a named key": f"apiKey={API_KEY} and webhook_key: {WEBHOOK_KEY} are not active",
    "named keys in JSON": json.dumps({"api_key": API_KEY, "Authorization": f"Bearer {API_KEY}", "secret": TOKEN_KEY}),
    "a callback URL": f"could not call <{LINK}>: {TOKEN} was refused",
    "a callback URL in JSON": json.dumps({"callBackUrl": LINK.replace("/", "\\/")}),
    "a callback URL, encoded": quote(LINK, safe=""),
    "a signature": f"X-Webhook-Signature: {signature(int(NOON))}",
    "a link": f"no file at {URL}, nor at ({URL})",
    "a link, encoded": f"no file at {quote(URL, safe='')}",
    "a query": f"no file at /v/a.mp4?sig={QUERY}&expires=1 or &sig={QUERY}",
}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
@pytest.mark.parametrize("code", [422, 500])
def test_no_secret_in_the_providers_words_is_kept_or_printed(house: House, words: str, code: int) -> None:
    """In an unclear response, and in the callback that ends the job."""
    envelope = {"code": code, "msg": words, "data": None}
    house.line.answer = (200, envelope)
    house.receive({"taskId": TASK})
    house.answers += [*house.printed(), json.dumps(stored(house.stage.job()))]
    house.call_back(envelope)

    assert (house.stage.job().state, bool(house.stage.job().words)) == (State.FAILED, True)


@pytest.mark.parametrize(
    "body",
    [
        f'{{"taskId": "{TASK}", "taskToken": "{TASK_TOKEN}"',
        {"taskId": TASK_TOKEN + "!", "taskToken": TASK_TOKEN},
        {"taskId": TASK, "taskToken": [TASK_TOKEN]},
        {"taskId": TASK, "apiKey": API_KEY},
        {"taskId": TASK, "index": API_KEY},
        {"taskId": TASK, "tags": {"key": [API_KEY]}},
    ],
)
def test_nothing_leaks_from_a_message_that_is_refused(house: House, body: Any) -> None:
    house.receive(body)

    assert house.cloud.reasons


BODIES = [
    {"code": 200, "msg": QUOTED, "data": {"taskId": TASK, "info": {"resultUrls": [URL]}}},
    {"code": 200, "msg": QUOTED, "data": {"taskId": TASK, "info": {"resultUrls": [OTHER_HOST]}}},
    {"code": 200, "msg": QUOTED, "data": {"taskId": TASK}},
    {"code": 500, "msg": QUOTED, "data": None},
    {"code": 200, "msg": QUOTED, "data": {"taskId": QUERY}},
    f'{{"code": 200, "{QUERY}": 1, "{QUERY}": 2}}',
    QUOTED,
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    "changes", [{}, {"X-Webhook-Signature": WEBHOOK_KEY}, {"X-Webhook-Timestamp": QUERY}, {"token": TOKEN_KEY}]
)
def test_nothing_leaks_from_a_callback(house: House, body: Any, changes: dict[str, Any]) -> None:
    house.receive()
    house.call_back(body, **changes)
    house.call_back(body, **changes)
    house.call_back(body, is_generated=True, **changes)
    house.cloud.send_message_batch = lambda **_: {"Successful": []}
    house.call_back(body, is_generated=True, **changes)


def test_nothing_leaks_where_the_table_cannot_be_reached(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.receive()
    monkeypatch.setattr(house.stage.jobs, "write", DynamoJobs(house.cloud, "table").write)
    house.call_back(BODIES[0])
    house.receive(MESSAGE | {"taskId": "another_task_1"})


def test_nothing_leaks_from_a_download_that_fails(house: House) -> None:
    house.receive()
    house.find_result()
    record = {"messageId": "m", "body": json.dumps({"taskId": TASK, "run": 1}), "receiptHandle": "r", "attributes": {}}
    house.invoke(archive, {"Records": [record]})


@pytest.mark.parametrize("has_result", [True, False])
def test_nothing_leaks_from_an_announcement_that_fails(house: House, has_result: bool) -> None:
    house.line.answer = PROVIDER["accepts" if has_result else "refuses"]
    house.receive()
    if has_result:
        house.find_result()
    image = typed_row(house.stage.job())
    records = [{"dynamodb": {"NewImage": image}}, {"dynamodb": {"NewImage": {"taskId": {"N": TASK_TOKEN}}}}]
    house.invoke(publish, {"Records": records})
