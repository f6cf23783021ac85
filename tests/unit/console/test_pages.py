import json
import re
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from proofs.doubles.time_manual import NOON
from tests.unit.cli.doubles import DEAD, JOBS, UNREADABLE
from tests.unit.cli.operator import TASK
from tests.unit.console.conftest import Browser
from veo4k.domain.job import Archived, Code, Evidence, Failure, State
from veo4k_cli.console import reading

FILES = Path(str(resources.files("veo4k_cli.console")))
HOSTILE = """</title><script>alert(1)</script><img src=x onerror="alert(2)">' onmouseover='alert(3)"""
TAGS = {HOSTILE: HOSTILE}
VIDEO = Archived("videos", f"videos/{TASK}/0/1.mp4", 62_100_000, "ab" * 32, 3840, 2160)
PAGES = ("/", "/parts/next", f"/jobs/{TASK}/1", f"/parts/timeline?task={TASK}&run=1", "/parts/day", "/spend", "/dead")


def ended(browser: Browser, **fields: Any) -> None:
    result: dict[str, Any] = {"archive": VIDEO, "evidence": Evidence.CALLBACK, "acceptances": 1}
    browser.operator.add_job(State.SUCCEEDED, **result, accepted_at=NOON - 50, finished_at=NOON - 5, **fields)


def add_dead(browser: Browser, *bodies: str) -> list[str]:
    """Put messages on the dead-letter queue. Return their ids."""
    send = browser.operator.queues.send_message
    return [send(QueueUrl=DEAD, MessageBody=body)["MessageId"] for body in bodies]


def test_foreign_text_stays_text(browser: Browser) -> None:
    failure = Failure(Code.PROVIDER_FAILED, HOSTILE)
    waiting = {"task_id": "veo_task_waiting", "tags": TAGS, "wait_reason": HOSTILE, "partition": "QUEUED", "due": NOON}
    browser.operator.add_job(State.FAILED, tags=TAGS, error=failure, finished_at=NOON - 5)
    browser.operator.add_job(State.QUEUED, **waiting)
    browser.operator.logs.add("sweep", NOON, "job_failed", f"{TASK}#0#1", "FAILED", reason=HOSTILE)
    add_dead(browser, json.dumps({"taskId": TASK, HOSTILE: HOSTILE}))
    script = "%3Cscript%3E"
    for path in (*PAGES, f"/?tag={script}&after={script}", f"/search?q={script}", "/dead?reason=<b>"):
        unsafe = r"<script(?! src=\"/static/console.js\" defer>)|<img src|=<b>|<[^>]* onmouseover='"
        assert not re.search(unsafe, browser.get(path).text), path


def test_no_template_has_inline_code_or_unescaped_values() -> None:
    for template in (FILES / "templates").rglob("*.html"):
        unsafe = r"\| ?safe|autoescape|<style|style=| on\w+=|<script(?! src=)|javascript:|https?://"
        assert not re.search(unsafe, template.read_text()), template


def test_script_and_style_are_small() -> None:
    script, style = ((FILES / f"static/console.{kind}").read_text() for kind in ("js", "css"))
    assert (len(script.splitlines()) <= 80, len(style.encode()) <= 15 * 1024) == (True, True)
    assert not re.search(r"https?://|\beval\b|document\.write", script + style)


def test_a_row_of_another_version_is_shown(browser: Browser) -> None:
    browser.operator.add_job(due=NOON, partition="LIVE")
    [row] = browser.operator.table._items()
    row |= {"state": {"S": "DREAMING"}, "evidence": {"S": "hearsay"}, "error": {"M": {"code": {"S": "NEW"}}}}
    assert {browser.get(path).status_code for path in PAGES[:3]} == {200}


def test_an_unchanged_part_is_not_sent_again(browser: Browser) -> None:
    tag = browser.get("/parts/boxes").headers["etag"]
    assert browser.get("/parts/boxes", headers={"if-none-match": tag}).status_code == 304
    ended(browser)
    browser.operator.clock.sleep_until(NOON + 20)
    assert browser.get("/parts/boxes", headers={"if-none-match": tag}).status_code == 200


