"""Every transition by example, written from the table of states: nothing here is computed from the transition."""

from proofs.table.rows import Case, Changes, changed
from tests.contract.cases_archive import ANNOUNCEMENT, ARCHIVING
from tests.contract.cases_callback import CALLBACK
from tests.contract.cases_poll import AWAITING, ENDS, POLLS
from tests.contract.cases_submission import CREATIONS, INTAKE, LOOKS, SUBMISSION
from veo4k.domain.job import Job

CASES: dict[str, Case] = INTAKE | SUBMISSION | LOOKS | AWAITING | CALLBACK | POLLS | ENDS | ARCHIVING | ANNOUNCEMENT


def _refusals(case: Case) -> dict[str, Changes]:
    """Return the refusals of a transition, with one state that it is not for instead of all."""
    states = [why for why, otherwise in case.refusals.items() if otherwise.keys() == {"state"}]
    return {why: otherwise for why, otherwise in case.refusals.items() if why not in states[1:]}


REFUSALS: dict[str, tuple[str, Job]] = {
    f"{name} but the row {why}": (name, changed(case.before, otherwise))
    for name, case in CASES.items()
    for why, otherwise in _refusals(case).items()
}
"""Each transition with each kind of row that refuses it, named by a sentence."""

__all__ = ["CASES", "CREATIONS", "REFUSALS"]
