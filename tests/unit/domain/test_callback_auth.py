import base64
import hmac

import pytest

from veo4k.domain.callback import TOKEN
from veo4k.domain.callback_auth import make_signature, make_token, verify_signature, verify_token

TASK, OTHER_TASK = "veo_task_abcdef123456", "veo_task_abcdef123457"
STAMP = "1800000000"
TOKEN_KEYS, WEBHOOK_KEYS = (b"token-key",), (b"webhook-key",)
SIGNATURE = make_signature(b"webhook-key", TASK, STAMP)


@pytest.mark.parametrize("key", [b"k", b"token-key", b"x" * 64, b"x" * 65, "schlüssel".encode(), bytes(range(256))])
def test_token_and_signature_are_the_hmac_of_what_they_are_for(key: bytes) -> None:
    token = hmac.digest(key, b"4k|veo_task_abcdef123456|7|12", "sha256")
    signature = hmac.digest(key, b"veo_task_abcdef123456.1800000000", "sha256")

    assert make_token(key, TASK, 7, 12) == base64.urlsafe_b64encode(token).decode()[:43]  # without padding
    assert make_signature(key, TASK, STAMP) == base64.b64encode(signature).decode()


def test_vectors_made_with_openssl() -> None:
    # printf '4k|veo_task_abcdef123456|0|1' | openssl dgst -sha256 -hmac token-key -binary | base64, made URL-safe
    assert make_token(b"token-key", TASK, 0, 1) == "OixAwZFfz_F2AZzzW0uOcRRWs_dtAohVgg0y_obPqqY"
    # printf 'veo_task_abcdef123456.1800000000' | openssl dgst -sha256 -hmac webhook-key -binary | base64
    assert SIGNATURE == "GORHoUUSu3X3j5q+ADNkAzzs8L3/NdeSN9kCs8J/Zug="


def test_every_token_has_the_shape_that_the_path_demands() -> None:
    assert all(TOKEN.fullmatch(make_token(b"key", TASK, index, 1)) for index in range(100))


def test_a_token_verifies_for_its_own_job_alone() -> None:
    token = make_token(b"token-key", TASK, 1, 2)
    assert verify_token(TOKEN_KEYS, TASK, 1, 2, token)
    others = [(OTHER_TASK, 1, 2), (TASK, 2, 2), (TASK, 1, 1), (TASK, 12, 2), (f"{TASK}|1", 2, 2)]
    assert not any(verify_token(TOKEN_KEYS, *other, token) for other in others)


def test_a_signature_verifies_for_its_own_task_and_time_alone() -> None:
    assert verify_signature(WEBHOOK_KEYS, TASK, STAMP, SIGNATURE)
    assert not verify_signature(WEBHOOK_KEYS, TASK, "1800000001", SIGNATURE)
    assert not verify_signature(WEBHOOK_KEYS, OTHER_TASK, STAMP, SIGNATURE)


@pytest.mark.parametrize(("key", "verifies"), [(b"new", True), (b"old", True), (b"oldest", False)])
def test_both_keys_of_a_rotation_verify_and_no_earlier_one(key: bytes, verifies: bool) -> None:
    assert verify_token((b"new", b"old"), TASK, 0, 1, make_token(key, TASK, 0, 1)) == verifies
    assert verify_signature((b"new", b"old"), TASK, STAMP, make_signature(key, TASK, STAMP)) == verifies


def test_nothing_verifies_under_an_unset_key() -> None:
    assert not verify_token((), TASK, 0, 1, make_token(b"", TASK, 0, 1))
    assert not verify_signature((), TASK, STAMP, make_signature(b"", TASK, STAMP))


@pytest.mark.parametrize("text", ["", "é" * 44, "\ud800", "\0", "☃", "A" * 10_000, SIGNATURE[:-1], f"{SIGNATURE}="])
def test_another_text_is_no_signature_and_no_error(text: str) -> None:
    assert not verify_signature(WEBHOOK_KEYS, TASK, STAMP, text)
    assert not verify_token(TOKEN_KEYS, TASK, 0, 1, text)
