"""Checks of what jobs go through: the gate, the table, the provider's answers and the queues."""

from collections import Counter
from collections.abc import Iterable

from veo4k.domain.gate import Gate
from veo4k.domain.job import Job, Partition
from veo4k.domain.wait_reason import WaitReason
from veo4k_cli.checks.clock import judge_clock
from veo4k_cli.checks.finding import Finding, Findings, Verdict
from veo4k_cli.command import Session
from veo4k_cli.dead_letter_queue import message_count
from veo4k_cli.formatting import duration, plural
from veo4k_cli.gate import describe_gate
from veo4k_cli.http import parse_date
from veo4k_cli.listing import live_jobs
from veo4k_cli.wait_reasons import wait_of, words_of

OVERDUE = 300  # seconds after which a sweep should have processed a job
DEAD_LETTER_QUEUES = tuple(f"{kind}DeadLetterQueue" for kind in ("", "Archive", "Sweep", "Publish"))
MOST_READ = 500  # jobs of each partition of the due index
QUEUES = ("JobQueue", "ArchiveQueue", *DEAD_LETTER_QUEUES)


def check_gate(session: Session) -> Findings:
    """Check whether requests are running."""
    yield judge_gate(session.gate().read(), session.clock.now())


def judge_gate(row: Gate, now: float) -> Finding:
    """Judge whether requests are running, and what to do where they are paused."""
    text = describe_gate(row, now)
    if not row.reason:
        return Finding("gate", Verdict.WELL, text)
    if row.reason == WaitReason.PAUSED_BY_HAND:
        return Finding("gate", Verdict.ACT, text, "Run veo4k gate resume when the requests may continue.")
    todo = "Fix the cause. Requests continue automatically after the pause, or at once with veo4k gate resume."
    return Finding("gate", Verdict.ACT, text, todo)


def check_table(session: Session) -> Findings:
    """Check the table, the clock of AWS, and that no job is overdue."""
    stack, now, jobs = session.stack, session.clock.now(), session.jobs()
    response = stack.client("dynamodb").describe_table(TableName=stack.output("JobTableName"))
    yield judge_clock("AWS", parse_date(response["ResponseMetadata"]["HTTPHeaders"].get("date", "")), now)
    yield judge_table(response["Table"]["TableStatus"])
    oldest = next((job for key in jobs.due(Partition.LIVE, now) if (job := jobs.get(key)) is not None), None)
    due = oldest.due if oldest is not None and oldest.partition is Partition.LIVE else None
    yield judge_overdue(now - due if due is not None else 0.0)


def judge_table(status: str) -> Finding:
    """Judge the status of the table."""
    if status == "ACTIVE":
        return Finding("table", Verdict.WELL, "The table is ACTIVE.")
    return Finding("table", Verdict.ACT, f"The table is {status}.", "Check the table in the DynamoDB console.")


def judge_overdue(seconds: float) -> Finding:
    """Judge whether the sweep keeps up, by the seconds since the oldest job was due."""
    if seconds > OVERDUE:
        text = f"A job is {duration(seconds)} overdue. The sweep does not run, fails or does not keep up."
        return Finding("due jobs", Verdict.ACT, text, "Read the findings on the sweep below, and its logs.")
    return Finding("due jobs", Verdict.WELL, "No job is overdue.")


def check_answers(session: Session) -> Findings:
    """Check whether jobs wait because of what the provider answered."""
    jobs = live_jobs(session, MOST_READ)
    yield judge_hosts(job for job in jobs if job.wait_reason == WaitReason.HOST_NOT_ALLOWED)
    yield judge_unclear(job for job in jobs if job.wait_reason == WaitReason.UNCLEAR_ANSWER)
    yield judge_not_found(sum(job.wait_reason == WaitReason.NOT_FOUND for job in jobs))


def judge_hosts(waiting: Iterable[Job]) -> Finding:
    """Judge the jobs whose result is on a host that is not allowed."""
    hosts = Counter(wait_of(job).removeprefix(f"{WaitReason.HOST_NOT_ALLOWED}: ") for job in waiting)
    if not hosts:
        return Finding("result hosts", Verdict.WELL, "No result waits for its host to be allowed.")
    text = f"{_jobs_wait(hosts.total())} for a host that ResultHosts does not allow: {_counted(hosts)}."
    todo = "If the host is the provider's, add it to ResultHosts and deploy. The jobs go on within 15 minutes, unpaid."
    return Finding("result hosts", Verdict.ACT, text, todo)


def judge_unclear(waiting: Iterable[Job]) -> Finding:
    """Judge the jobs whose latest answer was in unknown words."""
    said = Counter(words_of(job) for job in waiting)
    if not said:
        return Finding("answers", Verdict.WELL, "No job waits after an answer in unknown words.")
    text = f"{_jobs_wait(said.total())} after an answer in unknown words: {_counted(said)}."
    todo = "The requests are repeated. If it lasts, ask the provider what the words mean, and update this stack."
    return Finding("answers", Verdict.WARN, text, todo)


def judge_not_found(count: int) -> Finding:
    """Judge the number of jobs whose latest answer was 404."""
    if not count:
        return Finding("answers 404", Verdict.WELL, "No job waits after an answer 404.")
    todo = "Check the task ids and the API key. If all jobs wait so, the path may be gone: see ProviderContract."
    return Finding("answers 404", Verdict.WARN, f"{_jobs_wait(count)} after an answer 404.", todo)


def _jobs_wait(count: int) -> str:
    return f"{plural(count, 'job')} {'waits' if count == 1 else 'wait'}"


def _counted(texts: Counter[str]) -> str:
    return ", ".join(f"{text} ({count})" for text, count in texts.most_common(5))


def check_queues(session: Session) -> Findings:
    """Check the queues of the stack."""
    sqs, urls = (
        session.stack.client("sqs"),
        {found.logical_id: found.physical_id for found in session.stack.resources()},
    )
    for name in QUEUES:
        if name in urls:
            yield judge_queue(name, message_count(sqs, urls[name]))


def judge_queue(name: str, messages: int) -> Finding:
    """Judge a queue by the number of its messages."""
    text = f"The queue holds {plural(messages, 'message')}."
    if not messages or name not in DEAD_LETTER_QUEUES:
        return Finding(name, Verdict.WELL, text)
    is_job_queues = name == "DeadLetterQueue"
    todo = "veo4k dead list shows them." if is_job_queues else "docs/alarms.md says what to do with them."
    return Finding(name, Verdict.ACT, text, todo)
