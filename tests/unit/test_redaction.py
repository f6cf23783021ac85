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

import archive.app
import callback.app
import publish.app
import submit.app
import sweep.app
from proofs.doubles.archive_memory import MemoryArchive
from proofs.doubles.stage import TASK, Stage
from tests.unit.cli.operator import Operator
from tests.unit.conftest import Context
from veo4k.adapters.download import GuardedDownloads
from veo4k.adapters.dynamodb_types import to_typed
from veo4k.adapters.event_publisher import AwsEventPublisher
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
from veo4k.services.generated import GenerationHandler
from veo4k.services.publish import Publisher

API_KEY, WEBHOOK_KEY, TOKEN_KEY = "canary-api-key", "canary-webhook-key", "canary-token-key"
QUERY, TASK_TOKEN = "canary-url-query", "canary-task-token"
GENERATED = make_generated_token(TOKEN_KEY.encode())
TOKEN = make_token(TOKEN_KEY.encode(), TASK, 0, 1)  # and the signature of the time: see `signature`
URL = f"https://file.invalid/v/a.mp4?sig={QUERY}"
HOSTS = ResultHosts.parse("file.invalid", "https://api.invalid")
OTHER_HOST = f"https://evil.invalid/v/a.mp4?sig={QUERY}"
LogOutput = Callable[[], str]


class Cloud:
    """Every AWS client at once: it knows the secrets, and refuses all else with words that quote what was sent."""

    exceptions = type("Exceptions", (), {})

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
    """The line to the provider: gives or raises what is next, and remembers what it was sent."""

    def __init__(self) -> None:
        self.next: Callable[[], Any] = lambda: None
        self.sent: list[str] = []

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        return request.prepare()

    def send(self, request: requests.PreparedRequest, **_: Any) -> Any:
        self.sent.append(f"{request.headers} {request.body!r}")
        return self.next()


@dataclass
class House:
    """All five functions, over doubles of what is outside and the real adapters on the way there."""

    stage: Stage = field(default_factory=Stage)
    line: Line = field(default_factory=Line)
    cloud: Any = field(default_factory=Cloud)

    def secret(self, name: str) -> Secret:
        return Secret(self.cloud, name, self.stage.clock.now)

    def move_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        line = cast("requests.Session", self.line)
        kie = KieProvider("https://api.invalid", "https://me.invalid", self.secret("api"), self.secret("token"), line)
        stage: Any = self.stage
        stage.provider, stage.hosts = kie, HOSTS
        stage.faulty_queue = SqsQueue(self.cloud, "queue", "dead")
        keys = self.secret("token").in_use, self.secret("webhook").in_use
        callback_handler = CallbackHandler(self.stage.jobs, *keys, self.stage.times, HOSTS, is_signature_optional=False)
        announcements = AwsEventPublisher(self.cloud, self.cloud, self.cloud, "queue", "bus")
        publisher = Publisher(self.stage.jobs, announcements, 90, keep_base=True, times=self.stage.times)
        archiver = Archiver(
            jobs=self.stage.jobs,
            open_download=GuardedDownloads(HOSTS, self.stage.clock.now).open,
            archive=MemoryArchive(),
            clock=self.stage.clock,
            new_id=self.stage.new_id,
            times=self.stage.times,
        )
        built = [
            (submit.app, "clock", self.stage.clock),
            (sweep.app, "clock", self.stage.clock),
            (sweep.app, "health", self.stage.health()),
            (callback.app, "callback_handler", callback_handler),
            (callback.app, "generation_handler", GenerationHandler(SqsJobSender(self.cloud, "queue"), *keys)),
            (callback.app, "clock", self.stage.clock),
            (publish.app, "publisher", publisher),
            (publish.app, "clock", self.stage.clock),
            (archive.app, "archiver", archiver),
            (archive.app, "clock", self.stage.clock),
        ]
        monkeypatch.setattr(submit.app, "submitter", self.stage.submitter)
        monkeypatch.setattr(sweep.app, "sweeper", self.stage.sweeper)
        for app, name, part in built:
            monkeypatch.setattr(app, name, lambda part=part: part)


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    house = House()
    house.move_in(monkeypatch)
    return house


@pytest.fixture
def searched(house: House, log_output: LogOutput) -> Iterator[list[str]]:
    """Return a list for what a test receives; search it in the end, with all logs, metrics, announcements and rows."""
    found: list[str] = []
    yield found
    logged = log_output()
    assert '"message":' in logged
    kept = [json.dumps(part) for job in house.stage.jobs.all() for part in (stored(job), detail(job))]
    out = "\n".join([logged, *found, *kept, *house.cloud.reasons, *printed(house)])
    assert [canary for canary in canaries(house) if canary in out] == []


