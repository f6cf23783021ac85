"""The command `rotate`: the former key is kept, and no key is shown."""

import json

import pytest

from tests.unit.cli.operator import Operator

OLD, NEW, OLDER = "an-old-key-of-some-length", "a-new-key-of-some-length", "an-older-key-of-some-length"
GENERATED = "a-new-key-of-the-token"
PAIR = json.dumps({"current": OLD, "previous": OLDER})


@pytest.mark.parametrize(
    ("words", "stdin", "before", "after"),
    [
        (["webhook", "--value-from-stdin"], f"{NEW}\n", OLD, {"current": NEW, "previous": OLD}),
        (["webhook", "--value-from-stdin"], NEW, "", {"current": NEW}),
        (["webhook"], f"{NEW}\n", "", {"current": NEW}),
        (["token"], "", OLD, {"current": GENERATED, "previous": OLD}),
        (["token"], "", PAIR, {"current": GENERATED, "previous": OLD}),
        (["api"], "", OLD, {"current": GENERATED, "previous": OLD}),
    ],
)
def test_a_new_key_keeps_the_former_one(
    operator: Operator, words: list[str], stdin: str, before: str, after: dict[str, str]
) -> None:
    name = {"api": "jobs-api"}.get(words[0], words[0])
    operator.secrets.values |= {name: before} if before else {}
    result = operator.run("rotate", *words, "--json", stdin=stdin)
    assert json.loads(operator.secrets.values[name]) == after
    assert result.json["previousKept"] is bool(before)
    assert result.json["olderForgotten"] is (before == PAIR)
    assert not [key for key in (OLD, NEW, OLDER) if key in result.out + result.err]


@pytest.mark.parametrize("key", ["", "short", "two words of some length", "über\x00some-length-of-key", OLD])
def test_a_bad_key_or_the_current_one_changes_nothing(operator: Operator, key: str) -> None:
    operator.secrets.values["webhook"] = OLD
    result = operator.run("rotate", "webhook", "--value-from-stdin", stdin=key)
    assert (result.status, operator.secrets.values["webhook"]) == (2, OLD)
    assert "Nothing was changed." in result.err


def test_the_text_shows_no_key(operator: Operator) -> None:
    operator.secrets.values["webhook"] = OLD
    result = operator.run("rotate", "webhook", stdin=f"{NEW}\n")
    assert result.status == 0
    assert not [key for key in (OLD, NEW) if key in result.out + result.err]
