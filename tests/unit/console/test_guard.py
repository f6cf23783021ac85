import re
from urllib.parse import urlsplit

import httpx
import pytest

from tests.unit.cli.operator import Operator
from tests.unit.console.conftest import PORT, Browser, Start
from veo4k_cli.command import Dependencies, Session
from veo4k_cli.console.server import Options, served
from veo4k_cli.output import Output

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; "
    "img-src 'self' https://videos.s3.example; media-src 'self' https://videos.s3.example; base-uri 'none'; "
    "frame-ancestors 'none'"
)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "same-site"}, 403),  # another port of the same name
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"host": "127.0.0.1:8400"}, 421),
        ({"host": "localhost:8400"}, 421),
        ({"host": "veo4k-guessed.localhost:8400"}, 421),
        ({"host": "attacker.example"}, 421),
        ({"cookie": "veo4k-console=guessed"}, 403),
    ],
)
def test_a_page_is_read_by_its_own_browser_under_its_own_name(
    browser: Browser, headers: dict[str, str], status: int
) -> None:
    if "cookie" in headers:
        browser.cookies.clear()
    assert browser.get("/", **headers).status_code == status


def test_any_port_is_served_because_ports_may_be_forwarded(browser: Browser) -> None:
    assert browser.get("/", host=f"{browser.access.host}:9999").status_code == 200


@pytest.mark.parametrize(
    ("headers", "fields", "status"),
    [
        ({}, {}, 303),
        ({"origin": "null"}, {}, 403),
        ({"origin": ""}, {}, 403),
        ({"origin": "http://attacker.example"}, {}, 403),
        ({"origin": "http://127.0.0.1:8400"}, {}, 403),
        ({"sec-fetch-site": "same-site"}, {}, 403),
        ({}, {"token": ""}, 403),
        ({}, {"token": "0" * 64}, 403),
        ({}, {"reason": "x" * 300_000}, 413),
        ({}, {"form": "never-shown"}, 502),
    ],
)
def test_a_form_is_taken_from_its_own_page_only(
    browser: Browser, headers: dict[str, str], fields: dict[str, str], status: int
) -> None:
    form = browser.form("/gate?plan=pause")
    response = browser.post("/gate/pause", form | {"reason": "a test"} | fields, **headers)
    paused = "paused by hand" in browser.get("/gate").text
    assert (response.status_code, paused) == (status, status == 303)


def test_other_methods_are_refused(browser: Browser) -> None:
    assert {browser.send(method, "/gate").status_code for method in ("PUT", "DELETE", "PATCH", "OPTIONS")} == {405}


@pytest.mark.parametrize(("code", "seconds"), [("", 0), ("?code=guessed", 0), (None, 600)])
def test_a_wrong_or_old_code_opens_nothing(start: Start, code: str | None, seconds: float) -> None:
    browser = start()
    link = browser.access.link(PORT) if code is None else f"/enter{code}"
    browser.operator.clock.sleep_until(browser.operator.clock.now() + seconds)
    response = browser.get(link)
    assert (response.status_code, dict(response.cookies)) == (403, {})


def test_the_code_works_once(browser: Browser) -> None:
    assert browser.enter().headers["location"] == "/"  # this browser has the cookie already
    browser.cookies.clear()
    assert browser.enter().status_code == 403


def test_the_cookie_is_hidden_from_scripts_and_other_sites(start: Start) -> None:
    cookie = start().enter().headers["set-cookie"]
    assert re.fullmatch(r"veo4k-console=[\w-]{43}; HttpOnly; Path=/; SameSite=strict", cookie)


@pytest.mark.parametrize("path", ["/", "/enter", "/none", "/static/console.js", "/jobs/veo_task_none/1"])
@pytest.mark.parametrize("host", [None, "attacker.example"])
def test_every_response_has_the_headers(browser: Browser, path: str, host: str | None) -> None:
    headers = browser.get(path, **({"host": host} if host else {})).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["referrer-policy"] == "same-origin"
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_a_read_only_console_has_no_action_and_no_form(start: Start) -> None:
    browser = start(read_only=True)
    browser.enter()
    fields = {"token": browser.access.form_token()}
    paths = ("/gate/pause", "/gate/resume", "/jobs/veo_task_abc/1/replay", "/dead/redrive", "/dead/delete")
    assert {browser.post(path, fields).status_code for path in paths} == {404}
    assert 'method="post"' not in browser.get("/gate?plan=pause").text


def test_a_plain_host_is_the_loopback(start: Start) -> None:
    assert start(plain_host=True).access.host == "127.0.0.1"


def test_the_link_leads_to_a_server_on_the_loopback() -> None:
    operator = Operator()
    session = Session(Dependencies(find=operator.find), None, local=False, out=Output(as_json=True))
    with served(session, Options()) as link:
        place = urlsplit(link)
        address = f"http://127.0.0.1:{place.port}{place.path}?{place.query}"
        assert httpx.get(address, headers={"host": place.netloc}).status_code == 303
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)
