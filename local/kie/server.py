"""The simulator as a web application on one port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from aiohttp import ClientSession, web

from local.kie import control_api, files, generate_api, hd_api, jobs_api, record_info, request_checks, veo_api
from local.kie.ledger import Ledger
from local.kie.media import ensure_media
from local.kie.provider import PROVIDER, Provider
from local.kie.request_log import RequestLog
from local.kie.responses import Envelope, as_http
from local.kie.settings import Settings

SECOND_HOST = "127.0.0.2"


async def credit(request: web.Request) -> web.Response:
    """Return the account's balance."""
    provider = request.app[PROVIDER]
    return as_http(Envelope(200, "success", provider.ledger.balance), provider.settings.error_http_status)


ROUTES = (
    web.get("/api/v1/chat/credit", credit),
    web.post("/api/v1/veo/get-4k-video", veo_api.get_4k_video),
    web.get("/api/v1/veo/get-1080p-video", hd_api.get_1080p_video),
    web.post("/api/v1/veo/generate", generate_api.generate),
    web.post("/api/v1/veo/extend", generate_api.extend),
    web.get("/api/v1/veo/record-info", record_info.record_info),
    web.post("/api/v1/jobs/createTask", jobs_api.create_task),
    web.get("/api/v1/jobs/recordInfo", jobs_api.record_info),
    web.get("/files/{name}", files.serve_file),
    web.post("/_sim/tasks", control_api.register_task),
    web.get("/_sim/tasks", control_api.tasks),
    web.get("/_sim/tasks/{task}", control_api.account),
    web.post("/_sim/control", control_api.control),
    web.get("/_sim/ledger", control_api.ledger),
    web.get("/_sim/stats", control_api.stats),
    web.get("/_sim/scenarios", control_api.scenarios),
)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Settings]:
    """Run a simulator. Yield its settings with the port and the public base URL that it got."""
    media, log = ensure_media(settings.media_folder), RequestLog(settings.log_file)
    async with ClientSession(headers={"User-Agent": "KIE-AI-Webhook/1.0"}) as session:
        provider = Provider(settings=settings, media=media, ledger=Ledger(settings.credits), session=session, log=log)
        runner = web.AppRunner(_application(provider), access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        try:
            provider.adopt(await _bound(runner, settings))
            yield provider.settings
        finally:
            for task in provider.background:
                task.cancel()
            await runner.cleanup()
            log.close()


def _application(provider: Provider) -> web.Application:
    app = web.Application(middlewares=[request_checks.checked, control_api.errors_explained])
    app[PROVIDER] = provider
    app.add_routes(ROUTES)
    return app


async def _bound(runner: web.AppRunner, settings: Settings) -> Settings:
    await web.TCPSite(runner, settings.host, settings.port).start()
    port = runner.addresses[0][1]
    with suppress(OSError):  # macOS has no second loopback address by default; a link to it leads nowhere then
        await web.TCPSite(runner, SECOND_HOST, port).start()
    public_base = settings.public_base or f"http://{settings.host}:{port}"
    return replace(settings, port=port, public_base=public_base, second_base=f"http://{SECOND_HOST}:{port}")
