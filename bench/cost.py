"""What a million jobs cost on AWS: counted units times list prices. us-east-1, without the free tier."""

from dataclasses import dataclass

MILLION = 1_000_000
SOURCES = """\
DynamoDB's since 2024-11-01, durable functions' as AWS's pricing page had them on 2026-09-20, EventBridge's and S3's as
third parties quoted them in 2026. The others are the prices as commonly published; those of secrets, alarms, metrics
and the schedule were not looked up."""
CREDITS, VIDEO = 120, 0.60  # the provider's charge for one 4K video, and $ for it, by its newest lists

WRITE, READ = 0.625, 0.125  # $ per million units, DynamoDB on demand
SQS = 0.40  # $ per million requests
INVOCATION, ARM_SECOND, X86_SECOND = 0.20, 0.0000133334, 0.0000166667  # $ per million; $ per GB s
HTTP_API = 1.00  # $ per million requests
LOG_GB, EGRESS_GB = 0.50, 0.09
SCHEDULER = 1.00  # $ per million invocations
TRANSITION = 25.0  # $ per million, Step Functions Standard
DURABLE_OPERATION = 8.0  # $ per million
SECRET, ALARM, METRIC = 0.40, 0.10, 0.30  # $ per month

GENERATION = 450.0  # seconds from request to result
PROVIDER = 0.6  # seconds until the provider answers a request
BATCH = 10
MEMORY = 0.25  # GB
LEAD = 0.3  # seconds of a batch before its first instant
CALLBACK_SECONDS = 0.02
PUBLISH_SECONDS = 0.02
LINE = 300  # bytes of one line of ours
PLATFORM_LOG = 450  # bytes of START, END and REPORT for each invocation
REQUEST_BYTES = 2000  # of one request to the provider, TLS included
MINUTES = 43_800  # of a month


@dataclass(frozen=True)
class Counted:
    """What the benches have counted for one job."""

    writes_known: float
    writes_end: float
    log_bytes: float
    writes_signed: float  # in all, where the links are signed and long


def known(counted: Counted) -> dict[str, float]:
    """$ of a million jobs from the message to the known result, by service; the account has slots to spare."""
    batch_seconds = LEAD + PROVIDER + 0.1  # two rows of writes for each job, ten jobs side by side
    invocations = 1 / BATCH + 1
    return {
        "DynamoDB": counted.writes_known * WRITE,
        "HTTP API": HTTP_API,
        "SQS (send, receive, delete in tens)": 3 / BATCH * SQS,
        "Lambda invocations": invocations * INVOCATION,
        "Lambda submit": MILLION * batch_seconds / BATCH * MEMORY * ARM_SECOND,
        "Lambda callback": MILLION * CALLBACK_SECONDS * MEMORY * ARM_SECOND,
        "logs": MILLION * (counted.log_bytes + invocations * PLATFORM_LOG) / 1e9 * LOG_GB,
        "egress": MILLION * REQUEST_BYTES / 1e9 * EGRESS_GB,
    }


def end(counted: Counted) -> dict[str, float]:
    """$ of a million archived and announced jobs, above that; without the storage of the files themselves."""
    return {
        "DynamoDB": counted.writes_end * WRITE,
        "SQS (archive queue)": 3 * SQS,
        "Lambda publish (3) and archive (1), invocations": 4 * INVOCATION,
        "Lambda publish (3 of 20 ms)": MILLION * 3 * PUBLISH_SECONDS * MEMORY * ARM_SECOND,
        "logs of four invocations": MILLION * 4 * (PLATFORM_LOG + LINE) / 1e9 * LOG_GB,
        "Lambda archive (5 s at 1 GB)": MILLION * 5 * ARM_SECOND,
        "EventBridge": 1.00,
        "S3 requests (a video of 50 MB in 16 MB parts, a poster)": 8 * 5.00,
    }


def anchors() -> dict[str, float]:
    """$ of a million jobs by other shapes: their orchestration alone, which leaves out all that we count for ours."""
    return {
        "Lambda durable function (start, step, callback, step)": 4 * DURABLE_OPERATION,
        "Step Functions with task token, 3 transitions": 3 * TRANSITION,
        "a Lambda that sleeps 450 s at 128 MB": MILLION * GENERATION * 0.125 * X86_SECOND,
        "Step Functions that polls every 30 s": (GENERATION / 30 * 3 + 4) * TRANSITION,
    }


def idle(alarms: int, secrets: int) -> dict[str, float]:
    """$ of a month in which nothing is asked."""
    return {
        f"{secrets} secrets": secrets * SECRET,
        f"{alarms} alarms (the first ten of an account are free)": alarms * ALARM,
        "1 metric (Heartbeat)": METRIC,
        "sweep: Lambda": MINUTES * (INVOCATION / MILLION + 0.1 * MEMORY * ARM_SECOND),
        "sweep: schedule": MINUTES / MILLION * SCHEDULER,
        "sweep: two looks at the due index": MINUTES * 2 * 0.5 / MILLION * READ,
        "sweep: logs": MINUTES * (PLATFORM_LOG + 400) / 1e9 * LOG_GB,
    }


def burst_extra() -> float:
    """$ of a million jobs that come faster than the account may ask: submit waits up to 20 s for a batch's slots."""
    return MILLION * 20.0 / BATCH * MEMORY * ARM_SECOND
