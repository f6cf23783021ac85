"""The commands `submit`, `list`, `replay` of one task, and `link`."""

import pytest

from proofs.doubles.time_manual import NOON
from tests.unit.cli.doubles import JOBS
from tests.unit.cli.operator import TASK, Operator
from veo4k.domain.job import Archived, Code, Failure, Partition, State
from veo4k.domain.provider_words import Words

ARCHIVED = Archived("bucket", f"videos/{TASK}/0/1.mp4", 2_678_103, "ab" * 32, 3840, 2160)


def test_submit_puts_a_message_on_the_queue(operator: Operator) -> None:
    options = ("--index", "1", "--tag", "order=A-1042", "--tag", "who=Zoë=x", "--force", "--json")
    message = {"taskId": TASK, "index": 1, "tags": {"order": "A-1042", "who": "Zoë=x"}, "force": True}
    assert operator.run("submit", TASK, *options).json == message | {"messageId": "00000001-0000"}
    assert operator.queues.bodies(JOBS) == [message]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["short"], "taskId must be 8 to 64 letters, digits, _ or -"),
        ([TASK, "--index", "100"], "index must be a whole number from 0 to 99"),
        ([TASK, "--tag", "order"], "--tag takes KEY=VALUE, not 'order'."),
    ],
)
def test_an_invalid_message_is_not_sent(operator: Operator, words: list[str], text: str) -> None:
    assert operator.run("submit", *words) == (2, "", f"error: {text}\n")
    assert operator.queues.bodies(JOBS) == []


def test_replay_requests_a_new_run_with_the_same_tags(operator: Operator) -> None:
    operator.add_job(State.FAILED, tags={"order": "A-1042"})
    assert f"veo4k watch {TASK} --run 2" in operator.run("replay", TASK).out
    assert operator.queues.bodies(JOBS) == [{"taskId": TASK, "index": 0, "force": True, "tags": {"order": "A-1042"}}]


def test_replay_numbers_the_run_after_all_runs_of_the_task(operator: Operator) -> None:
    operator.add_job(State.FAILED)
    operator.add_job(State.SUCCEEDED, run=2, index=1)
    assert operator.run("replay", TASK, "--json").json["run"] == 3


@pytest.mark.parametrize(
    ("states", "text"),
    [
        ([State.PROCESSING], "is PROCESSING, so a message would only join it"),
        ([], "veo4k submit makes its first run"),
    ],
)
def test_only_an_ended_job_is_replayed(operator: Operator, states: list[State], text: str) -> None:
    for state in states:
        operator.add_job(state)
    result = operator.run("replay", TASK)
    assert (result.status, operator.queues.bodies(JOBS), text in result.err) == (2, [], True)


def test_list_shows_the_newest_job_first(operator: Operator) -> None:
    operator.add_job(State.SUCCEEDED, task_id="veo_task_old", created_at=NOON - 900)
    operator.add_job(State.QUEUED, task_id="veo_task_new", created_at=NOON - 10, partition=Partition.QUEUED)
    assert [job["taskId"] for job in operator.run("list", "--json").json] == ["veo_task_new", "veo_task_old"]


def test_list_shows_the_outcome_of_each_job(operator: Operator) -> None:
    operator.add_job(State.SUCCEEDED, archive=ARCHIVED, finished_at=NOON - 12, evidence="probe")
    operator.add_job(State.FAILED, run=2, error=Failure(Code.NOT_4K, "It was no 4K video."), finished_at=NOON)
    operator.add_job(State.QUEUED, run=3, wait_reason="NO_CREDITS", partition=Partition.QUEUED)
    host = "HOST_NOT_ALLOWED: files.example"
    operator.add_job(run=4, partition=Partition.LIVE, wait_reason="HOST_NOT_ALLOWED", wait_text=host)
    said = Words(500, "Upscale node 7 gave this asset back, and this asset was so long a one.")
    operator.add_job(State.FAILED, run=5, error=Failure(Code.PROVIDER_FAILED, "It failed.", said), finished_at=NOON)
    text = operator.run("list").out
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in text.splitlines() if "#" in line}
    assert lines == {
        f"{TASK}#0#1": "SUCCEEDED 48 s poll 3840x2160, 2,678,103 bytes",
        f"{TASK}#0#2": "FAILED 60 s NOT_4K",
        f"{TASK}#0#3": "QUEUED 60 s NO_CREDITS",
        f"{TASK}#0#4": "PROCESSING 60 s HOST_NOT_ALLOWED: files.example",
        f"{TASK}#0#5": 'FAILED 60 s PROVIDER_FAILED 500 "Upscale node 7 gave this asset back, and this asset was so…',
    }
    assert text.splitlines()[-1] == "5 jobs: 1 QUEUED, 1 PROCESSING, 1 SUCCEEDED, 2 FAILED"


