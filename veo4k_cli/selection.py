"""Which jobs a command is about: by state, error, tag and time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

import typer

from veo4k.domain.job import KNOWN, Job, State
from veo4k_cli.errors import OperatorError

States = Annotated[list[State] | None, typer.Option("--state", help="Only jobs in this state. May be repeated.")]
Tags = Annotated[
    list[str] | None, typer.Option("--tag", metavar="KEY=VALUE", help="Only jobs with this tag. May be repeated.")
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="WHEN",
        help="Jobs that ended since, and live jobs created since: 30m, 6h, 2d, 2026-11-22T10:00Z.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Conditions that a job must all meet. `codes`: error codes, or empty for any job; `index`: or None for any."""

    states: frozenset[State] = frozenset(State)
    codes: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)
    index: int | None = None
    since: float = 0.0

    def has(self, job: Job) -> bool:
        """Return whether the job meets every condition."""
        code = job.error.code if job.error else None
        return (
            (job.state in self.states or self.states == KNOWN)  # all states: those of later versions too
            and (not self.codes or code in self.codes)
            and self.index in (None, job.index)
            and self.tags.items() <= job.tags.items()
            and last_instant(job) >= self.since
        )


def last_instant(job: Job) -> float:
    """Return when the job ended, or, of a live job, when it was created (epoch seconds)."""
    return job.finished_at or job.created_at


def parse_tags(texts: Iterable[str] | None) -> dict[str, str]:
    """Parse `KEY=VALUE` of each option `--tag`."""
    return dict(_parse_tag(text) for text in texts or ())


def _parse_tag(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise OperatorError(f"--tag takes KEY=VALUE, not {text!r}.")
    return name, value
