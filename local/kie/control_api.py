"""The simulator's control API, `/_sim/`: register tasks, change settings, read the ledger and the statistics."""

from collections import Counter
from typing import Any

from aiohttp import hdrs, web

from local.kie.ledger import credits_spent
from local.kie.provider import PROVIDER, PaidTask, Provider
from local.kie.rate_limit import most_in_a_window
from local.kie.scenario_choice import varied
from local.kie.scenarios import SCENARIOS
from local.kie.settings import controlled

TOO_MANY_REQUESTS = 429
RECORDS = ("/api/v1/veo/record-info", "/api/v1/jobs/recordInfo")


async def register_task(request: web.Request) -> web.Response:
    """Choose a task's scenario. Body: {"taskId", "scenario", …fields of the scenario to change}."""
    task = await request.json()
    changes = {name: value for name, value in task.items() if name not in ("taskId", "scenario")}
    request.app[PROVIDER].registered[task["taskId"]] = varied(task.get("scenario", "on_time"), changes)
    return web.json_response({})


async def control(request: web.Request) -> web.Response:
    """Change settings. Body: any of the settings that may change at run time; `credits` sets the balance."""
    provider, changes = request.app[PROVIDER], await request.json()
    provider.adopt(controlled(provider.settings, changes))
    if "credits" in changes:
        provider.ledger.balance = provider.settings.credits
    return web.json_response({})


async def ledger(request: web.Request) -> web.Response:
    """Return the balance, and a row for each charge."""
    account = request.app[PROVIDER].ledger
    return web.json_response({"balance": account.balance, "charges": account.rows()})


async def stats(request: web.Request) -> web.Response:
    """Return the requests received, the callbacks sent and the files served."""
    return web.json_response(_stats(request.app[PROVIDER]))


async def tasks(request: web.Request) -> web.Response:
    """Return each paid task and its phase."""
    return web.json_response([_task(task) for task in request.app[PROVIDER].tasks])


async def account(request: web.Request) -> web.Response:
    """Return the requests about one task, and what it has cost."""
    return web.json_response(_account(request.app[PROVIDER], request.match_info["task"]))


async def scenarios(_: web.Request) -> web.Response:
    """Return the summary of each scenario, by name."""
    return web.json_response({name: scenario.summary for name, scenario in SCENARIOS.items()})


def _stats(provider: Provider) -> dict[str, Any]:
    requests = sorted(provider.log.rows, key=lambda row: row["at"])
    posts = [row for row in requests if row["method"] == hdrs.METH_POST]
    seconds = provider.settings.window_seconds
    return {
        "posts": len(posts),
        "refused429": sum(row["code"] == TOO_MANY_REQUESTS for row in posts),
        "densestPosts": most_in_a_window([row["at"] for row in posts], seconds),
        "phases": Counter(task.phase for task in provider.tasks),
        "downloads": provider.downloads,
        "requests": requests,
        "callbacks": provider.callback_attempts,
    }


def _account(provider: Provider, task_id: str) -> dict[str, Any]:
    charges = [row for row in provider.ledger.rows() if row["taskId"] == task_id]
    own_ids = {row["recordId"] for row in charges} - {task_id}
    reads = [row["taskId"] for row in provider.log.rows if row["path"] in RECORDS]
    return {
        "posts": sum(row["method"] == hdrs.METH_POST and row["taskId"] == task_id for row in provider.log.rows),
        "looks": reads.count(task_id),
        "polls": sum(read in own_ids for read in reads),
        "charges": len(charges),
        "credits": credits_spent(charges),
    }


def _task(task: PaidTask) -> dict[str, Any]:
    charge = task.charge
    return {
        "kind": charge.kind,
        "taskId": charge.task_id,
        "index": charge.index,
        "recordId": charge.record_id,
        "phase": task.phase,
        "startedAt": charge.charged_at,
        "finishedAt": task.finished_at or None,
    }


@web.middleware
async def errors_explained(request: web.Request, handler: Any) -> web.StreamResponse:
    """Return 400 with the reason for a wrong request to the control API."""
    try:
        response: web.StreamResponse = await handler(request)
    except (ValueError, KeyError, TypeError) as error:
        if not request.path.startswith("/_sim/"):
            raise
        return web.json_response({"error": str(error)}, status=400)
    return response
