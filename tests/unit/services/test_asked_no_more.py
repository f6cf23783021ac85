"""Requests that may buy a video again, and jobs for which none is sent any more: found by the simulation."""

from dataclasses import replace

from tests.doubles.archive_memory import MemoryArchive, MemoryDownloads
from tests.doubles.gate_memory import numbered
from tests.doubles.stage import HOSTS, TASK, URL, Stage
from tests.doubles.time_manual import NOON, ManualClock
from veo4k.domain import transitions
from veo4k.domain.answer import Answer, Meaning
from veo4k.domain.callback import Address, News
from veo4k.domain.errors import DeadLinkError
from veo4k.domain.job import Code, Job, Lane, State
from veo4k.domain.rules import Due, Moment, after_answer, when_due
from veo4k.domain.schedule import Times
from veo4k.domain.write import Refused, Write, Written, apply
from veo4k.services.archive import Archiver

TIMES = Times()
MOMENT = Moment(now=NOON, until=NOON, times=TIMES, hosts=HOSTS, on_trial=False, new_id="n")
LINKLESS = Job(
    task_id=TASK,
    run=1,
    index=0,
    state=State.READY,
    created_at=NOON,
    accepted_at=NOON,
    asked_at=NOON,
    attempts=2,
    accepts=1,
    tries=2,
    link_dead=True,
    urls=(URL,),
    lane=Lane.LIVE,
    due=NOON,
)
FIRST = Answer(meaning=Meaning.WORKING, first=True)
OWN = "veo_task_of_its_own"


def after(job: Job, answer: Answer) -> Job:
    write = after_answer(job, answer, MOMENT).write
    outcome = apply(write, job) if write else Written(job)
    assert isinstance(outcome, Written)
    return outcome.job


def test_a_request_for_a_fresh_link_that_was_accepted_like_a_first_one_is_counted() -> None:
    assert after(LINKLESS, FIRST).accepts == 2


def test_a_job_that_is_asked_no_more_and_whose_link_is_dead_has_failed() -> None:
    due, step = when_due(replace(LINKLESS, accepts=3), NOON + 300, "n", TIMES)

    assert due is Due.WRITE
    assert step.write is not None
    assert step.write.put["error"].code is Code.ARCHIVE_FAILED


def test_a_request_for_a_fresh_link_that_never_left_costs_no_try() -> None:
    job = after(LINKLESS, Answer(meaning=Meaning.NEVER_SENT))

    assert (job.tries, job.attempts) == (1, 1)


def test_a_fresh_link_costs_no_try() -> None:
    assert after(LINKLESS, Answer(meaning=Meaning.DONE, urls=(URL,))).tries == 1


def test_a_dead_link_ends_a_job_that_there_is_no_way_to_ask_about() -> None:
    _, step = when_due(replace(LINKLESS, contract="jobs"), NOON + 300, "n", TIMES)

    assert step.action == "job_failed"


def test_a_job_that_is_asked_no_more_is_not_looked_at_every_minute() -> None:
    stage = Stage(FIRST)
    stage.ask()
    waiting = replace(stage.job(), accepts=3)
    due, step = when_due(waiting, NOON + 720, "n", TIMES)

    assert (due, step.action) == (Due.WRITE, "job_awaited")
    assert step.write is not None
    assert step.write.put["due"] >= NOON + 7200


def test_a_job_whose_function_died_adopts_the_id_that_a_callback_names_once_its_lease_is_long_over() -> None:
    asked = replace(LINKLESS, state=State.SUBMITTING, attempt="a", ask_again_at=NOON + 210, accepted_at=None)
    news = News(Answer(meaning=Meaning.DONE, urls=(URL,)), OWN)
    address = Address(TASK, 0, 1, "token")
    early = apply(transitions.called_back_ready(address, news, (URL,), NOON + 209), asked)
    late = apply(transitions.called_back_ready(address, news, (URL,), NOON + 210), asked)

    assert isinstance(early, Refused)
    assert isinstance(late, Written)
    assert late.job.provider_task_id == OWN


def test_links_that_keep_dying_are_replaced_ever_more_slowly() -> None:
    stage = Stage()
    given = {name: getattr(LINKLESS, name) for name in Job.__dataclass_fields__}
    stage.jobs.write(Write(key=LINKLESS.key, put={**given, "tries": 6, "link_dead": None}))
    downloads = MemoryDownloads({URL: [DeadLinkError("403")]})
    archiver = Archiver(
        jobs=stage.jobs,
        downloads=downloads,
        archive=MemoryArchive(),
        clock=ManualClock(),
        new_id=numbered("lease"),
        times=TIMES,
    )
    archiver.store(LINKLESS.key, NOON + 900)

    assert stage.job().link_dead
    assert stage.job().due == NOON + 60 * 2**6
