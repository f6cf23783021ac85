"""The examples of the table of states, made anew in each test.

`tests/contract` makes its writes once, when its tables are read. Here they are made while the test runs, so that the
functions that make them are run by it: mutation testing changes them only then.
"""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

import tests.contract
from tests.contract.rows import Case, changed
from veo4k.domain.write import Refused, Write, Written, apply

TABLES = {
    "cases_submission": ("INTAKE", "SUBMISSION"),
    "cases_callback": ("CALLBACK",),
    "cases_probe": ("PROBES", "ENDS"),
    "cases_archive": ("ARCHIVING", "ANNOUNCEMENT"),
}


def made_anew(table: str) -> ModuleType:
    path = Path(next(iter(tests.contract.__path__))) / f"{table}.py"
    spec = importlib.util.spec_from_file_location(f"anew_{table}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cases(table: str) -> dict[str, Case]:
    module = made_anew(table)
    return {name: case for part in TABLES[table] for name, case in getattr(module, part).items()}


@pytest.mark.parametrize("table", TABLES)
def test_every_transition_does_what_the_table_of_states_says(table: str) -> None:
    found = cases(table)

    assert {name: apply(case.write, case.before) for name, case in found.items()} == {
        name: Written(case.after) for name, case in found.items()
    }


@pytest.mark.parametrize("table", TABLES)
def test_every_transition_is_refused_where_the_table_of_states_says(table: str) -> None:
    rows = {
        f"{name} but the row {why}": (case.write, changed(case.before, otherwise))
        for name, case in cases(table).items()
        for why, otherwise in case.refusals.items()
    }

    assert {name: apply(write, row) for name, (write, row) in rows.items()} == {
        name: Refused(row) for name, (_, row) in rows.items()
    }


@pytest.mark.parametrize("table", TABLES)
def test_every_write_names_the_row_of_its_job(table: str) -> None:
    found = cases(table)

    assert {name: case.write.key for name, case in found.items()} == {
        name: case.before.key for name, case in found.items()
    }


def marks(writes: dict[str, Write]) -> dict[str, str]:
    return {name: write.mark for name, write in writes.items() if write.mark}


def test_a_write_that_would_do_harm_twice_proves_itself() -> None:
    writes = {name: case.write for table in TABLES for name, case in cases(table).items()}

    assert marks(writes) == {
        "a queued job is claimed": "attempt",
        "a crashed claim is asked again": "attempt",
        "a lost answer is asked for again": "attempt",
        "a probe is claimed": "probe",
        "a first probe under the job's own id is claimed": "probe",
        "a probe for a fresh link is claimed": "probe",
        "an archive claims": "lease",
        "an archive claims after a crash": "lease",
        "an end is nudged": "nudge",
        "a result is nudged again": "nudge",
    }


def test_a_creation_makes_the_whole_row() -> None:
    creations = made_anew("cases_submission").CREATIONS

    assert {name: apply(write, None) for name, (write, _) in creations.items()} == {
        name: Written(job) for name, (_, job) in creations.items()
    }
    assert {write.key for write, _ in creations.values()} == {job.key for _, job in creations.values()}
    assert marks({name: write for name, (write, _) in creations.items()}) == {"a run is asked for at once": "attempt"}
