"""The API's responses, with the provider's own words where they are known."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

UNAVAILABLE = "The 4K version of this video is unavailable. Please try a different video."


@dataclass(frozen=True, slots=True)
class Envelope:
    """The JSON body of each response. Its `code` tells the outcome, whatever the HTTP status is.

    `msg` may be missing: None.
    """

    code: int
    msg: str | None
    data: Any = None

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object."""
        return {"code": self.code} | ({} if self.msg is None else {"msg": self.msg}) | {"data": self.data}


# States of the account or of the service, by code.
CONDITIONS = {
    401: Envelope(401, "You do not have access permissions"),
    402: Envelope(402, "The current credits are insufficient. Please top up."),
    403: Envelope(403, "Access denied"),
    404: Envelope(404, "The requested resource or endpoint does not exist"),
    408: Envelope(
        408, "Upstream is currently experiencing service issues. No result has been returned for over 10 minutes."
    ),
    429: Envelope(429, "Your call frequency is too high. Please try again later."),
    430: Envelope(430, "Your call frequency is too high. Please try again later."),
    433: Envelope(433, "Sub-key usage limit exceeded"),
    451: Envelope(
        451, "Failed to fetch the image. Kindly verify any access limits set by you or your service provider."
    ),
    455: Envelope(455, "The website is currently undergoing maintenance. Please try again later."),
    500: Envelope(500, "Server exception, please try again later or contact customer service"),
    501: Envelope(501, "Generation failed"),
    502: Envelope(502, "Bad gateway"),
    505: Envelope(505, "The requested feature is currently disabled"),
}

# Refusals of a base task, by the name that scenarios use.
REFUSALS = {
    "unknown": Envelope(422, "record is null."),
    "expired": Envelope(422, "Temporarily supports records within 14 days."),
    "not_finished": Envelope(422, "record status is not success."),
    "blank": Envelope(422, "record result data is blank."),
    "no_such_video": Envelope(422, "record result data not exist."),
    "record_info_null": Envelope(422, "recordInfo is null"),
    "record_missing": Envelope(422, "Record does not exist"),
    "no_generation": Envelope(422, "No generation found"),
    "unavailable": Envelope(500, UNAVAILABLE),
    "not_found": Envelope(404, "Not Found"),
    "strange": Envelope(422, "The asset pipeline declined this clip."),
    "wrong_parameter": Envelope(500, "The parameter is invalid, please check the request parameter."),
    "fallback": Envelope(400, "The 4K version of this video is unavailable: it was made through the fallback path."),
}

MISSING = frozenset({"unknown", "expired", "record_info_null", "record_missing", "no_generation"})
"""The refusals of a task whose record cannot be read."""


def condition(code: int) -> Envelope:
    """Return the envelope of a code."""
    return CONDITIONS.get(code, Envelope(code, "Error"))


def as_http(envelope: Envelope, error_http_status: int) -> web.Response:
    """Return the HTTP response. Errors have `error_http_status`, or their own code where that is 0."""
    status = 200 if envelope.code == 200 else error_http_status or envelope.code
    return web.json_response(envelope.body, status=status)


def bad_gateway() -> web.Response:
    """Return the page of a proxy: HTML without an envelope."""
    return web.Response(status=502, text="<html><body><h1>502 Bad Gateway</h1></body></html>", content_type="text/html")


def blocked() -> web.Response:
    """Return the refusal of the proxy, which does not like the client."""
    return web.Response(status=403, text="error code: 1010")


def gone() -> web.Response:
    """Return the page of a path that no longer exists: HTML without an envelope."""
    return web.Response(status=404, text="<html><body><h1>404 Not Found</h1></body></html>", content_type="text/html")


def connection_closed(request: web.Request) -> web.Response:
    """Close the connection. Return a response that can no longer be sent."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()
