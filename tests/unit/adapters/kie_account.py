"""An account at a provider of the test's making."""

from dataclasses import replace
from typing import Any

from proofs.doubles.time_manual import ManualClock
from tests.unit.adapters.fake_aws import FakeClient
from tests.unit.adapters.provider_server import ProviderServer, Say, provider_saying
from veo4k.adapters.provider_kie import KieProvider
from veo4k.adapters.secrets import Secret
from veo4k.domain.job import Job, State
from veo4k.domain.response import Response

KEY = "sk-1234567890"
TASK = "veo_task_abcdef123456"
OWN = "4k_task_abcdef123456"
URL = "https://file.aiquickdraw.com/v/1.mp4"
SECONDS = 0.4
CALLBACKS = "https://api.example"
# By hand: base64url(HMAC-SHA256("token-key", "4k|veo_task_abcdef123456|0|1"))
TOKEN = "OixAwZFfz_F2AZzzW0uOcRRWs_dtAohVgg0y_obPqqY"
JOB = Job(task_id=TASK, run=1, index=0, state=State.SUBMITTING, created_at=0, requests_sent=1)
PROCESSING = replace(JOB, state=State.PROCESSING)
ACCEPTED = {"code": 200, "msg": "success", "data": {"taskId": TASK, "resultUrls": None, "imageUrls": None}}


def secret(*answers: Any) -> Secret:
    """Return a secret that is looked up with these answers."""
    return Secret(FakeClient(*answers), "the-secret", ManualClock().now)  # type: ignore[arg-type]


def holding(text: str) -> Secret:
    """Return a secret that holds this text."""
    return secret({"SecretString": text})


def account(
    url: str, *, api_key: Secret | None = None, token_key: Secret | None = None, base: str = CALLBACKS
) -> KieProvider:
    """Return the account at that provider, which waits for it less long."""
    return KieProvider(
        base_url=url,
        callback_base=base,
        api_key=api_key or holding(KEY),
        token_key=token_key or holding("token-key"),
        seconds=SECONDS,
    )


def ask(say: Say, job: Job = JOB) -> tuple[Response, ProviderServer]:
    """Send the paid request to a provider that says this."""
    with provider_saying(say) as provider:
        return account(provider.url).submit(job), provider


def probe(say: Say, job: Job) -> tuple[Response, ProviderServer]:
    """Probe at a provider that says this."""
    with provider_saying(say) as provider:
        return account(provider.url).poll(job), provider
