"""Paid tasks: how one starts, lasts, ends and calls back. Both APIs share it."""

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass

from local.kie.callback_payloads import FAILURE, Result
from local.kie.callbacks import deliver
from local.kie.ledger import Charge
from local.kie.prices import MADE, Kind
from local.kie.provider import PaidTask, Provider, clock
from local.kie.responses import Envelope
from local.kie.scenario import Callback


@dataclass(frozen=True, slots=True)
class UpscaleRequest:
    """The content of a POST of either API for a 4K version."""

    task_id: str
    index: int
    callback_url: str


def uhd_task(
    provider: Provider,
    request: UpscaleRequest,
    record_id: str,
    api: str,
    payload: Callable[[str, Result], Envelope],
) -> PaidTask:
    """Return the task of a 4K version, not yet paid."""
    scenario = provider.scenario(request.task_id)
    seed = f"{request.task_id} {request.index}"
    return PaidTask(
        charge=Charge(Kind.UHD, request.task_id, request.index, record_id, provider.settings.price, clock()),
        scenario=scenario,
        api=api,
        callback_url=request.callback_url,
        callbacks=scenario.callbacks,
        payload=payload,
        minutes=0.0 if scenario.early else scenario.minutes or chance_of_minutes(provider, seed),
        failure=FAILURE if scenario.fails else None,
    )


def start(provider: Provider, task: PaidTask) -> bool:
    """Charge for a task and start it. Return False where the balance is too low."""
    if not provider.ledger.charge(task.charge):
        return False
    provider.tasks.append(task)
    known = provider.made if task.charge.kind in MADE else provider.records
    known[task.charge.record_id] = task
    provider.spawn(_run(provider, task))
    return True


async def wait_for_early_callback(provider: Provider, task: PaidTask) -> None:
    """Delay the response of the POST until a callback was sent, in scenarios where the callback comes first."""
    if task.scenario.early and task.callback_url:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(task.called_back.wait(), provider.settings.callback_timeout_seconds)


def new_record_id(provider: Provider, what: str) -> str:
    """Return a new id of 32 hex digits, as the provider's own ids are."""
    return provider.secret_digest(f"record {what} {len(provider.tasks)}")


def chance_of_minutes(provider: Provider, seed: str) -> float:
    """Return the length of a generation within the settings' range, the same for the same seeds."""
    chance = random.Random(f"{provider.settings.seed} {seed}")  # noqa: S311  a duration
    return chance.uniform(*provider.settings.generation_minutes)


def progress(provider: Provider, task: PaidTask, now: float) -> float:
    """Return how much of a task has passed; 1 is its end."""
    seconds = provider.settings.real_seconds(task.minutes)
    return min((now - task.charge.charged_at) / seconds, 1.0) if seconds else 1.0


async def _run(provider: Provider, task: PaidTask) -> None:
    async with asyncio.TaskGroup() as group:
        for callback in task.callbacks if task.callback_url else ():
            group.create_task(_call_back(provider, task, callback))
        await provider.pass_minutes(task.minutes)
        await provider.generations_allowed.wait()
        _finish(provider, task)


def _finish(provider: Provider, task: PaidTask) -> None:
    now = task.charge.charged_at + provider.settings.real_seconds(task.minutes)
    task.phase, task.finished_at = ("failed" if task.failure else "success"), now
    if task.failure:
        provider.ledger.refund(task.charge, now)
    task.ended.set()


async def _call_back(provider: Provider, task: PaidTask, callback: Callback) -> None:
    if callback.at >= 1:
        await task.ended.wait()
    else:
        await provider.pass_minutes(callback.at * task.minutes)
    await provider.pass_minutes(callback.delay)
    await deliver(provider, task, callback)
