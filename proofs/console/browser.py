"""Uses the console in Chromium as a person does, then attacks it as other pages on the same machine could.

It runs in .venvs/browser, which has playwright and nothing of this tree. `__main__` starts it.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

SIZE = {"width": 1240, "height": 800}
PATIENCE = 60_000  # milliseconds; the machine may be busy with the jobs
WIDTH_4K = 3840
FETCHED = """async ([path, fields]) => {
  const begin = performance.now();
  const request = fields ? { method: "POST", body: new URLSearchParams(fields) } : { cache: "no-store" };
  const text = await (await fetch(path, request)).text();
  return [text, (performance.now() - begin) / 1000];
}"""
"""Gets a page of the console again, or sends it fields. Returns its text and the seconds that it took."""


@dataclass
class Visit:
    """A browser that has entered the console."""

    facts: dict[str, Any]
    browser: Browser
    context: BrowserContext
    page: Page
    violations: list[str]

    @property
    def origin(self) -> str:
        """Return scheme, host and port of the console."""
        return f"http://{urlsplit(self.facts['link']).netloc}"

    def open(self, path: str) -> int:
        """Open a page of the console. Return its status."""
        response = self.page.goto(self.origin + path)
        return response.status if response else 0

    def fresh_status(self, url: str) -> int:
        """Return the status of a page in a browser that has no cookie."""
        context = self.browser.new_context()
        response = context.new_page().goto(url)
        context.close()
        return response.status if response else 0

    def picture(self, name: str) -> None:
        """Take a screenshot in light and in dark."""
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            self.page.screenshot(path=str(Path(self.facts["pictures"]) / f"console-{name}-{scheme}.png"))
        self.page.emulate_media(color_scheme="light")


def the_link_is_exchanged_for_a_hidden_cookie(visit: Visit) -> None:
    response = visit.page.goto(visit.facts["link"])
    assert response is not None
    assert response.status == 200, response
    assert visit.page.url == visit.origin + "/"
    [cookie] = visit.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict"), cookie
    assert visit.page.evaluate("document.cookie") == ""


def the_board_follows_the_jobs_without_a_reload(visit: Visit) -> None:
    page = visit.page
    page.evaluate("window.loaded = 1")
    expect(page.locator(".live-next tbody tr").first).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".live-day .dot").first).to_be_visible(timeout=PATIENCE)
    visit.picture("board")
    page.locator(".line").focus()
    page.evaluate("document.activeElement.old = 1")
    before = page.locator(".live-day a").count()
    page.wait_for_function(
        "count => document.querySelectorAll('.live-day a').length > count", arg=before, timeout=PATIENCE
    )
    assert page.evaluate("window.loaded") == 1
    page.wait_for_function("() => !document.querySelector('.line').old", timeout=PATIENCE)
    assert page.evaluate("document.activeElement.matches('.line')"), "the keyboard lost its place"
    page.locator(".live-day a[data-poster]").last.hover(force=True)  # the last is drawn above the others
    expect(page.locator("#poster img")).to_be_visible()


def a_slash_searches_and_a_task_id_opens_its_job(visit: Visit) -> None:
    visit.page.keyboard.press("/")
    visit.page.keyboard.type(visit.facts["watched"])
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(f"**/jobs/{visit.facts['watched']}/1")


def the_video_plays_in_4k_while_the_page_is_polled(visit: Visit) -> None:
    page = visit.page
    polled: list[str] = []
    page.on("response", lambda response: polled.append(response.url) if "/parts/" in response.url else None)
    page.evaluate("for (const video of document.querySelectorAll('video')) { video.mark = 1; video.play(); }")
    page.wait_for_function(
        "() => [...document.querySelectorAll('video')].every(v => v.mark && v.currentTime > 0.5)", timeout=PATIENCE
    )
    page.wait_for_timeout(5000)
    sizes = page.evaluate("[...document.querySelectorAll('video')].map(v => v.mark && !v.paused && v.videoWidth)")
    assert sizes == [WIDTH_4K, 1280], sizes
    assert polled
    expect(page.locator(".step").nth(2)).to_be_visible(timeout=PATIENCE)
    visit.picture("job")


def actual_pixels_show_the_file_one_to_one(visit: Visit) -> None:
    visit.page.locator("[data-actual]").click()
    visit.page.locator(".frame").first.hover()
    width = visit.page.evaluate("document.querySelector('.frame video').offsetWidth * devicePixelRatio")
    assert width == WIDTH_4K, width
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= SIZE["width"]


def the_gate_is_paused_and_resumed(visit: Visit) -> None:
    page = visit.page
    visit.open("/gate")
    expect(page.locator(".live-hour .request").first).to_be_visible(timeout=PATIENCE)
    visit.picture("gate")
    for action, state in (("Pause", "Paused"), ("Resume", "Running")):
        page.get_by_role("link", name=f"{action} …").click()
        page.get_by_label("Reason").fill("a proof")
        page.get_by_role("button", name=f"{action} once").click()
        expect(page.locator(".gate .big")).to_have_text(state, timeout=PATIENCE)
        expect(page.locator(".result")).to_be_visible()


def a_dead_message_is_redriven_and_another_deleted(visit: Visit) -> None:
    page = visit.page
    for reason, button, result in (
        ("could not be stored", "Redrive once", "1 message sent back to the job queue."),
        ("unknown field 'priority'", "Delete for good", "2 messages deleted."),
    ):
        visit.open("/dead")
        page.get_by_role("link", name=reason).click()
        page.get_by_role("button", name="Select all").click()
        if button == "Delete for good":
            visit.picture("dead-letters")
        page.get_by_role("button", name="Show the plan").click()
        page.get_by_role("button", name=button).click()
        expect(page.locator(".result")).to_have_text(result, timeout=PATIENCE)


def a_job_is_replayed_once(visit: Visit) -> None:
    page, job = visit.page, f"/jobs/{visit.facts['replayed']}"
    visit.open(f"{job}/1")
    page.get_by_role("link", name="Replay").click()
    expect(page.locator(".plan")).to_contain_text("120 credits, $0.60")
    form = dict(page.eval_on_selector_all(".plan input", "all => all.map(field => [field.name, field.value])"))
    page.get_by_role("button", name="Replay once").click()
    expect(page.locator(".result")).to_contain_text("the next run is on the job queue")
    again, _ = page.evaluate(FETCHED, [f"{job}/1/replay", form])
    assert "the next run is on the job queue" in again
    end = time.monotonic() + PATIENCE / 1000
    while visit.open(f"{job}/2") != 200 and time.monotonic() < end:
        page.wait_for_timeout(500)
    assert visit.open(f"{job}/2") == 200
    assert visit.open(f"{job}/3") == 404


def spending_is_summed_and_downloaded(visit: Visit) -> None:
    visit.open("/spend?days=7")
    expect(visit.page.locator(".k-paid").first).to_be_visible()
    visit.picture("spend")
    with visit.page.expect_download() as download:
        visit.page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "veo4k-spend.csv"


def the_health_drawer_says_what_to_do(visit: Visit) -> None:
    visit.open("/")
    visit.page.locator(".line").click()
    visit.page.wait_for_url("**/?health=1")
    expect(visit.page.locator(".drawer")).to_contain_text("The sweep")


def hostile_text_does_nothing(visit: Visit) -> None:
    for path in ("/", "/dead", "/spend", "/search?q=order", "/jobs/veo_task_own_id_0003/1"):
        visit.open(path)
        visit.page.wait_for_timeout(2500)
        for group in visit.page.locator(".group h2 a").all()[:1]:
            group.click()
        assert visit.page.evaluate("typeof window.hacked") == "undefined", path
    assert visit.violations == [], visit.violations


def another_browser_is_refused(visit: Visit) -> None:
    assert visit.fresh_status(visit.facts["link"]) == 403, "a used code"
    assert visit.fresh_status(visit.origin + "/") == 403, "no cookie"


def another_host_name_is_refused(visit: Visit) -> None:
    port = urlsplit(visit.origin).port
    for host in ("127.0.0.1", "localhost", "veo4k-other.localhost"):
        assert visit.fresh_status(f"http://{host}:{port}/") == 421, host


def foreign_pages_are_refused(visit: Visit) -> None:
    """A page on another local port, under another name and under the console's own, with the console's cookie."""
    own = urlsplit(visit.origin).hostname or ""
    server, port = _foreign_server(visit.origin)
    for host in ("127.0.0.1", own):
        page, outcomes = visit.context.new_page(), dict[str, Any]()
        page.on("response", lambda response, found=outcomes: found.setdefault(_kind(response.request), response.status))
        page.on("requestfailed", lambda request, found=outcomes: found.setdefault(_kind(request), request.failure))
        page.goto(f"http://{host}:{port}/")
        page.wait_for_timeout(1000)
        assert {"image", "fetch", "frame"} <= outcomes.keys(), outcomes
        # The browser hides a refused response from another origin, and reports a failed request instead.
        assert all(outcomes[kind] == 403 or "BLOCKED" in str(outcomes[kind]) for kind in outcomes if kind != "page"), (
            outcomes
        )
        for control in ("form button", "a"):
            page.goto(f"http://{host}:{port}/")
            with page.expect_navigation(url=f"{visit.origin}/**") as navigation:
                page.locator(control).click()
            assert navigation.value is not None
            assert navigation.value.status == 403, control
        page.close()
    server.shutdown()


def _kind(request: Any) -> str:
    if request.is_navigation_request():
        return "frame" if request.frame.parent_frame else "page"
    return str(request.resource_type)


def _foreign_server(target: str) -> tuple[ThreadingHTTPServer, int]:
    html = f"""<form method="post" action="{target}/gate/pause"><input name="reason" value="x"><button>x</button></form>
    <a href="{target}/">x</a><img src="{target}/icon.svg"><iframe src="{target}/"></iframe>
    <script>fetch("{target}/parts/line", {{ mode: "no-cors", credentials: "include" }})</script>"""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, server.server_address[1]


def ten_thousand_rows_are_paged_within_a_second(visit: Visit) -> None:
    """On a machine that does nothing else. A busy one has longer, by its load."""
    page = visit.page
    page.goto("about:blank")  # nothing polls meanwhile
    print("→ fill", flush=True)
    sys.stdin.readline()
    visit.open("/")
    expect(page.locator(".live-boxes .big").first).to_contain_text(",", timeout=PATIENCE)
    took = [_seconds(visit, path) for path in ("/", "/parts/next", "/parts/boxes")]
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    print(f"  page {took[0]:.2f} s, rows {took[1]:.2f} s, counts {took[2]:.2f} s; load {busy:.1f} a core", flush=True)
    assert max(took) < busy, took
    seen = set[str]()
    for _ in range(3):
        expect(page.locator(".live-next tbody tr").first).to_be_visible(timeout=PATIENCE)
        ids = page.eval_on_selector_all(".live-next a.id", "all => all.map(one => one.getAttribute('href'))")
        assert not seen & set(ids), "the pages overlap"
        seen |= set(ids)
        page.get_by_role("link", name="Next page").click()


def _seconds(visit: Visit, path: str) -> float:
    """Return the best of three measurements, each when the values that were kept are old: the machine may be busy."""
    taken = list[float]()
    for _ in range(3):
        visit.page.wait_for_timeout(5500)
        taken.append(visit.page.evaluate(FETCHED, [path, None])[1])
    return min(taken)


STEPS: tuple[Callable[[Visit], None], ...] = (
    the_link_is_exchanged_for_a_hidden_cookie,
    the_board_follows_the_jobs_without_a_reload,
    a_slash_searches_and_a_task_id_opens_its_job,
    the_video_plays_in_4k_while_the_page_is_polled,
    actual_pixels_show_the_file_one_to_one,
    the_gate_is_paused_and_resumed,
    a_dead_message_is_redriven_and_another_deleted,
    a_job_is_replayed_once,
    spending_is_summed_and_downloaded,
    the_health_drawer_says_what_to_do,
    hostile_text_does_nothing,
    another_browser_is_refused,
    another_host_name_is_refused,
    foreign_pages_are_refused,
    ten_thousand_rows_are_paged_within_a_second,
)


def main() -> None:
    """Run every step. Stop at the first that fails."""
    facts = json.loads(sys.argv[1])
    Path(facts["pictures"]).mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=facts["browser"], args=["--no-sandbox"])
        context = browser.new_context(viewport=SIZE)
        page, violations = context.new_page(), list[str]()
        page.set_default_timeout(PATIENCE)
        page.on(
            "console", lambda message: violations.append(message.text) if "Content Security" in message.text else None
        )
        page.on("dialog", lambda dialog: violations.append(dialog.message))
        for step in STEPS:
            step(Visit(facts, browser, context, page, violations))
            print(f"✓ {step.__name__.replace('_', ' ')}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
