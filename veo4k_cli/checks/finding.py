"""The result of a check."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """How serious a finding is."""

    WELL = "well"
    NOTE = "note"  # worth knowing
    WARN = "warn"  # may become a problem
    ACT = "act"  # is a problem


class Finding(NamedTuple):
    """What was checked, how it is, and what to do."""

    about: str
    verdict: Verdict
    text: str
    todo: str = ""


Findings = Iterator[Finding]

CHECK_AGAIN = "Run veo4k doctor again in a minute."
RESTORE = "Detect the stack's drift in CloudFormation, then restore what is missing."
