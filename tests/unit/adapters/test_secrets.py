import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from proofs.doubles.time_manual import ManualClock
from tests.unit.adapters.fake_aws import FakeClient, refusal
from veo4k.adapters.secrets import Secret
from veo4k.domain.errors import StorageError

NO_VERSION = refusal("ResourceNotFoundException", "can't find the specified secret value for staging label: AWSCURRENT")
UNREACHABLE = ReadTimeoutError(endpoint_url="https://secretsmanager.example/", error="timed out")


def stored(text: str) -> dict[str, Any]:
    return {"Name": "key", "SecretString": text}


def secret(*answers: Any, clock: ManualClock | None = None) -> tuple[Secret, FakeClient]:
    client = FakeClient(*answers)
    return Secret(client, "the-key", (clock or ManualClock()).now), client  # type: ignore[arg-type]


def keys(text: str) -> tuple[bytes, ...]:
    return secret(stored(text))[0].in_use()


def test_a_plain_string_is_the_key() -> None:
    assert keys("sk-1234") == (b"sk-1234",)


@pytest.mark.parametrize("text", ["sk-1234\n", "  sk-1234", "\t\r\nsk-1234 \n"])
def test_white_space_around_a_key_is_no_part_of_it(text: str) -> None:
    assert keys(text) == (b"sk-1234",)


def test_a_pair_is_the_current_key_and_then_the_previous_one() -> None:
    assert keys(json.dumps({"previous": " old\n", "current": "new "})) == (b"new", b"old")


@pytest.mark.parametrize("pair", [{"current": "new"}, {"current": "new", "previous": ""}, {"current": "new", "x": "y"}])
def test_a_pair_may_lack_the_previous_key(pair: dict[str, str]) -> None:
    assert keys(json.dumps(pair)) == (b"new",)


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "{}", '{"current": ""}', '{"current": " ", "previous": null}'])
def test_what_holds_no_key_is_unset(text: str) -> None:
    assert keys(text) == ()


@pytest.mark.parametrize("value", [None, 1, True, ["a"], {"a": "b"}])
def test_a_placeholder_that_is_no_string_never_becomes_a_key(value: object) -> None:
    assert keys(json.dumps({"current": value})) == ()


def test_a_secret_without_a_version_is_unset() -> None:
    assert secret(NO_VERSION)[0].in_use() == ()


def test_a_binary_secret_is_unset() -> None:
    assert secret({"SecretBinary": b"sk-1234"})[0].in_use() == ()


@pytest.mark.parametrize("text", ['{"current": "a"', "{not json", "[1]", '"quoted"', '{"a":' * 5000])
def test_what_is_no_pair_is_taken_as_it_stands(text: str) -> None:
    assert keys(text) == (text.encode(),)


def test_a_secret_is_looked_up_under_its_name() -> None:
    the_key, client = secret(stored("a"))
    the_key.in_use()
    assert client.calls == [("get_secret_value", {"SecretId": "the-key"})]


def test_a_secret_is_kept_for_thirty_seconds_and_no_longer() -> None:
    clock = ManualClock()
    the_key, client = secret(stored("old"), stored("new"), clock=clock)
    assert the_key.in_use() == (b"old",)
    clock.advance(29.999)
    assert the_key.in_use() == (b"old",)
    assert len(client.calls) == 1
    clock.advance(0.001)
    assert the_key.in_use() == (b"new",)


def test_an_unset_secret_is_looked_up_again_within_thirty_seconds() -> None:
    clock = ManualClock()
    the_key, _ = secret(NO_VERSION, stored("set"), clock=clock)
    assert the_key.in_use() == ()
    clock.advance(30)
    assert the_key.in_use() == (b"set",)


def test_a_forgotten_secret_is_looked_up_at_its_next_use() -> None:
    the_key, _ = secret(stored("refused"), stored("new"))
    the_key.in_use()
    the_key.forget()
    assert the_key.in_use() == (b"new",)


@pytest.mark.parametrize("failure", [UNREACHABLE, refusal("AccessDeniedException"), refusal("InvalidRequestException")])
def test_a_secret_that_cannot_be_read_is_a_storage_error(failure: Exception) -> None:
    with pytest.raises(StorageError, match=r"^GetSecretValue: [A-Za-z]+$"):
        secret(failure)[0].in_use()


def test_an_unreadable_secret_is_read_no_more_often_than_a_readable_one() -> None:
    clock = ManualClock()
    the_key, client = secret(UNREACHABLE, stored("back"), clock=clock)
    for _ in range(5):
        with pytest.raises(StorageError):
            the_key.in_use()
    assert len(client.calls) == 1
    clock.advance(30)
    assert the_key.in_use() == (b"back",)


def test_a_key_that_was_read_is_gone_when_it_can_no_longer_be() -> None:
    clock = ManualClock()
    the_key, _ = secret(stored("old"), UNREACHABLE, clock=clock)
    the_key.in_use()
    clock.advance(30)
    with pytest.raises(StorageError):
        the_key.in_use()


def test_no_text_of_a_secret_shows_what_it_holds() -> None:
    the_key, _ = secret(stored("sk-1234"))
    the_key.in_use()
    assert "sk-1234" not in f"{the_key} {the_key!r}"
