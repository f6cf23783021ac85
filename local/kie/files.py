"""The host of result files: `/files/{task}_{index}.mp4?token=…`, the posters, the base videos, and the 1080P versions.

The 1080P version and the whole of an extended video are the base video's file.
"""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from local.kie.links import link_of
from local.kie.media import Media, marked, poster
from local.kie.provider import PROVIDER, Provider
from local.kie.responses import gone
from local.kie.scenario import Scenario

NAME = re.compile(r"(?P<task>.+)_(?P<index>\d{1,2}|hd\d{1,2}|base\d?|whole)\.(?P<kind>mp4|jpg)")

# The file behind a link. None is a dead link, an empty path is a page instead of a video.
LINKS: dict[str, Callable[[Media, Scenario], Path | None]] = {
    "uhd": lambda media, scenario: media.uhd_portrait if scenario.portrait else media.uhd,
    "base": lambda media, _: media.base,
    "page": lambda _, __: Path(),
    "dead": lambda _, __: None,
}


async def serve_file(request: web.Request) -> web.StreamResponse:
    """Serve one file, with different bytes for each task and index. Return 403 without the token of its URL."""
    provider, name = request.app[PROVIDER], request.match_info["name"]
    named = NAME.fullmatch(name)
    link = link_of(provider, name, request.query.get("token", ""))
    if named is None or link is None:
        return web.Response(status=403, text="AccessDenied")
    scenario = provider.scenario(named["task"])
    video = LINKS[_file_behind(scenario, named["index"], link)](provider.media, scenario)
    if video is None:
        return gone()
    if named["kind"] == "jpg":
        return web.Response(body=poster(video or provider.media.base).read_bytes(), content_type="image/jpeg")
    index = "0" if scenario.same_bytes else named["index"]
    body = marked(video.read_bytes(), f"{named['task']} {index}") if video.name else b"<html>not a video</html>"
    return await DOWNLOADS[_next_download(provider, scenario, name)](request, body)


def _file_behind(scenario: Scenario, index: str, link: int) -> str:
    if index.startswith("hd"):
        return "base"
    return _nth(scenario.links, link) if index.isdigit() else scenario.base


def _next_download(provider: Provider, scenario: Scenario, name: str) -> str:
    provider.downloads[name] += 1
    return _nth(scenario.downloads, provider.downloads[name] - 1)


def _nth(names: tuple[str, ...], number: int) -> str:
    """Return the name at that place. The last one holds for all later places."""
    return names[min(number, len(names) - 1)]


async def _whole(_: web.Request, body: bytes) -> web.StreamResponse:
    return web.Response(body=body, content_type="video/mp4")


async def _busy(_: web.Request, __: bytes) -> web.StreamResponse:
    return web.Response(status=503, text="SlowDown")


async def _short(request: web.Request, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "video/mp4", "Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _page(_: web.Request, __: bytes) -> web.StreamResponse:
    return web.Response(text="<!DOCTYPE html><html><title>Just a moment...</title></html>", content_type="text/html")


async def _absent(_: web.Request, __: bytes) -> web.StreamResponse:
    return gone()


async def _blank(_: web.Request, body: bytes) -> web.StreamResponse:
    return web.Response(body=body, content_type="video/mp4", headers={"Content-Encoding": ""})


DOWNLOADS: dict[str, Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]] = {
    "whole": _whole,
    "short": _short,
    "busy": _busy,
    "page": _page,
    "absent": _absent,
    "blank": _blank,
}
