import pytest

from tests.infrastructure.scorecard import PAGE, RULES, Rule, page
from tests.infrastructure.stack import Resources


@pytest.mark.parametrize("rule", RULES, ids=[rule.sentence for rule in RULES])
def test_every_resource_that_a_rule_concerns_keeps_it(resources: Resources, rule: Rule) -> None:
    found = list(rule.check(resources))
    assert found
    assert [name for name, kept in found if not kept] == []


def test_the_scorecard_page_matches_the_template(resources: Resources) -> None:
    assert PAGE.read_text() == page(resources)
