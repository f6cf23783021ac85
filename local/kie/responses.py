"""The answers of the API in their envelope, with the provider's own words where they are known."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

UNAVAILABLE = "The 4K version of this video is unavailable. Please try a different video."


@dataclass(frozen=True, slots=True)
class Answer:
    """The provider's envelope; `code` is the truth, whatever the HTTP status says."""

    code: int
    msg: str
    data: Any = None


# Answers that depend on the account or the service, by body code.
CONDITIONS = {
    401: Answer(401, "You do not have access permissions"),
    402: Answer(402, "The current credits are insufficient. Please top up."),
    403: Answer(403, "Access denied"),
    404: Answer(404, "The requested resource or endpoint does not exist"),
    408: Answer(
        408, "Upstream is currently experiencing service issues. No result has been returned for over 10 minutes."
    ),
    429: Answer(429, "Your call frequency is too high. Please try again later."),
    433: Answer(433, "Sub-key usage limit exceeded"),
    451: Answer(451, "Failed to fetch the image. Kindly verify any access limits set by you or your service provider."),
    455: Answer(455, "The website is currently undergoing maintenance. Please try again later."),
    500: Answer(500, "Server exception, please try again later or contact customer service"),
    501: Answer(501, "Generation failed"),
    505: Answer(505, "The requested feature is currently disabled"),
}

# Answers that depend on the base task, by the name scenarios use.
REFUSALS = {
    "unknown": Answer(422, "record is null."),
    "expired": Answer(422, "Temporarily supports records within 14 days."),
    "not_finished": Answer(422, "record status is not success."),
    "blank": Answer(422, "record result data is blank."),
    "fallback": Answer(400, "The 4K version of this video is unavailable: it was made through the fallback path."),
}


def condition(code: int) -> Answer:
    """The answer for a body code."""
    return CONDITIONS.get(code, Answer(code, "Error"))


def response(answer: Answer, error_http_status: int) -> web.Response:
    """The answer on the wire; errors travel under `error_http_status`, or under their own code where that is 0."""
    status = 200 if answer.code == 200 else error_http_status or answer.code
    return web.json_response({"code": answer.code, "msg": answer.msg, "data": answer.data}, status=status)


def bad_gateway() -> web.Response:
    """What a proxy in front says: HTML, no envelope."""
    return web.Response(status=502, text="<html><body><h1>502 Bad Gateway</h1></body></html>", content_type="text/html")


def gone() -> web.Response:
    """What a path that no longer exists says: no envelope."""
    return web.Response(status=404, text="<html><body><h1>404 Not Found</h1></body></html>", content_type="text/html")


def unanswered(request: web.Request) -> web.Response:
    """Close the connection; the response returned can no longer be written and never arrives."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()