def stored(job: Job) -> dict[str, Any]:
    """Return a row without what it may hold until the job's end is announced."""
    return {name: value for name, value in job.row().items() if name not in ("#urls", "#images", "#tokens")}


def printed(house: House) -> Iterator[str]:
    """Yield what the command line prints about the jobs."""
    operator = Operator()
    for job in house.stage.jobs.all():
        operator.table.put(job)
        yield from (operator.run("show", job.task_id, *words).out for words in ((), ("--json",)))
    yield from (operator.run(*words).out for words in (("list",), ("list", "--json"), ("doctor",)))


def canaries(house: House) -> set[str]:
    times = range(int(house.stage.clock.now()) - 4000, int(house.stage.clock.now()) + 1, 1)
    signatures = {make_signature(WEBHOOK_KEY.encode(), TASK, str(time)) for time in times}
    plain = {API_KEY, WEBHOOK_KEY, TOKEN_KEY, QUERY, TASK_TOKEN, TOKEN, GENERATED}
    return plain | {quote(word) for word in plain} | signatures


def message(body: Any, house: House, context: Context) -> str:
    text = body if isinstance(body, str) else json.dumps(body)
    record = {"messageId": "m1", "body": text, "receiptHandle": "r1", "attributes": {"ApproximateReceiveCount": "1"}}
    return json.dumps(submit.app.handler({"Records": [record]}, context))


