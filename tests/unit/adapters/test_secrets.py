import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from proofs.doubles.fake_aws import FakeClient, refusal
from proofs.doubles.time_manual import ManualClock
from veo4k.adapters.secrets import Secret
from veo4k.domain.errors import StorageError

NO_VERSION = refusal("ResourceNotFoundException", "can't find the specified secret value for staging label: AWSCURRENT")
UNREACHABLE = ReadTimeoutError(endpoint_url="https://secretsmanager.example/", error="timed out")


def stored(text: str) -> dict[str, Any]:
    return {"Name": "key", "SecretString": text}


def secret(*answers: Any) -> tuple[Secret, FakeClient, ManualClock]:
    client, clock = FakeClient(*answers), ManualClock()
    return Secret(client, "the-key", clock.now), client, clock  # type: ignore[arg-type]


# What it holds

KEYS: dict[str, tuple[bytes, ...]] = {
    "sk-1234": (b"sk-1234",),
    "sk-1234\n": (b"sk-1234",),
    "  sk-1234": (b"sk-1234",),
    "\t\r\nsk-1234 \n": (b"sk-1234",),
    '{"previous": " old\\n", "current": "new "}': (b"new", b"old"),
    '{"current": "new"}': (b"new",),
    '{"current": "new", "previous": ""}': (b"new",),
    '{"current": "new", "x": "y"}': (b"new",),
}
UNSET = [
    *("", " ", "\n\t ", "{}", '{"current": ""}', '{"current": " ", "previous": null}'),
    *(json.dumps({"current": placeholder}) for placeholder in (None, 1, True, ["a"], {"a": "b"})),
]


@pytest.mark.parametrize(("text", "keys"), KEYS.items())
def test_a_secret_is_a_key_or_a_pair_the_current_one_first(text: str, keys: tuple[bytes, ...]) -> None:
    assert secret(stored(text))[0].in_use() == keys


@pytest.mark.parametrize("answer", [NO_VERSION, {"SecretBinary": b"sk-1234"}, *map(stored, UNSET)])
def test_what_holds_no_key_is_unset(answer: object) -> None:
    assert secret(answer)[0].in_use() == ()


@pytest.mark.parametrize("text", ['{"current": "a"', "{not json", "[1]", '"quoted"', '{"a":' * 5000])
def test_what_is_no_pair_is_taken_as_it_stands(text: str) -> None:
    assert secret(stored(text))[0].in_use() == (text.encode(),)


def test_a_secret_is_looked_up_under_its_name_and_shown_by_no_text() -> None:
    the_key, client, _ = secret(stored("sk-1234"))
    the_key.in_use()
    assert client.calls == [("get_secret_value", {"SecretId": "the-key"})]
    assert "sk-1234" not in f"{the_key} {the_key!r}"


# When it is looked up


@pytest.mark.parametrize(("before", "keys"), [(stored("old"), (b"old",)), (NO_VERSION, ())])
def test_a_secret_set_or_not_is_kept_for_thirty_seconds_and_no_longer(before: object, keys: tuple[bytes, ...]) -> None:
    the_key, client, clock = secret(before, stored("new"))
    assert the_key.in_use() == keys
    clock.advance(29.999)
    assert the_key.in_use() == keys
    assert len(client.calls) == 1
    clock.advance(0.001)
    assert the_key.in_use() == (b"new",)


def test_a_forgotten_secret_is_looked_up_at_its_next_use() -> None:
    the_key, _, _ = secret(stored("refused"), stored("new"))
    the_key.in_use()
    the_key.forget()
    assert the_key.in_use() == (b"new",)


@pytest.mark.parametrize("failure", [UNREACHABLE, refusal("AccessDeniedException"), refusal("InvalidRequestException")])
def test_an_unreadable_secret_is_read_no_more_often_than_a_readable_one(failure: Exception) -> None:
    the_key, client, clock = secret(failure, stored("back"))
    for _ in range(5):
        with pytest.raises(StorageError, match=r"^GetSecretValue: [A-Za-z]+$"):
            the_key.in_use()
    assert len(client.calls) == 1
    clock.advance(30)
    assert the_key.in_use() == (b"back",)


def test_a_key_that_was_read_is_gone_when_it_can_no_longer_be() -> None:
    the_key, _, clock = secret(stored("old"), UNREACHABLE)
    the_key.in_use()
    clock.advance(30)
    with pytest.raises(StorageError):
        the_key.in_use()
