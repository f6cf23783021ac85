"""Checks of clocks: callbacks carry a timestamp."""

from veo4k_cli.checks.finding import Finding, Verdict

TOLERANCE = 300  # seconds that a callback's timestamp may be off
NOTEWORTHY = 30  # seconds from which a difference is mentioned


def judge_clock(owner: str, date: float | None, now: float) -> Finding:
    """Compare a Date header (epoch seconds) with this machine's clock."""
    about = f"clock of {owner}"
    if date is None:
        return Finding(about, Verdict.NOTE, "The response has no Date header to compare.")
    difference = abs(date - now)
    direction = "ahead of" if date > now else "behind"
    text = f"The clock is {difference:.0f} s {direction} this machine's (to the second)."
    if difference <= NOTEWORTHY:
        return Finding(about, Verdict.WELL, text)
    verdict = Verdict.NOTE if difference <= TOLERANCE else Verdict.ACT
    return Finding(about, verdict, text, "Set this machine's clock. A timestamp may be five minutes off at most.")
