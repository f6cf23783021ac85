"""Prices of a stack on AWS: counted units times list prices of us-east-1."""

from dataclasses import dataclass
from typing import NamedTuple

MILLION = 1_000_000
SOURCES = """\
DynamoDB's since 2024-11-01, durable functions' as AWS's pricing page had them on 2026-09-20, EventBridge's and S3's as
third parties quoted them in 2026, CloudWatch's with its free allowances as a third party copied AWS's pricing page in
May 2026. The others are the prices as commonly published; those of secrets, KMS, the schedule and the NAT gateway were
not looked up."""
CREDITS, VIDEO = 120, 0.60  # the provider's charge for one 4K video, and $ for it, by its newest lists

WRITE, READ = 0.625, 0.125  # $ per million units, DynamoDB on demand
SQS = 0.40  # $ per million requests
INVOCATION, ARM_SECOND, X86_SECOND = 0.20, 0.0000133334, 0.0000166667  # $ per million; $ per GB s
HTTP_API = 1.00  # $ per million requests
LOG_GB, EGRESS_GB = 0.50, 0.09
SCHEDULER = 1.00  # $ per million invocations
TRACE = 5.00  # $ per million traces recorded
SECRET_READ = 5.00  # $ per million calls of Secrets Manager
KMS_REQUEST = 3.00  # $ per million
TRANSITION = 25.0  # $ per million, Step Functions Standard
DURABLE_OPERATION = 8.0  # $ per million
SECRET, ALARM_METRIC, METRIC, DASHBOARD, KMS_KEY = 0.40, 0.10, 0.30, 3.00, 1.00  # $ per month
NAT_HOUR, ADDRESS_HOUR, NAT_GB = 0.045, 0.005, 0.045

FREE_METRICS, FREE_ALARM_METRICS, FREE_DASHBOARD_METRICS = 10, 10, 50  # the last for each of three dashboards
FREE_SQS, FREE_TRACES, FREE_KMS = 1_000_000, 100_000, 20_000  # requests of a month

GENERATION = 450.0  # seconds from request to result
PROVIDER = 0.6  # seconds until the provider answers a request
BATCH = 10
MEMORY = 0.25  # GB
LEAD = 0.3  # seconds of a batch before its first instant
CALLBACK_SECONDS = 0.02
PUBLISH_SECONDS = 0.02
SWEEP_SECONDS = 0.1
LINE = 300  # bytes of one log line of the functions
METRICS_LINE = 400  # bytes of a sweep's metrics
ACCESS_LINE = 250  # bytes of one line of the API's access log
PLATFORM_LOG = 450  # bytes of START, END and REPORT for each invocation
REQUEST_BYTES = 2000  # of one request to the provider, TLS included
HOURS, MINUTES = 730, 43_800  # of a month
PACE = 20 / 10.25  # jobs a second that the provider's limit allows
KEY_SECONDS = 30  # for which a function keeps a key that it has read
KEY_READERS = 2 * 2 + 2 + 1  # two submits and a callback read two keys each, a sweep reads two keys each minute

IDLE_METRICS = ("Heartbeat", "OldestDueSeconds", "GateOpen", "DailyLimitUsed", "CreditsLeft")
"""Metrics that a sweep emits though no job exists."""
IDLE_QUERIES, IDLE_GATE_READS = 4, 1  # of an idle sweep with its health metrics; at most
QUERY_UNITS, GATE_READ_UNITS = 0.5, 1.0  # a page of an index up to 4 KB; a consistent read
JOB_METRICS = 6
"""JobCreated, RequestAccepted, ResultReceived, ArchiveRequested, JobArchived, AnnouncementSent: a job by callback."""
POLLERS, LONG_POLL = 5, 20.0
"""Lambda polls an empty queue with five connections that wait 20 s each. Third parties have measured the five; AWS
documents that empty receives are billed, but not their number."""
KEY_CACHE = 300.0  # seconds for which SQS and DynamoDB keep a data key
KEY_CACHES = 4  # that an idle stack renews: those of two queues, of the table and of its stream


@dataclass(frozen=True)
class Counted:
    """What the benches have counted for one job."""

    writes_known: float
    writes_end: float
    log_bytes: float
    writes_signed: float  # in all, where the links are signed and long


@dataclass(frozen=True)
class Stack:
    """What a template creates by default that costs money in every month."""

    alarm_metrics: int
    dashboard_metrics: int
    secrets: int
    polled_queues: int
    traced: bool


class Price(NamedTuple):
    """$ per month: by list price, and in an account that uses its free allowances for nothing else."""

    listed: float
    alone: float


def known(counted: Counted) -> dict[str, float]:
    """Return $ of a million jobs from the message to the known result, by service; the account has slots to spare."""
    batch_seconds = LEAD + PROVIDER + 0.1  # two rows of writes for each job, ten jobs side by side
    invocations = 1 / BATCH + 1
    log_bytes = counted.log_bytes + invocations * PLATFORM_LOG + ACCESS_LINE
    key_reads = MILLION / PACE / KEY_SECONDS * KEY_READERS
    return {
        "DynamoDB": counted.writes_known * WRITE,
        "HTTP API": HTTP_API,
        "SQS (send, receive, delete in tens)": 3 / BATCH * SQS,
        "Lambda invocations": invocations * INVOCATION,
        "Lambda submit": MILLION * batch_seconds / BATCH * MEMORY * ARM_SECOND,
        "Lambda callback": MILLION * CALLBACK_SECONDS * MEMORY * ARM_SECOND,
        "logs": MILLION * log_bytes / 1e9 * LOG_GB,
        "Secrets Manager (keys are read every 30 s)": key_reads / MILLION * SECRET_READ,
        "egress": MILLION * REQUEST_BYTES / 1e9 * EGRESS_GB,
    }


