"""Which requests the console serves: those of the one browser that has opened the printed link.

A request passes in this order: name of the host, site that it comes from, cookie, and for a POST its Origin and the
token of the form. Every response carries the headers that keep a page from running or loading anything foreign.
"""

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ENTER = "/enter"
COOKIE = "veo4k-console"
CODE_SECONDS = 600.0
LONGEST_FORM = 256 * 1024
SITES = frozenset({"none", "same-origin"})
READS = frozenset({"GET", "HEAD"})

MISDIRECTED = 421, "This name is not the console's. Open the link that veo4k console prints."
FOREIGN = 403, "Another site sent this request. Open the console's link in the browser's address line."
NO_COOKIE = 403, "This browser has not opened the console's link, or the console was started again."
CODE_USED = 403, "This link was used, or is older than ten minutes. Start veo4k console again for a new one."
NOT_ALLOWED = 405, "The console reads with GET and acts with POST."
NO_FORM = 403, "The form does not belong to this page. Load the page again."
TOO_LONG = 413, "The form is too long."


@dataclass
class Access:
    """The right to use a console: one code that opens it once, and the cookie that follows.

    Attributes:
        host: the only name under which requests are served. Any port is allowed, for forwarded ports.
        media: scheme and host of the bucket, from which the browser loads videos and posters.
    """

    host: str
    media: str
    now: Callable[[], float]
    new_secret: Callable[[], str] = secrets.token_urlsafe
    _code: str = ""
    _until: float = 0.0
    _cookie: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Make the code and the cookie."""
        self._code, self._cookie, self._until = self.new_secret(), self.new_secret(), self.now() + CODE_SECONDS

    def link(self, port: int) -> str:
        """Return the link to print."""
        return f"http://{self.host}:{port}{ENTER}?code={self._code}"

    def exchange(self, code: str) -> str:
        """Return the cookie for the code, once and in time. Return "" for another code."""
        is_right = bool(self._code) and _equal(code, self._code) and self.now() < self._until
        if is_right:
            self._code = ""
        return self._cookie if is_right else ""

    def knows(self, cookie: str) -> bool:
        """Return whether this is the cookie."""
        return _equal(cookie, self._cookie)

    def form_token(self) -> str:
        """Return the token that every form of this console holds."""
        return hmac.new(self._cookie.encode(), b"form", "sha256").hexdigest()

    def headers(self) -> Mapping[str, str]:
        """Return the headers of every response."""
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; "
            f"img-src 'self' {self.media}; media-src 'self' {self.media}; base-uri 'none'; frame-ancestors 'none'"
        )
        return {
            "Content-Security-Policy": policy,
            # With no-referrer a browser would send the Origin "null" for the console's own forms.
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        }


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


@dataclass
class Guard:
    """Passes a request on to the pages, or refuses it with a sentence."""

    app: ASGIApp
    access: Access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request. Other kinds of connections are not served at all."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update({"Cache-Control": "no-store"} | dict(self.access.headers()))
            await send(message)

        request = Request(scope, receive)
        response = self._refusal(request) or await self._form_refusal(request)
        await (response or self.app)(scope, receive, send_with_headers)

    def _refusal(self, request: Request) -> Response | None:
        """Return the response to a request that is not passed on, or None."""
        if _host_name(request.headers) != self.access.host:
            return _refused(MISDIRECTED)
        # A browser that does not know the header still sends the cookie to this name only.
        if request.headers.get("sec-fetch-site", "none") not in SITES:
            return _refused(FOREIGN)
        is_known = self.access.knows(request.cookies.get(COOKIE, ""))
        if request.url.path == ENTER and request.method == "GET":
            return self._entrance(request, is_known=is_known)
        if not is_known:
            return _refused(NO_COOKIE)
        return None if request.method in READS | {"POST"} else _refused(NOT_ALLOWED)

    def _entrance(self, request: Request, *, is_known: bool) -> Response:
        cookie = self.access.exchange(request.query_params.get("code", ""))
        if not cookie and not is_known:
            return _refused(CODE_USED)
        response = RedirectResponse("/", 303)
        if cookie:
            response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", path="/")
        return response

    async def _form_refusal(self, request: Request) -> Response | None:
        """Return the response to a POST that did not come from a form of the console, or None."""
        if request.method != "POST":
            return None
        if request.headers.get("origin") != f"http://{request.headers.get('host')}":
            return _refused(FOREIGN)
        if (body := await _read_body(request)) is None:
            return _refused(TOO_LONG)
        form = parse_qsl(body.decode(errors="replace"))
        if not _equal(dict(form).get("token", ""), self.access.form_token()):
            return _refused(NO_FORM)
        request.scope["form"] = form
        return None


async def _read_body(request: Request) -> bytes | None:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_FORM:
            return None
    return body


def _host_name(headers: Headers) -> str:
    name, _, port = headers.get("host", "").partition(":")
    return name.lower() if not port or port.isdigit() else ""


def _refused(why: tuple[int, str]) -> Response:
    status, sentence = why
    return PlainTextResponse(sentence + "\n", status)


def form_of(request: Request) -> list[tuple[str, str]]:
    """Return the fields of the form that was sent."""
    fields: list[tuple[str, str]] = request.scope["form"]
    return fields
