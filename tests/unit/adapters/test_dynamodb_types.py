from typing import Any

import pytest

from veo4k.adapters.dynamodb_types import from_typed, to_typed

BOTH_WAYS: list[tuple[Any, Any]] = [
    ("", {"S": ""}),
    ("☃", {"S": "☃"}),
    (True, {"BOOL": True}),
    (0, {"N": "0"}),
    (-3, {"N": "-3"}),
    (2**53 + 1, {"N": "9007199254740993"}),
    (0.1, {"N": "0.1"}),
    (1_800_000_000.125, {"N": "1800000000.125"}),
    (1_800_000_000 + 1 / 3, {"N": "1800000000.3333333"}),
    (None, {"NULL": True}),
    ([], {"L": []}),
    ([1, "a", [0.5]], {"L": [{"N": "1"}, {"S": "a"}, {"L": [{"N": "0.5"}]}]}),
    ({}, {"M": {}}),
    ({"a": {"b": 0.5}}, {"M": {"a": {"M": {"b": {"N": "0.5"}}}}}),
    ({"a"}, {"SS": ["a"]}),
]


@pytest.mark.parametrize(("plain", "typed"), BOTH_WAYS)
def test_a_value_goes_in_and_comes_out_the_same(plain: Any, typed: Any) -> None:
    assert to_typed(plain) == typed
    assert from_typed(typed) == plain
    assert type(from_typed(typed)) is type(plain)


@pytest.mark.parametrize(("text", "plain"), [("1E+2", 100), ("1.50", 1.5), ("-0", 0), ("3.0", 3)])
def test_a_number_is_read_however_it_is_written(text: str, plain: float) -> None:
    assert from_typed({"N": text}) == plain
    assert type(from_typed({"N": text})) is type(plain)
