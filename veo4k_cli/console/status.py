"""The one line at the top of every page: how the stack is, in a sentence and a colour."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from veo4k.domain.gate import Gate
from veo4k.domain.wait_reason import WaitReason
from veo4k_cli.console.monitoring import Point
from veo4k_cli.console.reading import Counts
from veo4k_cli.formatting import duration, plural

SILENT = 300.0
"""Seconds without a sweep that could work after which the sweep counts as stopped."""
NO_RUN = "No sweep that worked is known in the last hour."
ADVICE = " (docs/alarms.md)"


class Status(NamedTuple):
    """A colour (`good`, `warn`, `bad`), the sentence, and the number for the tab."""

    tone: str
    text: str
    number: int


class Facts(NamedTuple):
    """What the line is computed from. `heartbeat` is None where the metric has no value in the last hour."""

    alarms: Sequence[Mapping[str, Any]]
    heartbeat: Point | None
    gate: Gate
    dead: int
    counts: Counts
    oldest: float | None


def judge(facts: Facts, now: float) -> Status:
    """Return the first thing that needs a person, from an alarm to a dead message."""
    found = (_alarms(facts), _silent(facts, now), _gate(facts.gate, now), _unknown(facts), _dead(facts.dead))
    return next((status for status in found if status is not None), _well(facts))


def alarm_sentence(alarm: Mapping[str, Any]) -> str:
    """Return what is wrong, as the alarm's description says it."""
    text = str(alarm.get("AlarmDescription") or alarm["name"]).removesuffix(ADVICE)
    return text if text.endswith(".") else f"{text}."


def _alarms(facts: Facts) -> Status | None:
    if not facts.alarms:
        return None
    count, first = len(facts.alarms), alarm_sentence(facts.alarms[0])
    return Status("bad", first if count == 1 else f"{count} alarms fire. {first}", count)


def is_well(heartbeat: Point | None, counts: Counts, now: float) -> bool:
    """Return whether the sweep runs. Where nothing is known of it, it should have run if jobs are on their way."""
    return now - heartbeat[0] < SILENT if heartbeat else not any(counts)


def _silent(facts: Facts, now: float) -> Status | None:
    if facts.heartbeat is None or is_well(facts.heartbeat, facts.counts, now):
        return None
    since = duration(now - facts.heartbeat[0])
    return Status("bad", f"The sweep has not run, or could not work, for {since}. Jobs wait.", 1)


def _unknown(facts: Facts) -> Status | None:
    if facts.heartbeat or not any(facts.counts):
        return None
    return Status("warn", f"{NO_RUN.removesuffix('.')}, and jobs are on their way.", 1)


def _gate(gate: Gate, now: float) -> Status | None:
    if not gate.reason:
        return None
    if gate.reason == WaitReason.PAUSED_BY_HAND:
        return Status("warn", "Requests are paused by hand. They stay paused until somebody resumes them.", 1)
    # The row knows the latest pause only: the first of a long incident is not known.
    refused = f", last refused {duration(now - (gate.until - gate.pause))} ago" if gate.until else ""
    return Status("bad", f"Paused{refused}: {cause(gate.reason)}. {next_trial(gate, now)}", 1)


def cause(reason: str) -> str:
    """Return why requests are paused, as the end of a sentence."""
    return _CAUSES.get(reason.partition(":")[0], reason)


def next_trial(gate: Gate, now: float) -> str:
    """Return when the next request is sent while requests are paused."""
    if gate.trial and now < gate.trial_until:
        return "A trial request is out."
    return f"Next trial in {duration(gate.until - now)}." if gate.until > now else "The next request is the trial."


def _dead(count: int) -> Status | None:
    return Status("warn", f"{plural(count, 'dead message')} to read.", count) if count else None


def _well(facts: Facts) -> Status:
    waiting, in_flight = facts.counts
    oldest = "" if facts.oldest is None else f", oldest {duration(facts.oldest)}"
    return Status("good", f"All well. {in_flight:,} in flight, {waiting:,} waiting{oldest}.", in_flight + waiting)


_CAUSES = {
    "NO_CREDITS": "out of credits (402)",
    "API_KEY_REFUSED": "the provider refuses the API key (401)",
    "KEY_LIMIT_REACHED": "the key's limit at the provider is reached (433)",
    "FEATURE_OFF": "the provider has switched the feature off (505)",
    "PATH_GONE": "the provider does not know the path (404)",
    "MAINTENANCE": "the provider is under maintenance (455)",
    "RATE_LIMITED": "the provider received too many requests (429)",
    "BLOCKED_BY_PROXY": "a proxy in front of the provider blocks the requests (403)",
    "SHUT_BY_HAND": "an operator paused the requests",
}
