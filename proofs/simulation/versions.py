"""Two versions of the code on the same rows, as in a gradual deployment: every other invocation runs an older one.

The older one does not know the newer attributes: it does not read them, does not write them, and leaves them alone.
To the newer one its own rows are the older one's, and to both of them there are attributes that neither knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from proofs.simulation.table import SimulatedJobs
from veo4k.domain.conditional_update import ConditionalUpdate, Outcome
from veo4k.domain.job import DEFAULTS, Job, Key

NEWER = (
    *("credits_consumed", "first_requested_at", "wait_reason"),
    *("link_refusals", "tried_links", "failure_reported", "on_bus", "announcing_since"),
    *("looked_at", "looks", "passes_label", "wait_text", "day", "codec"),
    *("unclear_responses", "unclear_since", "words"),
)
"""The fields that the older version did not have: no promise depends on them, but that of `day` itself.

Those of the base video are missing here: that it is kept, the newer version alone promises.
"""
LATER = {"later": "x", "#later": 1}
"""The attributes that a later version has put into each row."""


class MixedJobs(SimulatedJobs):
    """The Jobs port of the version that runs."""

    def write(self, write: ConditionalUpdate) -> Outcome:
        """Do one conditional write, with the attributes that this version knows."""
        if not self._is_older():
            return super().write(write)
        known = replace(write, put=_older(write.put), set_if_absent=_older(write.set_if_absent), add=_older(write.add))
        outcome = super().write(known)
        return outcome if outcome.job is None else replace(outcome, job=self._seen(outcome.job))

    def get(self, key: Key) -> Job | None:
        """Read one row."""
        job = super().get(key)
        return None if job is None else self._seen(job)

    def runs(self, task_id: str) -> Sequence[Job]:
        """Read all runs of a task."""
        return [self._seen(job) for job in super().runs(task_id)]

    def _is_older(self) -> bool:
        return self.effects.running().number % 2 == 1

    def _seen(self, job: Job) -> Job:
        read = Job.from_row(job.row() | LATER)
        return replace(read, **{name: DEFAULTS[name] for name in NEWER}) if self._is_older() else read


def _older(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in NEWER}
