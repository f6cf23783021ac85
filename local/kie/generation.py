"""Paid generations of 4K versions: how one starts, lasts, ends and calls back. Both APIs share it."""

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.kie.callback_payloads import Result
from local.kie.callbacks import deliver
from local.kie.ledger import Charge
from local.kie.provider import Provider, Upscale
from local.kie.responses import REFUSALS, Envelope
from local.kie.scenarios import Callback, Scenario


@dataclass(frozen=True, slots=True)
class UpscaleRequest:
    """The content of a POST of either API."""

    task_id: str
    index: int
    callback_url: str


def refusal(provider: Provider, scenario: Scenario, request: UpscaleRequest, now: float) -> Envelope | None:
    """Return why the base task cannot be upscaled (yet). None: it can."""
    first = provider.first_requested.setdefault(request.task_id, now)
    over = now - first >= provider.settings.real_seconds(scenario.refused_minutes)
    return REFUSALS[scenario.refusal] if scenario.refusal and not over else None


def start(
    provider: Provider,
    request: UpscaleRequest,
    record_id: str,
    payload: Callable[[str, Result], dict[str, Any]],
    now: float,
) -> Upscale | None:
    """Charge for a generation and start it. Return None where the balance is too low."""
    charge = Charge(request.task_id, request.index, record_id, provider.settings.price, now)
    if not provider.ledger.charge(charge):
        return None
    scenario = provider.scenario(request.task_id)
    upscale = Upscale(
        charge=charge,
        scenario=scenario,
        callback_url=request.callback_url,
        payload=payload,
        minutes=_minutes(provider, scenario, request),
        started_at=now,
    )
    provider.upscales.append(upscale)
    provider.records[record_id] = upscale
    provider.spawn(_generate(provider, upscale))
    return upscale


async def wait_for_early_callback(provider: Provider, upscale: Upscale) -> None:
    """Delay the response of the POST until a callback was sent, in scenarios where the callback comes first."""
    if upscale.scenario.early and upscale.callback_url:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(upscale.called_back.wait(), provider.settings.callback_timeout_seconds)


def new_record_id(provider: Provider, request: UpscaleRequest) -> str:
    """Return a new id of 32 hex digits, as the provider's own ids are."""
    return provider.secret_digest(f"record {request.task_id} {request.index} {len(provider.upscales)}")


def progress(provider: Provider, upscale: Upscale, now: float) -> float:
    """Return how much of the generation has passed; 1 is its end."""
    seconds = provider.settings.real_seconds(upscale.minutes)
    return min((now - upscale.started_at) / seconds, 1.0) if seconds else 1.0


def _minutes(provider: Provider, scenario: Scenario, request: UpscaleRequest) -> float:
    if scenario.early:
        return 0.0
    chance = random.Random(f"{provider.settings.seed} {request.task_id} {request.index}")  # noqa: S311  a duration
    return scenario.minutes or chance.uniform(*provider.settings.generation_minutes)


async def _generate(provider: Provider, upscale: Upscale) -> None:
    async with asyncio.TaskGroup() as group:
        for callback in upscale.scenario.callbacks if upscale.callback_url else ():
            group.create_task(_call_back(provider, upscale, callback))
        await provider.pass_minutes(upscale.minutes)
        await provider.generations_allowed.wait()
        _finish(provider, upscale)


def _finish(provider: Provider, upscale: Upscale) -> None:
    now = upscale.started_at + provider.settings.real_seconds(upscale.minutes)
    upscale.phase, upscale.finished_at = ("failed" if upscale.scenario.fails else "success"), now
    if upscale.scenario.fails:
        provider.ledger.refund(upscale.charge, now)
    upscale.ended.set()


async def _call_back(provider: Provider, upscale: Upscale, callback: Callback) -> None:
    if callback.at >= 1:
        await upscale.ended.wait()
    else:
        await provider.pass_minutes(callback.at * upscale.minutes)
    await provider.pass_minutes(callback.delay)
    await deliver(provider, upscale, callback)
