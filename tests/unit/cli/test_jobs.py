"""The commands `submit`, `list`, `cancel`, `replay` of one task, `link` and `spend`."""

import csv
import io
from typing import Any

import pytest

from proofs.doubles.time_manual import NOON
from tests.unit.cli.doubles import JOBS
from tests.unit.cli.operator import TASK, Operator
from veo4k.domain.job import Archived, Code, Evidence, Failure, Partition, State, utc
from veo4k.domain.provider_words import Words
from veo4k_cli.spending import Charge, charge

HOST = "HOST_NOT_ALLOWED: files.example"
ARCHIVED = Archived("bucket", f"videos/{TASK}/0/1.mp4", 2_678_103, "ab" * 32, 3840, 2160)


def test_submit_puts_a_message_on_the_queue(operator: Operator) -> None:
    options = ("--index", "1", "--tag", "order=A-1042", "--tag", "who=Zoë=x", "--force", "--json")
    message = {"taskId": TASK, "index": 1, "tags": {"order": "A-1042", "who": "Zoë=x"}, "force": True}
    assert operator.run("submit", TASK, *options).json == message | {"messageId": "00000001-0000"}
    assert operator.queues.bodies(JOBS) == [message]


@pytest.mark.parametrize(("words", "run"), [([], 2), (["1"], 1)])
def test_cancel_ends_the_named_or_the_newest_queued_run(operator: Operator, words: list[str], run: int) -> None:
    for number in (1, 2):
        operator.add_job(State.QUEUED, run=number, wait_reason="NO_CREDITS")
    cancelled = operator.run("cancel", TASK, *words, "--json").json
    assert (cancelled["run"], cancelled["state"], cancelled["finishedAt"]) == (run, "CANCELLED", utc(NOON))
    listed = operator.run("list", "--scan", "--state", "CANCELLED", "--json").json
    assert [job["run"] for job in listed] == [run]


def test_replay_requests_a_new_run_after_all_runs_of_the_task(operator: Operator) -> None:
    operator.add_job(State.FAILED, tags={"order": "A-1042", "note": "of a former\nversion"})
    operator.add_job(State.SUCCEEDED, run=2, index=1)
    assert f"veo4k watch {TASK} --run 3" in operator.run("replay", TASK).out
    assert operator.run("replay", TASK, "--json").json["run"] == 3
    message = {"taskId": TASK, "index": 0, "force": True, "tags": {"order": "A-1042"}}
    assert operator.queues.bodies(JOBS) == [message, message]


def test_list_shows_the_outcome_of_each_job(operator: Operator) -> None:
    said = Words(500, "Upscale node 7 gave this asset back, and this asset was so long a one.")
    operator.add_job(State.SUCCEEDED, archive=ARCHIVED, finished_at=NOON - 12, evidence="probe")
    operator.add_job(State.FAILED, run=2, error=Failure(Code.NOT_4K, "It was no 4K video."), finished_at=NOON)
    operator.add_job(State.QUEUED, run=3, wait_reason="NO_CREDITS", partition=Partition.QUEUED)
    operator.add_job(run=4, partition=Partition.LIVE, wait_reason="HOST_NOT_ALLOWED", wait_text=HOST)
    operator.add_job(State.FAILED, run=5, error=Failure(Code.PROVIDER_FAILED, "It failed.", said), finished_at=NOON)
    operator.add_job(State("PARKED"), run=6, partition=Partition.LIVE)  # a state of a later version
    text = operator.run("list").out
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in text.splitlines() if "#" in line}
    assert lines == {
        f"{TASK}#0#1": "SUCCEEDED 48 s poll 3840x2160, 2,678,103 bytes",
        f"{TASK}#0#2": "FAILED 60 s NOT_4K",
        f"{TASK}#0#3": "QUEUED 60 s NO_CREDITS",
        f"{TASK}#0#4": f"PROCESSING 60 s {HOST}",
        f"{TASK}#0#5": 'FAILED 60 s PROVIDER_FAILED 500 "Upscale node 7 gave this asset back, and this asset was so…',
        f"{TASK}#0#6": "PARKED 60 s",
    }
    assert text.splitlines()[-1] == "6 jobs: 1 QUEUED, 1 PROCESSING, 1 SUCCEEDED, 2 FAILED, 1 PARKED"


