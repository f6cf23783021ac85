"""The examples beside a stack, as their pages say. Run by `make prove`."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import requests
from samtranslator.yaml_helper import yaml_parse
from standardwebhooks import Webhook

from local.cloud.deploy import deploy
from local.cloud.emulator import free_port
from local.cloud.environment import Environment, environment
from local.cloud.jobs_client import token_of
from local.cloud.parameters import JOBS_API
from local.kie import Settings
from local.paths import ROOT
from local.waiting import wait_until
from proofs.doubles.http_server import answering, posted
from tests.infrastructure.inbox import inbox

EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="module")
def env() -> Iterator[Environment]:
    with environment(Settings(speed=600), JOBS_API) as env:
        assert token_of(env.cloud).isalnum()  # else it may look like a pair of tokens
        yield env


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """Return an endpoint, and the headers and bodies that come in there."""
    deliveries: list[tuple[dict[str, str], bytes]] = []

    def take(handler: BaseHTTPRequestHandler) -> None:
        deliveries.append((dict(handler.headers), posted(handler)))
        handler.send_response(204)
        handler.end_headers()

    with answering(take) as url:
        yield f"{url}/ended?of=veo4k", deliveries


def test_the_webhook_delivers_what_the_reference_verifies(env: Environment, receiver: Any) -> None:
    endpoint, deliveries = receiver
    parameters = {"EventBusName": env.cloud.outputs["EventBusName"], "Endpoint": endpoint}
    outputs = deploy(env.cloud.endpoint, "webhook", EXAMPLES / "webhook/template.yaml", parameters)
    secrets = env.cloud.client("secretsmanager")
    secret = "whsec_" + secrets.get_secret_value(SecretId=outputs["SecretArn"])["SecretString"]
    env.cloud.send({"taskId": "veo_task_on_time_hook"}, {"taskId": "veo_task_failure_hook"})
    wait_until(lambda: len(deliveries) >= 2 or None)
    verified = {body["data"]["taskId"]: body for body in (Webhook(secret).verify(body, h) for h, body in deliveries)}
    assert {task: body["type"] for task, body in verified.items()} == {
        "veo_task_on_time_hook": "veo4k.job.succeeded",
        "veo_task_failure_hook": "veo4k.job.failed",
    }
    assert {headers["webhook-id"] for headers, _ in deliveries} == {b["data"]["eventId"] for b in verified.values()}


def test_notify_tells_of_a_job_that_ended_without_a_video(env: Environment) -> None:
    parameters = {"EventBusName": env.cloud.outputs["EventBusName"]}
    outputs = deploy(env.cloud.endpoint, "notify", EXAMPLES / "notify/template.yaml", parameters)
    reader = inbox(env.cloud, outputs["FailuresTopicArn"], "reader-of-notify")
    env.cloud.send({"taskId": "veo_task_failure_note"})
    [message, *_] = wait_until(lambda: reader.received() or None)
    text = json.loads(message["Body"])["Message"]
    assert text.startswith('"veo_task_failure_note#0#1 ended without a video, NOT_AVAILABLE_IN_4K: ')


def test_notify_posts_every_end_as_slack_expects_it(env: Environment, receiver: Any) -> None:
    """The emulator deploys no API destinations: the template's own are made by API calls, for another endpoint."""
    endpoint, deliveries = receiver
    resources = yaml_parse((EXAMPLES / "notify/template.yaml").read_text())["Resources"]
    connection, channel, rule = (resources[name]["Properties"] for name in ("Slack", "Channel", "Ended"))
    [target] = rule["Targets"]
    bus, events = env.cloud.outputs["EventBusName"], env.cloud.client("events")
    arn = events.create_connection(Name="slack", **connection)["ConnectionArn"]
    destination = {**channel, "ConnectionArn": arn, "InvocationEndpoint": endpoint}
    arn = events.create_api_destination(Name="channel", **destination)["ApiDestinationArn"]
    events.put_rule(Name="ended", EventBusName=bus, EventPattern=json.dumps(rule["EventPattern"]))
    role = "arn:aws:iam::000000000000:role/post-to-slack"
    events.put_targets(Rule="ended", EventBusName=bus, Targets=[{**target, "Arn": arn, "RoleArn": role}])
    env.cloud.send({"taskId": "veo_task_on_time_slack"})
    texts = wait_until(lambda: [json.loads(body) for _, body in deliveries if b"on_time_slack" in body] or None)
    assert texts[0] == {"text": "Veo 4K Job Succeeded: veo_task_on_time_slack#0#1"}


@pytest.fixture
def page(env: Environment) -> Iterator[str]:
    port = free_port()
    own = {"VEO4K_URL": env.cloud.outputs["JobsApiUrl"], "VEO4K_TOKEN": token_of(env.cloud), "PORT": str(port)}
    program = [sys.executable, str(EXAMPLES / "web-app/app.py")]
    with subprocess.Popen(program, env=os.environ | own, stderr=subprocess.DEVNULL) as server:  # noqa: S603  our own
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url) or None)
        yield url
        server.terminate()


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


def test_the_web_page_requests_a_job_and_shows_its_video(page: str) -> None:
    task = {"task": "veo_task_on_time_page"}
    requested = requests.post(page, task, headers={"Origin": page}, timeout=30)
    assert "http-equiv" in requested.text
    shown = wait_until(lambda: re.search(r'<video .*src="', requests.get(page, task, timeout=30).text))
    assert shown


def test_the_web_page_shows_why_a_job_failed_and_refuses_other_pages(page: str) -> None:
    task = {"task": "veo_task_failure_page"}
    assert requests.post(page, task, headers={"Origin": "http://elsewhere.example"}, timeout=30).status_code == 403
    requests.post(page, task, headers={"Origin": page}, timeout=30)
    wait_until(lambda: "FAILED The provider" in requests.get(page, task, timeout=30).text or None)
    assert "8 to 64 letters" in requests.post(page, {"task": "short"}, headers={"Origin": page}, timeout=30).text