def metric(at: float, value: float) -> dict[str, Any]:
    return {"Id": "m0", "Timestamps": [datetime.fromtimestamp(at, UTC)], "Values": [value]}


def text_of(browser: Browser, part: str) -> str:
    return " ".join(re.sub(r"<title>.*?</title>|<[^>]+>", " ", browser.get(f"/parts/{part}").text).split())


def add_live(browser: Browser, state: State, count: int, age: float, **fields: Any) -> None:
    for number in range(count):
        name = f"veo_{state.lower()}_{number:03}_{age:.0f}"
        browser.operator.add_job(state, task_id=name, created_at=NOON - age, **fields)


def test_the_boxes_say_the_oldest_of_the_jobs_that_they_count(browser: Browser) -> None:
    browser.operator.metrics = [metric(NOON, 1.0)]
    assert "Waiting 0 nothing waits → In flight 0 nothing is in flight →" in text_of(browser, "boxes")
    add_live(browser, State.QUEUED, 50, 180, partition="QUEUED", due=NOON - 60)
    add_live(browser, State.PROCESSING, 5, 900, partition="LIVE", due=NOON + 500)
    browser.operator.clock.advance(60)
    boxes = "Waiting 50 oldest 4 min → In flight 5 oldest 16 min 5 processing →"
    assert boxes in text_of(browser, "boxes")
    assert "All well. 5 in flight, 50 waiting, oldest 16 min." in text_of(browser, "line")
    add_live(browser, State.QUEUED, 1, 7200, partition="QUEUED", due=NOON + 900)
    browser.operator.clock.advance(60)
    assert "Waiting 51 oldest of the next 50: 5 min →" in text_of(browser, "boxes")
    assert "All well. 5 in flight, 51 waiting." in text_of(browser, "line")


def test_a_sweep_of_which_nothing_is_known_is_no_good_sign(browser: Browser) -> None:
    quiet = "sweep No sweep that worked is known in the last hour."
    page = browser.get("/parts/line?health=1").text
    assert ("All well." in page, f'<li class="good"><i></i><b>{quiet}' in page.replace("</b>", "")) == (True, True)
    add_live(browser, State.PROCESSING, 1, 900, partition="LIVE", due=NOON)
    browser.operator.clock.advance(10)
    page = browser.get("/parts/line?health=1").text
    assert ("All well." in page, f'<li class="bad"><i></i><b>{quiet}' in page.replace("</b>", "")) == (False, True)


def test_a_job_that_waits_for_its_base_video_is_in_flight(browser: Browser) -> None:
    add_live(browser, State.QUEUED, 1, 900, partition="LIVE", due=NOON + 60)
    assert "In flight 1 oldest 15 min 1 queued →" in text_of(browser, "boxes")


def test_a_day_without_a_success_is_no_empty_day(browser: Browser) -> None:
    browser.operator.add_job(State.FAILED, finished_at=NOON - 5)
    assert "Done today 1 none succeeded" in text_of(browser, "boxes")


def test_no_picture_hides_links_from_a_screen_reader(browser: Browser) -> None:
    ended(browser)
    for path in ("/parts/day", "/parts/boxes", "/parts/window", "/parts/gate", "/parts/hour", "/spend"):
        pictures = re.findall(r'<svg[^>]*role="img".*?</svg>', browser.get(path).text, re.DOTALL)
        assert not [picture for picture in pictures if "<a " in picture], path


def test_a_task_id_opens_its_job(browser: Browser) -> None:
    ended(browser)
    job = f"/jobs/{TASK}/1"
    locations = {TASK: job, f"{TASK}#0#1": job, "veo_task_other": None, "": None}
    for query, location in locations.items():
        assert browser.get("/search", params={"q": query}).headers.get("location") == location


