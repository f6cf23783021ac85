import pytest

from tests.infrastructure.scorecard import PAGE, RULES, Rule, page
from tests.infrastructure.stack import Resources


@pytest.mark.parametrize("rule", RULES, ids=[rule.says for rule in RULES])
def test_a_rule_holds_wherever_it_concerns_something(resources: Resources, rule: Rule) -> None:
    found = list(rule.look(resources))
    assert found
    assert [name for name, holds in found if not holds] == []


def test_the_scorecard_says_what_the_template_says(resources: Resources) -> None:
    assert PAGE.read_text() == page(resources)