def test_list_selects_jobs_the_newest_first(operator: Operator) -> None:
    assert "Request a video with veo4k submit TASK_ID" in operator.run("list").out
    assert operator.run("list", "--json").json == []
    operator.add_job(State.SUCCEEDED, finished_at=NOON - 3500, created_at=NOON - 4000, tags={"order": "A"})
    operator.add_job(State.FAILED, run=2, finished_at=NOON - 3700, created_at=NOON - 4000, partition=Partition.LIVE)
    for run in range(3, 8):
        operator.add_job(State.SUCCEEDED, run=run, finished_at=NOON - run * 30_000)
    operator.add_job(State.QUEUED, run=8, created_at=NOON - 20, partition=Partition.QUEUED)
    operator.add_job(run=9, created_at=NOON - 10, partition=Partition.LIVE)
    operator.add_job(run=10, created_at=NOON - 3800, partition=Partition.LIVE)
    selected = {
        "--state QUEUED --state PROCESSING": [9, 8, 10],
        "--state FAILED": [2],
        "--since 1h": [9, 8, 1],
        "--tag order=A": [1],
        "--limit 5": [9, 8, 1, 2, 10],
    }
    found = {options: operator.run("list", *options.split(), "--json").json for options in selected}
    assert {options: [job["run"] for job in jobs] for options, jobs in found.items()} == selected
    assert "There are older ones: --limit N" in operator.run("list", "--limit", "5").out
    assert "There are older ones" not in operator.run("list").out
    assert operator.table.scans == 0


def test_live_jobs_are_read_a_hundred_at_a_time(operator: Operator) -> None:
    for number in range(250):
        operator.add_job(State.QUEUED, task_id=f"veo_task_{number:04}", partition=Partition.QUEUED, due=NOON + number)
    operator.table.get_item = None  # type: ignore[method-assign,assignment]
    assert len(operator.run("list", "--json").json) == 250
    assert "50 jobs: 50 QUEUED. There are older ones" in operator.run("list").out


def test_a_job_that_moves_while_live_jobs_are_read_is_listed_once(operator: Operator) -> None:
    operator.add_job(State.QUEUED, partition=Partition.QUEUED)
    query = operator.table.query

    def both(**request: Any) -> dict[str, Any]:
        found = query(**request)
        operator.add_job(partition=Partition.LIVE if request.get("IndexName") == "due" else None)
        return found

    operator.table.query = both  # type: ignore[method-assign]
    assert len(operator.run("list", "--json").json) == 1


def test_jobs_without_the_day_of_their_end_are_listed_by_a_scan(operator: Operator) -> None:
    operator.add_job(State.SUCCEEDED, day=None)
    assert "listed with --scan" in operator.run("list").out
    assert len(operator.run("list", "--scan", "--json").json) == 1


def test_a_table_without_the_index_by_day_is_scanned(operator: Operator) -> None:
    operator.table.has_day_index = False
    operator.add_job(State.SUCCEEDED, day=None)
    status, out, err = operator.run("list")
    assert (status, f"{TASK}#0#1" in out, "scans the whole table" in err) == (0, True, True)
    assert operator.run("spend").status == 2


def test_a_link_to_the_newest_file_is_printed_alone(operator: Operator) -> None:
    newer, base = ARCHIVED._replace(key="videos/x/0/2.mp4"), ARCHIVED._replace(key="videos/x/0/3.base.mp4")
    operator.add_job(State.SUCCEEDED, archive=ARCHIVED)
    operator.add_job(State.SUCCEEDED, run=2, archive=newer)
    operator.add_job(State.FAILED, run=3, base=base)
    link = "https://bucket.s3.example/{}?X-Amz-Expires=3600&operation=get_object"
    assert operator.run("link", TASK).out == f"{link.format(newer.key)}\n"
    assert operator.run("link", TASK, "--base").out == f"{link.format(base.key)}\n"
    assert operator.run("link", TASK, "1", "--json").json["url"] == link.format(ARCHIVED.key)


BY_CALLBACK: dict[str, Any] = {"evidence": Evidence.CALLBACK, "acceptances": 1}