def answer(status: int, body: Any) -> Callable[[], Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def respond() -> Any:
        response = requests.Response()
        response.status_code = status
        response.raw = HTTPResponse(BytesIO(content), status=status, preload_content=False)
        return response

    return respond


def raising(error: Exception) -> Callable[[], Any]:
    def raise_it() -> Any:
        raise error

    return raise_it


QUOTED = f"Bearer {API_KEY} https://me.invalid/callbacks/{TASK}/0/1/{TOKEN} {URL}"
PROVIDER = {
    "acceptances": answer(200, {"code": 200, "msg": QUOTED, "data": {"taskId": TASK}}),
    "has the result": answer(200, {"code": 200, "msg": QUOTED, "data": {"taskId": TASK, "resultUrls": [URL]}}),
    "has it on another host": answer(200, {"code": 200, "data": {"taskId": TASK, "resultUrls": [OTHER_HOST]}}),
    "refuses": answer(200, {"code": 422, "msg": f"record is null {QUOTED}", "data": None}),
    "fails": answer(200, {"code": 500, "msg": QUOTED, "data": None}),
    "has no credits": answer(200, {"code": 402, "msg": QUOTED}),
    "refuses the key": answer(401, {"code": 401, "msg": QUOTED}),
    "is a proxy": answer(502, f"<html>{QUOTED}</html>".encode()),
    "is gone": answer(404, QUOTED.encode()),
    "hangs": raising(requests.ReadTimeout(QUOTED)),
    "breaks": raising(ValueError(QUOTED)),
}


@pytest.mark.parametrize("how", PROVIDER)
def test_nothing_leaks_whatever_the_provider_answers(
    house: House, searched: list[str], context: Context, how: str
) -> None:
    house.line.next = PROVIDER[how]
    searched.append(message({"taskId": TASK, "taskToken": TASK_TOKEN}, house, context))
    house.stage.clock.advance(800)
    searched.append(json.dumps(sweep.app.handler({}, context)))

    assert API_KEY in house.line.sent[0]


LINK = f"https://me.invalid/callbacks/{TASK}/0/1/{TOKEN}"
WORDS = {
    "a header": f"got Authorization: Bearer {API_KEY}",
    "a named key": f"apiKey={API_KEY} and webhook_key: {WEBHOOK_KEY} are not active",
    "named keys in JSON": json.dumps({"api_key": API_KEY, "Authorization": f"Bearer {API_KEY}", "secret": TOKEN_KEY}),
    "a callback URL": f"could not call <{LINK}>: {TOKEN} was refused",
    "a callback URL in JSON": json.dumps({"callBackUrl": LINK.replace("/", "\\/")}),
    "a callback URL, encoded": quote(LINK, safe=""),
    "a signature": f"X-Webhook-Signature: {make_signature(WEBHOOK_KEY.encode(), TASK, '1800000000')}",
    "a link": f"no file at {URL}, nor at ({URL})",
    "a link, encoded": f"no file at {quote(URL, safe='')}",
    "a query": f"no file at /v/a.mp4?sig={QUERY}&expires=1 or &sig={QUERY}",
}


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("code", [422, 500])
def test_no_secret_in_the_providers_words_is_kept_or_printed(
    house: House, searched: list[str], context: Context, words: str, code: int
) -> None:
    """In an unclear response, and in the callback that ends the job."""
    house.line.next = answer(200, {"code": code, "msg": WORDS[words], "data": None})
    searched.append(message({"taskId": TASK}, house, context))
    searched.extend([*printed(house), json.dumps(stored(house.stage.job()))])
    searched.append(called_back(house, context, {"code": code, "msg": WORDS[words], "data": None}))
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
def test_nothing_leaks_from_a_message_that_is_refused(
    house: House, searched: list[str], context: Context, body: Any
) -> None:
    searched.append(message(body, house, context))

    assert house.cloud.reasons


def called_back(house: House, context: Context, body: Any, *, is_generated: bool = False, **changes: Any) -> str:
    time = str(int(house.stage.clock.now()))
    signature = make_signature(WEBHOOK_KEY.encode(), TASK, time)
    headers = {"X-Webhook-Timestamp": time, "X-Webhook-Signature": signature, "Authorization": API_KEY} | changes
    text = body if isinstance(body, str) else json.dumps(body)
    path = {"taskId": TASK, "index": "0", "run": "1", "token": changes.get("token", TOKEN)}
    event = {"pathParameters": path, "headers": headers, "body": text, "rawPath": f"/callbacks/{TASK}/0/1/{TOKEN}"}
    if is_generated:
        event |= {"pathParameters": {"token": changes.get("token", GENERATED)}, "rawPath": f"/generated/{GENERATED}"}
        event |= {"routeKey": callback.app.GENERATED, "rawQueryString": f"order={QUERY}&={QUERY}"}
    return json.dumps(callback.app.handler(event, context))


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
def test_nothing_leaks_from_a_callback(
    house: House, searched: list[str], context: Context, body: Any, changes: dict[str, Any]
) -> None:
    house.line.next = PROVIDER["acceptances"]
    message({"taskId": TASK, "taskToken": TASK_TOKEN}, house, context)
    searched.append(called_back(house, context, body, **changes))
    searched.append(called_back(house, context, body, **changes))
    searched.append(called_back(house, context, body, is_generated=True, **changes))
    house.cloud.send_message_batch = lambda **_: {"Successful": []}
    searched.append(called_back(house, context, body, is_generated=True, **changes))


def test_nothing_leaks_where_the_table_cannot_be_reached(
    house: House, searched: list[str], context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.line.next = PROVIDER["acceptances"]
    message({"taskId": TASK, "taskToken": TASK_TOKEN}, house, context)
    from veo4k.adapters.jobs_dynamodb import DynamoJobs  # noqa: PLC0415  only here is the table the real one

    monkeypatch.setattr(house.cloud.exceptions, "ConditionalCheckFailedException", KeyError, raising=False)
    broken = DynamoJobs(house.cloud, "table")
    monkeypatch.setattr(house.stage.jobs, "write", broken.write)
    searched.append(called_back(house, context, BODIES[0]))
    searched.append(message({"taskId": "another_task_1", "taskToken": TASK_TOKEN}, house, context))


def ready(house: House) -> Job:
    job = house.stage.job()
    put = {"state": State.READY, "urls": (URL,), "result_urls": ("https://file.invalid/v/a.mp4",), "image_urls": (URL,)}
    house.stage.jobs.write(ConditionalUpdate(key=job.key, when=(is_("state", job.state),), put=put))
    return house.stage.job()


def test_nothing_leaks_from_a_download_that_fails(house: House, searched: list[str], context: Context) -> None:
    house.line.next = PROVIDER["acceptances"]
    message({"taskId": TASK, "taskToken": TASK_TOKEN}, house, context)
    ready(house)
    record = {"messageId": "m", "body": json.dumps({"taskId": TASK, "run": 1}), "receiptHandle": "r", "attributes": {}}
    searched.append(json.dumps(archive.app.handler({"Records": [record]}, context)))


@pytest.mark.parametrize("state", [State.READY, State.FAILED])
def test_nothing_leaks_from_an_announcement_that_fails(
    house: House, searched: list[str], context: Context, state: State
) -> None:
    house.line.next = PROVIDER["acceptances"] if state is State.READY else PROVIDER["refuses"]
    message({"taskId": TASK, "taskToken": TASK_TOKEN}, house, context)
    if state is State.READY:
        ready(house)
    image = {name: to_typed(value) for name, value in house.stage.job().row().items()}
    records = [{"dynamodb": {"NewImage": image}}, {"dynamodb": {"NewImage": {"taskId": {"N": TASK_TOKEN}}}}]
    searched.append(json.dumps(publish.app.handler({"Records": records}, context)))