def end(counted: Counted) -> dict[str, float]:
    """Return $ of a million archived and announced jobs, above that; without the storage of the files."""
    base_seconds = 2 * PUBLISH_SECONDS * MEMORY + 1
    return {
        "DynamoDB": counted.writes_end * WRITE,
        "SQS (archive queue)": 3 * SQS,
        "Lambda publish (3) and archive (1), invocations": 4 * INVOCATION,
        "Lambda publish (3 of 20 ms)": MILLION * 3 * PUBLISH_SECONDS * MEMORY * ARM_SECOND,
        "logs of four invocations": MILLION * 4 * (PLATFORM_LOG + LINE) / 1e9 * LOG_GB,
        "Lambda archive (5 s at 1 GB)": MILLION * 5 * ARM_SECOND,
        "EventBridge": 1.00,
        "S3 requests (a video of 50 MB in 16 MB parts, a poster)": 8 * 5.00,
        "the base video: SQS (2 messages)": 6 * SQS,
        "the base video: Lambda publish (2) and archive (2), invocations": 4 * INVOCATION,
        "the base video: Lambda publish and archive (2 of 20 ms, 1 s at 1 GB)": MILLION * base_seconds * ARM_SECOND,
        "the base video: logs of four invocations": MILLION * 4 * (PLATFORM_LOG + LINE) / 1e9 * LOG_GB,
        "the base video: DynamoDB (2 reads, a write)": 2 * READ + 2 * WRITE,
        "the base video: S3 request (8 MB)": 5.00,
    }


def anchors() -> dict[str, float]:
    """Return $ of a million jobs by other shapes: their orchestration alone, which leaves out all that ours counts."""
    return {
        "Lambda durable function (start, step, callback, step)": 4 * DURABLE_OPERATION,
        "Step Functions with task token, 3 transitions": 3 * TRANSITION,
        "a Lambda that sleeps 450 s at 128 MB": MILLION * GENERATION * 0.125 * X86_SECOND,
        "Step Functions that polls every 30 s": (GENERATION / 30 * 3 + 4) * TRANSITION,
    }


def one_by_one() -> float:
    """Return what a million jobs cost more where none comes within 30 s of another: without batches, keys read anew."""
    alone = 1 - 1 / BATCH
    shared = INVOCATION + MILLION * (LEAD + PROVIDER + 0.1) * MEMORY * ARM_SECOND + 3 * SQS + WRITE
    return alone * (shared + MILLION * PLATFORM_LOG / 1e9 * LOG_GB) + 4 * SECRET_READ


def burst_extra() -> float:
    """Return what a million jobs cost more that come faster than the account allows: submit waits 20 s for slots."""
    return MILLION * 20.0 / BATCH * MEMORY * ARM_SECOND


def idle(stack: Stack) -> dict[str, Price]:
    """Return $ of a month without any job."""
    watched, drawn = stack.alarm_metrics, stack.dashboard_metrics
    receives = stack.polled_queues * POLLERS * MINUTES * 60 / LONG_POLL
    sweep_units = IDLE_QUERIES * QUERY_UNITS + IDLE_GATE_READS * GATE_READ_UNITS
    rows = {
        f"{watched} metrics that alarms read": _beyond(watched, FREE_ALARM_METRICS, ALARM_METRIC),
        f"{len(IDLE_METRICS)} custom metrics": _beyond(len(IDLE_METRICS), FREE_METRICS, METRIC),
        f"dashboard of {drawn} metrics": Price(DASHBOARD, DASHBOARD if drawn > FREE_DASHBOARD_METRICS else 0.0),
        f"{stack.secrets} secrets": _always(stack.secrets * SECRET),
        f"{receives:,.0f} empty receives on {stack.polled_queues} queues": _beyond(receives, FREE_SQS, SQS / MILLION),
        "sweep: two keys, every ten minutes": _always(MINUTES / 10 * 2 / MILLION * SECRET_READ),
        "sweep: Lambda": Price(MINUTES * (INVOCATION / MILLION + SWEEP_SECONDS * MEMORY * ARM_SECOND), 0.0),
        "sweep: schedule": Price(MINUTES / MILLION * SCHEDULER, 0.0),
        "sweep: four queries, and a read of the gate": _always(MINUTES * sweep_units / MILLION * READ),
        "sweep: logs": Price(MINUTES * (PLATFORM_LOG + METRICS_LINE) / 1e9 * LOG_GB, 0.0),
    }
    traces = {"sweep: traces": _beyond(MINUTES, FREE_TRACES, TRACE / MILLION)} if stack.traced else {}
    return rows | traces


def options() -> dict[str, Price]:
    """Return $ of a month that a parameter adds to an idle stack."""
    requests = MINUTES * 60 / KEY_CACHE * KEY_CACHES + MINUTES / 10 * 2
    calls = _beyond(requests, FREE_KMS, KMS_REQUEST / MILLION)
    return {
        "`KmsKeyArn`, with a key made for the stack": Price(KMS_KEY + calls.listed, KMS_KEY + calls.alone),
        "`SubnetIds`, with one NAT gateway and one Elastic IP": _always(HOURS * (NAT_HOUR + ADDRESS_HOUR)),
        "`JobsApi`: a secret, and three more metrics that alarms read": _always(SECRET + 3 * ALARM_METRIC),
        "`DailyRequestLimit`: one more metric that an alarm reads": _always(ALARM_METRIC),
    }


def _always(price: float) -> Price:
    return Price(price, price)


def _beyond(count: float, free: float, price: float) -> Price:
    """Price a count of which the account has the first `free` ones for nothing."""
    return Price(count * price, max(0.0, count - free) * price)
