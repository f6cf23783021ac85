import re
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from tests.unit.cli.operator import Operator
from tests.unit.console.conftest import PORT, Browser, session
from veo4k_cli.console.server import Options, served

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; "
    "img-src 'self' https://videos.s3.example; media-src 'self' https://videos.s3.example; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def test_a_page_is_read_by_its_own_browser_under_its_own_name(browser: Browser) -> None:
    statuses = [
        ({}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "same-site"}, 403),  # another port of the same name
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"host": f"{browser.access.host}:9999"}, 200),  # ports may be forwarded
        ({"host": "127.0.0.1:8400"}, 421),
        ({"host": "localhost:8400"}, 421),
        ({"host": "veo4k-guessed.localhost:8400"}, 421),
        ({"host": "attacker.example"}, 421),
    ]
    assert [(headers, browser.get("/", headers=headers).status_code) for headers, _ in statuses] == statuses
    browser.cookies.clear()
    assert browser.get("/", headers={"cookie": "veo4k-console=guessed"}).status_code == 403
    assert browser.get("/").status_code == 403


def test_a_form_is_taken_from_its_own_page_only(browser: Browser) -> None:
    for headers, fields, status in (
        ({"origin": "null"}, {}, 403),
        ({"origin": ""}, {}, 403),
        ({"origin": "http://attacker.example"}, {}, 403),
        ({"origin": "http://127.0.0.1:8400"}, {}, 403),
        ({"sec-fetch-site": "same-site"}, {}, 403),
        ({}, {"token": ""}, 403),
        ({}, {"token": "0" * 64}, 403),
        ({}, {"reason": "x" * 300_000}, 413),
        ({}, {"form": "never-shown"}, 502),
        ({}, {}, 303),
    ):
        form = browser.form("/gate?plan=pause") | {"reason": "a test"} | fields
        assert browser.send_form("/gate/pause", form, **headers).status_code == status, (headers, fields)
        assert ("paused by hand" in browser.get("/gate").text) is (status == 303)


def test_other_methods_are_refused(browser: Browser) -> None:
    assert {browser.request(method, "/gate").status_code for method in ("PUT", "DELETE", "PATCH", "OPTIONS")} == {405}


@pytest.mark.parametrize(("code", "seconds"), [("", 0), ("?code=guessed", 0), (None, 600)])
def test_a_wrong_or_old_code_opens_nothing(code: str | None, seconds: float) -> None:
    browser = Browser()
    link = browser.access.link(PORT) if code is None else f"/enter{code}"
    browser.operator.clock.advance(seconds)
    response = browser.get(link)
    assert (response.status_code, dict(response.cookies)) == (403, {})


def test_the_code_gives_once_a_cookie_hidden_from_scripts_and_other_sites() -> None:
    browser = Browser()
    cookie = browser.enter().headers["set-cookie"]
    assert re.fullmatch(r"veo4k-console=[\w-]{43}; HttpOnly; Path=/; SameSite=strict", cookie)
    assert browser.enter().headers["location"] == "/"  # this browser has the cookie already
    browser.cookies.clear()
    assert browser.enter().status_code == 403


@pytest.mark.parametrize("path", ["/", "/enter", "/none", "/static/console.js", "/jobs/veo_task_none/1"])
def test_every_response_has_the_headers(browser: Browser, path: str) -> None:
    for host in ({}, {"host": "attacker.example"}):
        headers = browser.get(path, headers=host).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["referrer-policy"] == "same-origin"
        assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_a_read_only_console_has_no_action_and_no_form() -> None:
    browser = Browser(read_only=True)
    browser.enter()
    fields, job = {"token": browser.access.form_token()}, "/jobs/veo_task_abc/1"
    paths = ("/gate/pause", "/gate/resume", f"{job}/replay", f"{job}/cancel", "/dead/redrive", "/dead/delete")
    assert {browser.send_form(path, fields).status_code for path in paths} == {404}
    assert 'method="post"' not in browser.get("/gate?plan=pause").text


def test_a_plain_host_is_the_loopback() -> None:
    assert Browser(plain_host=True).access.host == "127.0.0.1"


def test_a_port_that_is_taken_is_refused_with_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        text = Operator().refused("console", "--port", port)
    assert f"error: Port {port} of 127.0.0.1 cannot be used: Address already in use." in text


def test_the_link_leads_to_a_server_on_the_loopback() -> None:
    with served(session(Operator()), Options()) as link:
        place = urlsplit(link)
        address = f"http://127.0.0.1:{place.port}{place.path}?{place.query}"
        assert httpx.get(address, headers={"host": place.netloc}).status_code == 303
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)
