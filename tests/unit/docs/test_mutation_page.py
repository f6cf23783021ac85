from tests.mutation.reasons import reasons, survivors
from tests.unit.docs.pages import ROOT

PAGE = (ROOT / "docs" / "mutation.md").read_text()


def test_the_page_lists_each_survivor_with_its_reason() -> None:
    assert PAGE.endswith("\n".join(["## Survivors, and why", *survivors(reasons()), ""]))


def test_no_change_has_two_reasons() -> None:
    changes = [change for reason in reasons() for change in reason.changes]

    assert len(changes) == len(set(changes))