def test_a_job_costs_what_was_charged_and_what_may_have_been(operator: Operator) -> None:
    for state, fields, cost in (
        (State.SUCCEEDED, BY_CALLBACK | {"credits_consumed": 90}, Charge(90, 0)),
        (State.SUCCEEDED, BY_CALLBACK, Charge(120, 0)),
        (State.SUCCEEDED, BY_CALLBACK | {"acceptances": 3}, Charge(120, 240)),
        (State.SUCCEEDED, BY_CALLBACK | {"acceptances": 2, "credits_consumed": 120}, Charge(120, 120)),
        (State.SUCCEEDED, {"evidence": Evidence.SUBMIT, "acceptances": 1}, Charge(0, 0)),
        (State.SUCCEEDED, {"evidence": Evidence.SUBMIT, "acceptances": 1, "lost_responses": 1}, Charge(120, 0)),
        (State.SUCCEEDED, {"evidence": Evidence.LOOK}, Charge(0, 0)),
        (State.FAILED, BY_CALLBACK | {"maybe_charged": True}, Charge(120, 0)),
        (State.FAILED, {"acceptances": 1, "maybe_charged": True}, Charge(0, 120)),
        (State.TIMED_OUT, {"acceptances": 3, "maybe_charged": True}, Charge(0, 360)),
        (State.TIMED_OUT, {"lost_responses": 2, "maybe_charged": True}, Charge(0, 120)),
        (State.FAILED, {"maybe_charged": False}, Charge(0, 0)),
    ):
        assert charge(operator.add_job(state, **fields)) == cost, fields


def add_jobs(operator: Operator) -> None:
    operator.add_job(State.SUCCEEDED, finished_at=NOON - 60, tags={"who": "=A1"}, **BY_CALLBACK)
    operator.add_job(State.FAILED, run=2, finished_at=NOON - 60, maybe_charged=True, acceptances=1)
    operator.add_job(State.SUCCEEDED, run=3, finished_at=NOON - 86_460, evidence="submit", acceptances=1)


def test_spend_sums_by_day_in_all_and_what_is_selected(operator: Operator) -> None:
    add_jobs(operator)
    value = operator.run("spend", "--json").json
    assert [(day["jobs"], day["succeeded"], day["free"]) for day in value["groups"]] == [(1, 1, 1), (2, 1, 0)]
    counts = {"group": "all", "jobs": 3, "succeeded": 2, "free": 1, "share": 0}
    sums = {"credits": 120, "creditsWithout4k": 0, "maybeCredits": 120, "dollars": 0.6}
    assert value["total"] | {"share": 0} == counts | sums
    assert operator.run("spend").out.splitlines()[-3].split() == ["all", "3", "2", "67%", "1", "120", "0.60", "120"]
    jobs = {"--since 1d": 2, "--tag who==A1": 1, "--since 1s": 0}
    assert {words: operator.run("spend", *words.split(), "--json").json["total"]["jobs"] for words in jobs} == jobs
    assert operator.table.scans == 0


def test_spend_as_csv_has_no_text_that_a_spreadsheet_runs(operator: Operator) -> None:
    add_jobs(operator)
    rows = csv.DictReader(io.StringIO(operator.run("spend", "--by", "tag:who", "--csv").out))
    found = [(row["group"], row["jobs"], row["credits"], row["maybeCredits"]) for row in rows]
    assert found == [("(none)", "2", "0", "120"), ("'=A1", "1", "120", "0")]


@pytest.mark.parametrize("option", ["--force", "--index=1"])
def test_a_new_run_of_a_task_is_followed_by_its_number(operator: Operator, option: str) -> None:
    operator.add_job(State.SUCCEEDED)
    assert f"watch {TASK} --run N" in operator.run("submit", TASK, option).out


def test_a_row_of_a_pipe_stays_on_one_line(operator: Operator) -> None:
    error = Failure(Code.PROVIDER_FAILED, "x", Words(422, "Your 4K request has failed, for a reason that is long"))
    job = operator.add_job(State.FAILED, task_id="0f3a9b2c4d5e6f708192a3b4c5d6e7f8", error=error, maybe_charged=True)
    row = operator.run("list", env={"COLUMNS": None}).out.splitlines()[1]
    assert (row.split()[0], row.rstrip()[-5:]) == (job.job_id, 'long"')
