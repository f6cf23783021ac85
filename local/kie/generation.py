"""Paid attempts: how one starts, lasts, ends and calls back. Both contracts share it."""

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.kie.callback_payloads import News
from local.kie.callbacks import deliver
from local.kie.ledger import Charge
from local.kie.provider import Provider, Upscale
from local.kie.responses import REFUSALS, Answer
from local.kie.scenarios import Callback, Scenario


@dataclass(frozen=True, slots=True)
class Order:
    """What a POST of either contract asks for."""

    task_id: str
    index: int
    callback_url: str


def refusal(provider: Provider, scenario: Scenario, order: Order, now: float) -> Answer | None:
    """Why the base task cannot be upscaled (yet); None if it can."""
    first = provider.first_asked.setdefault(order.task_id, now)
    over = now - first >= provider.settings.real_seconds(scenario.refused_minutes)
    return REFUSALS[scenario.refusal] if scenario.refusal and not over else None


def start(
    provider: Provider, order: Order, record_id: str, body: Callable[[str, News], dict[str, Any]], now: float
) -> Upscale | None:
    """Charge for an attempt and set it going; None where the credits do not reach."""
    charge = Charge(order.task_id, order.index, record_id, provider.settings.price, now)
    if not provider.ledger.charge(charge):
        return None
    scenario = provider.scenario(order.task_id)
    upscale = Upscale(
        charge=charge,
        scenario=scenario,
        callback_url=order.callback_url,
        body=body,
        minutes=_minutes(provider, scenario, order),
        started_at=now,
    )
    provider.upscales.append(upscale)
    provider.records[record_id] = upscale
    provider.spawn(_generate(provider, upscale))
    return upscale


async def held_back(provider: Provider, upscale: Upscale) -> None:
    """Hold the POST's answer back until a callback was tried, where the scenario wants it to be faster."""
    if upscale.scenario.early and upscale.callback_url:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(upscale.tried.wait(), provider.settings.callback_timeout_seconds)


def attempt_id(provider: Provider, order: Order) -> str:
    """A new record id, 32 hex digits as the provider's own ids."""
    return provider.secret_digest(f"record {order.task_id} {order.index} {len(provider.upscales)}")


def progress(provider: Provider, upscale: Upscale, now: float) -> float:
    """How much of the generation has passed, 1 at its end."""
    seconds = provider.settings.real_seconds(upscale.minutes)
    return min((now - upscale.started_at) / seconds, 1.0) if seconds else 1.0


def _minutes(provider: Provider, scenario: Scenario, order: Order) -> float:
    if scenario.early:
        return 0.0
    chance = random.Random(f"{provider.settings.seed} {order.task_id} {order.index}")  # noqa: S311 - a length of time
    return scenario.minutes or chance.uniform(*provider.settings.generation_minutes)


async def _generate(provider: Provider, upscale: Upscale) -> None:
    async with asyncio.TaskGroup() as group:
        for callback in upscale.scenario.callbacks if upscale.callback_url else ():
            group.create_task(_call_back(provider, upscale, callback))
        await provider.pass_minutes(upscale.minutes)
        await provider.generations_open.wait()
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
