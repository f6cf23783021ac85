"""An account at a provider of the test's making."""

from dataclasses import replace
from typing import Any

from proofs.doubles.fake_aws import FakeClient
from proofs.doubles.time_manual import ManualClock
from tests.unit.adapters.raw_server import Answer, RawServer, serving
from veo4k.adapters.provider_kie import KieProvider
from veo4k.adapters.secrets import Secret
from veo4k.domain.job import Job, ProviderApi, State
from veo4k.domain.response import Response

KEY = "sk-1234567890"
TASK = "veo_task_abcdef123456"
OWN = "4k_task_abcdef123456"
SECONDS = 0.4
CALLBACKS = "https://api.example"
# By hand: base64url(HMAC-SHA256("token-key", "4k|veo_task_abcdef123456|0|1"))
TOKEN = "OixAwZFfz_F2AZzzW0uOcRRWs_dtAohVgg0y_obPqqY"
JOB = Job(task_id=TASK, run=1, index=0, state=State.SUBMITTING, created_at=0, requests_sent=1)
JOBS = replace(JOB, provider_api=ProviderApi.JOBS)
ACCEPTED = {"code": 200, "msg": "success", "data": {"taskId": TASK, "resultUrls": None, "imageUrls": None}}


def secret(*answers: Any) -> Secret:
    """Return a secret that is looked up with these answers."""
    return Secret(FakeClient(*answers), "the-secret", ManualClock().now)  # type: ignore[arg-type]


def holding(text: str) -> Secret:
    return secret({"SecretString": text})


def account(url: str, **parts: Any) -> KieProvider:
    """Return the account at that provider, which waits for it less long."""
    usual: dict[str, Any] = {"callback_base": CALLBACKS, "api_key": holding(KEY), "token_key": holding("token-key")}
    return KieProvider(base_url=url, seconds=SECONDS, **usual | parts)


def submitted(answer: Answer, job: Job = JOB, **parts: Any) -> tuple[Response, RawServer]:
    """Send the paid request to a provider that answers so."""
    with serving(answer) as provider:
        return account(provider.url, **parts).submit(job), provider


def polled(answer: Answer, job: Job) -> tuple[Response, RawServer]:
    """Poll at a provider that answers so."""
    with serving(answer) as provider:
        return account(provider.url).poll(job), provider