def test_live_jobs_are_listed_without_a_scan(operator: Operator) -> None:
    operator.add_job(State.QUEUED, partition=Partition.QUEUED, due=NOON)
    operator.add_job(State.PROCESSING, run=2, partition=Partition.LIVE, due=NOON + 600)
    operator.add_job(State.FAILED, run=3, partition=Partition.LIVE, due=NOON)
    listed = operator.run("list", "--state", "QUEUED", "--state", "PROCESSING", "--json").json
    assert ({job["run"] for job in listed}, operator.table.scans) == ({1, 2}, 0)


def test_a_job_in_a_state_of_a_later_version_is_listed_last(operator: Operator) -> None:
    operator.add_job(State("PARKED"), partition=Partition.LIVE, due=NOON)
    operator.add_job(State.CANCELLED, run=2)
    assert operator.run("list").out.splitlines()[-1] == "2 jobs: 1 CANCELLED, 1 PARKED"


@pytest.mark.parametrize(
    ("option", "value", "run"), [("--state", "FAILED", 1), ("--since", "1h", 2), ("--tag", "order=A", 2)]
)
def test_list_selects_by_state_tag_and_end(operator: Operator, option: str, value: str, run: int) -> None:
    operator.add_job(State.FAILED, created_at=NOON - 4000, finished_at=NOON - 3700)
    operator.add_job(State.SUCCEEDED, run=2, created_at=NOON - 4000, finished_at=NOON - 3500, tags={"order": "A"})
    assert [job["run"] for job in operator.run("list", option, value, "--json").json] == [run]
    assert operator.table.scans == 0


def test_list_reads_ended_jobs_day_by_day_and_stops_at_its_limit(operator: Operator) -> None:
    for run in range(1, 8):
        operator.add_job(State.SUCCEEDED, run=run, finished_at=NOON - run * 30_000)
    shown = operator.run("list", "--limit", "3", "--json").json
    assert [job["run"] for job in shown] == [1, 2, 3]
    assert "3 jobs: 3 SUCCEEDED. There are older ones: --limit N" in operator.run("list", "--limit", "3").out
    assert operator.table.scans == 0


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
    operator.add_job(State.SUCCEEDED, archive=ARCHIVED)
    operator.add_job(State.FAILED, run=2)
    expected = f"https://bucket.s3.example/{ARCHIVED.key}?X-Amz-Expires=3600&operation=get_object"
    assert operator.run("link", TASK).out == f"{expected}\n"
    assert operator.run("link", TASK, "1", "--json").json["url"] == expected


def test_a_link_to_the_base_video_is_printed(operator: Operator) -> None:
    operator.add_job(State.FAILED, base=ARCHIVED._replace(key="videos/x/0/1.base.mp4"))
    link = "https://bucket.s3.example/videos/x/0/1.base.mp4?X-Amz-Expires=3600&operation=get_object"
    assert operator.run("link", TASK, "--base").out == f"{link}\n"
    assert "s3://bucket/videos/x/0/1.base.mp4" in operator.run("show", TASK).out


@pytest.mark.parametrize(
    ("words", "text"),
    [((), "No run of"), (("2",), "Run 2 of"), (("--base",), "a base video"), (("2", "--base"), "no base video")],
)
def test_without_a_file_there_is_no_link(operator: Operator, words: tuple[str, ...], text: str) -> None:
    operator.add_job(State.FAILED, run=2)
    result = operator.run("link", TASK, *words)
    assert (result.status, text in result.err, result.out) == (2, True, "")


def test_an_empty_list_says_how_to_request_a_video(operator: Operator) -> None:
    assert "Request a video with veo4k submit TASK_ID" in operator.run("list").out
    assert operator.run("list", "--json").json == []
