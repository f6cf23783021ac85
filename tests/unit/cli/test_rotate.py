"""New keys: the old one is kept, and neither is ever shown."""

import json

import pytest

from tests.unit.cli.operator import Operator

OLD, NEW, OLDER = "an-old-key-of-some-length", "a-new-key-of-some-length", "an-older-key-of-some-length"


def held(operator: Operator, name: str) -> object:
    return json.loads(operator.secrets.held[name])


def test_the_key_before_is_kept_as_the_previous_one(operator: Operator) -> None:
    operator.secrets.held["webhook"] = OLD
    operator.runs("rotate", "webhook", "--value-from-stdin", typed=f"{NEW}\n")
    assert held(operator, "webhook") == {"current": NEW, "previous": OLD}


def test_the_token_key_is_made_here(operator: Operator) -> None:
    operator.secrets.held["token"] = OLD
    operator.runs("rotate", "token")
    assert held(operator, "token") == {"current": "a-new-key-of-the-token", "previous": OLD}


def test_a_first_key_has_none_before_it(operator: Operator) -> None:
    operator.runs("rotate", "webhook", "--value-from-stdin", typed=NEW)
    assert held(operator, "webhook") == {"current": NEW}


def test_a_second_rotation_forgets_the_oldest_key_and_says_so(operator: Operator) -> None:
    operator.secrets.held["token"] = json.dumps({"current": OLD, "previous": OLDER})
    assert operator.runs("rotate", "token", "--json").json["olderForgotten"] is True
    assert held(operator, "token") == {"current": "a-new-key-of-the-token", "previous": OLD}


def test_the_webhook_key_is_asked_for(operator: Operator) -> None:
    operator.runs("rotate", "webhook", typed=f"{NEW}\n")
    assert held(operator, "webhook") == {"current": NEW}


@pytest.mark.parametrize("key", ["", "short", "two words of some length", "über\x00some-length-of-key"])
def test_what_is_no_key_changes_nothing(operator: Operator, key: str) -> None:
    operator.secrets.held["webhook"] = OLD
    seen = operator.runs("rotate", "webhook", "--value-from-stdin", typed=key)
    assert (seen.status, operator.secrets.held["webhook"]) == (2, OLD)


def test_the_key_in_use_is_not_put_in_twice(operator: Operator) -> None:
    operator.secrets.held["webhook"] = OLD
    assert "nothing was changed" in operator.runs("rotate", "webhook", "--value-from-stdin", typed=OLD).err


@pytest.mark.parametrize("words", [("rotate", "webhook"), ("rotate", "webhook", "--value-from-stdin", "--json")])
def test_no_key_is_shown(operator: Operator, words: tuple[str, ...]) -> None:
    operator.secrets.held["webhook"] = OLD
    seen = operator.runs(*words, typed=f"{NEW}\n")
    assert seen.status == 0
    assert not [key for key in (OLD, NEW) if key in seen.out + seen.err]