def test_a_job_has_its_waterfall_before_its_logs_are_read(browser: Browser) -> None:
    ended(browser)
    page, logs = browser.get(f"/jobs/{TASK}/1").text, browser.operator.logs
    assert ("at the provider" in page, "No log line is known yet." in page, logs.reads) == (True, True, 0)
    logs.add("sweep", NOON - 40, "poll_claimed", f"{TASK}#0#1", "PROCESSING")
    assert "poll_claimed" in browser.get(f"/parts/timeline?task={TASK}&run=1").text


def test_the_hour_has_the_reasons_of_all_pages_of_the_log(browser: Browser) -> None:
    at = NOON - 120
    browser.operator.metrics = [metric(at, 0.0)]
    browser.operator.logs.add("sweep", at, "gate_paused", "", "", reason="NO_CREDITS")
    assert "<title>NO_CREDITS</title>" in browser.get("/parts/hour").text


def test_a_video_is_reached_by_a_link_of_five_minutes(browser: Browser) -> None:
    ended(browser)
    link = f"https://videos.s3.example/{VIDEO.key}?X-Amz-Expires=300&operation=get_object"
    assert browser.get(f"/jobs/{TASK}/1/video").headers["location"] == link
    assert browser.get(f"/jobs/{TASK}/1/poster").headers["content-type"] == "image/svg+xml"  # there is no poster
    assert browser.get(f"/jobs/{TASK}/1/base").status_code == 404


def test_a_replay_of_an_ended_job_is_sent_once_and_logged(browser: Browser) -> None:
    browser.operator.add_job(task_id="veo_task_live")
    assert '<form class="card plan' not in browser.get("/jobs/veo_task_live/1?plan=replay").text
    ended(browser, tags={"order": "A-1"})
    page = browser.get(f"/jobs/{TASK}/1?plan=replay").text
    assert ("120 credits, $0.60" in page, f"veo4k replay {TASK}" in page) == (True, True)
    form = browser.form(f"/jobs/{TASK}/1?plan=replay")
    locations = {browser.send_form(f"/jobs/{TASK}/1/replay", form).headers["location"] for _ in range(2)}
    [body] = browser.operator.queues.bodies(JOBS)
    assert body == {"taskId": TASK, "index": 0, "force": True, "tags": {"order": "A-1"}}
    assert "next run is on the job queue" in browser.get(locations.pop()).text
    assert (locations, len(browser.log)) == (set(), 1)


def test_a_pause_has_a_reason_and_a_resume_ends_it(browser: Browser) -> None:
    for action, sentence in (("pause", "They stay paused"), ("resume", "Requests are running")):
        assert f"veo4k gate {action}" in browser.get(f"/gate?plan={action}").text
        form = browser.form(f"/gate?plan={action}") | {"reason": "maintenance\x1b[2J"}
        done = browser.send_form(f"/gate/{action}", form).headers["location"]
        assert sentence in browser.get("/parts/gate?health=1").text + browser.get("/?health=1").text
        assert "Requests are" in browser.get(done).text
    assert "veo4k gate pause (maintenance�[2J): Requests are paused by hand." in browser.log[0]


def test_dead_messages_are_planned_redriven_and_deleted(browser: Browser) -> None:
    bodies = [{"taskId": "veo_task_new"}, {"taskId": TASK, "priority": 1}, {"taskId": TASK}]
    ids = add_dead(browser, *map(json.dumps, bodies))
    ended(browser)
    groups = browser.get("/dead").text
    assert ("unknown field &#39;priority&#39;" in groups, "could not be stored" in groups) == (True, True)
    marked = browser.get("/dead", params={"reason": "unknown field 'priority'"}).text
    assert '<mark>  "priority": 1</mark>' in marked.replace("&#34;", '"')
    plan = f"/dead?{'&'.join(f'id={each}' for each in ids)}"
    assert "3 messages: 1 new job, 0 join, 1 announced again, 1 still invalid" in browser.get(plan).text
    assert "120 credits, $0.60" in browser.get(plan).text
    done = browser.send_form("/dead/redrive", browser.form(plan) | {"id": ids}).headers["location"]
    assert "2 messages sent back to the job queue. 1 message left, still invalid." in browser.get(done).text
    browser.send_form("/dead/delete", browser.form(f"/dead?id={ids[1]}"))
    assert (len(browser.operator.queues.bodies(JOBS)), browser.operator.queues.bodies(DEAD)) == (2, [])


def test_a_page_of_dead_messages_says_what_it_does_not_hold(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LETTERS", 3)
    ids = add_dead(browser, *(json.dumps({"taskId": f"{TASK}{number}"}) for number in range(3)))
    assert "3 dead messages." in browser.get("/dead").text
    add_dead(browser, json.dumps({"taskId": f"{TASK}3"}))
    assert "3 dead messages, and there are more." in browser.get("/dead").text
    form = browser.form(f"/dead?id={ids[0]}") | {"id": [ids[0], "gone"]}
    done = browser.send_form("/dead/delete", form).headers["location"]
    assert "1 message deleted. 1 message not found: gone, or being read elsewhere." in browser.get(done).text


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda text: text[:12].encode().hex())
def test_a_body_that_nobody_can_read_breaks_no_page(browser: Browser, body: str) -> None:
    add_dead(browser, body)
    [group] = re.findall(r'href="(/dead\?[^"]+)"', browser.get("/dead").text)
    assert '<article class="letter">' in browser.get(group).text


def test_a_task_token_and_an_unreadable_body_are_not_shown(browser: Browser) -> None:
    add_dead(browser, '{"taskId": "veo_task_a", "taskToken": "secret-one", "x": 1}', "secret-two", '["secret-three"]')
    add_dead(browser, '{"TaskToken": ["secret-four"]}', '{"taskId": "veo_task_a", "a": {"task_token": "secret-five"}}')
    add_dead(browser, '{"taskId": "veo_task_a", "task-token": {"b": "secret-six"}}')
    reasons = re.findall(r'href="(/dead\?[^"]+)"', browser.get("/dead").text)
    assert len(reasons) == 6
    assert not re.search("secret-", "".join(browser.get(page).text for page in reasons))


def test_a_table_of_spend_holds_no_formula(browser: Browser) -> None:
    ended(browser, tags={"=cmd()": "1"})
    assert "tag,'=cmd()=1,1,1,0,120.0,0.6,0.0" in browser.get("/spend.csv?days=1").text


def test_a_firing_alarm_brings_its_steps(browser: Browser) -> None:
    browser.operator.firing = ["veo4k-HeartbeatAlarm-1X2Y"]
    page = browser.get("/?health=1").text
    assert ("HeartbeatAlarm" in page, "enable the schedule" in page, "<code>veo4k sweep</code>" in page) == (True,) * 3


def test_a_job_that_moves_while_it_is_read_is_shown_once(browser: Browser) -> None:
    query = browser.operator.table.query

    def both(**request: Any) -> dict[str, Any]:
        found = query(**request)
        browser.operator.add_job(partition="LIVE", due=NOON)
        return found

    browser.operator.add_job(State.QUEUED, partition="QUEUED", due=NOON)
    browser.operator.table.query = both  # type: ignore[method-assign]
    assert browser.get("/parts/next").text.count('class="id"') == 1


def test_cursors_lead_through_all_rows_once(browser: Browser) -> None:
    for number in range(120):
        due = NOON + number // 40  # many rows are due at the same time
        browser.operator.add_job(State.QUEUED, task_id=f"veo_task_{number:03d}", partition="QUEUED", due=due)
    seen, path = list[str](), "/parts/next"
    while path:
        page = browser.get(path).text
        seen += re.findall(r'class="id" href="/jobs/(\w+)/1"', page)
        found = re.search(r'href="/\?(after=[^"]+)">Next page', page)
        path = f"/parts/next?{found[1]}" if found else ""
    assert (len(seen), len(set(seen))) == (120, 120)
