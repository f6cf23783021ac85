import base64
import hashlib

import pytest

from veo4k.domain.callback import TOKEN
from veo4k.domain.callback_auth import make_signature, make_token, verify_signature, verify_token

TASK = "veo_task_abcdef123456"
STAMP = "1800000000"


def hmac_sha256(key: bytes, text: bytes) -> bytes:
    """HMAC as RFC 2104 defines it, from the hash alone."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    return hashlib.sha256(outer + hashlib.sha256(inner + text).digest()).digest()


TOKEN_KEYS, WEBHOOK_KEYS = (b"token-key",), (b"webhook-key",)


def test_the_tests_own_hmac_is_that_of_the_standard() -> None:
    # RFC 4231, test case 2
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert hmac_sha256(b"Jefe", b"what do ya want for nothing?").hex() == expected


@pytest.mark.parametrize("key", [b"k", b"token-key", b"x" * 64, b"x" * 65, "schlüssel".encode(), bytes(range(256))])
def test_a_token_is_the_unpadded_url_safe_hmac_of_the_jobs_number(key: bytes) -> None:
    digest = hmac_sha256(key, b"4k|veo_task_abcdef123456|7|12")
    assert make_token(key, TASK, 7, 12) == base64.b64encode(digest, altchars=b"-_").decode()[:43]


@pytest.mark.parametrize("key", [b"k", b"webhook-key", b"x" * 64, b"x" * 65, "schlüssel".encode()])
def test_a_signature_is_the_base64_hmac_of_task_and_time(key: bytes) -> None:
    digest = hmac_sha256(key, b"veo_task_abcdef123456.1800000000")
    assert make_signature(key, TASK, STAMP) == base64.b64encode(digest).decode()


def test_vectors_made_with_openssl() -> None:
    # printf '4k|veo_task_abcdef123456|0|1' | openssl dgst -sha256 -hmac token-key -binary | base64, made URL-safe
    assert make_token(b"token-key", TASK, 0, 1) == "OixAwZFfz_F2AZzzW0uOcRRWs_dtAohVgg0y_obPqqY"
    # printf 'veo_task_abcdef123456.1800000000' | openssl dgst -sha256 -hmac webhook-key -binary | base64
    assert make_signature(b"webhook-key", TASK, STAMP) == "GORHoUUSu3X3j5q+ADNkAzzs8L3/NdeSN9kCs8J/Zug="


def test_every_token_has_the_shape_that_the_path_demands() -> None:
    assert all(TOKEN.fullmatch(make_token(b"key", TASK, index, 1)) for index in range(100))


def test_a_token_verifies_for_its_own_job_alone() -> None:
    token = make_token(b"token-key", TASK, 1, 2)
    assert verify_token(TOKEN_KEYS, TASK, 1, 2, token)
    others = [("veo_task_abcdef123457", 1, 2), (TASK, 2, 2), (TASK, 1, 1), (TASK, 12, 2), (f"{TASK}|1", 2, 2)]
    assert not any(verify_token(TOKEN_KEYS, *other, token) for other in others)


def test_a_signature_verifies_for_its_own_task_and_time_alone() -> None:
    signature = make_signature(b"webhook-key", TASK, STAMP)
    assert verify_signature(WEBHOOK_KEYS, TASK, STAMP, signature)
    assert not verify_signature(WEBHOOK_KEYS, TASK, "1800000001", signature)
    assert not verify_signature(WEBHOOK_KEYS, "veo_task_abcdef123457", STAMP, signature)


@pytest.mark.parametrize("key", [b"new", b"old"])
def test_both_keys_of_a_rotation_verify(key: bytes) -> None:
    assert verify_token((b"new", b"old"), TASK, 0, 1, make_token(key, TASK, 0, 1))
    assert verify_signature((b"new", b"old"), TASK, STAMP, make_signature(key, TASK, STAMP))


def test_a_key_from_before_the_rotation_does_not_verify() -> None:
    assert not verify_signature((b"new", b"old"), TASK, STAMP, make_signature(b"oldest", TASK, STAMP))


def test_nothing_verifies_under_an_unset_key() -> None:
    assert not verify_token((), TASK, 0, 1, make_token(b"", TASK, 0, 1))
    assert not verify_signature((), TASK, STAMP, make_signature(b"", TASK, STAMP))


@pytest.mark.parametrize("text", ["", "é" * 44, "\ud800", "\0", "☃", "A" * 10_000])
def test_a_text_that_is_not_ascii_is_no_signature_and_no_error(text: str) -> None:
    assert not verify_signature(WEBHOOK_KEYS, TASK, STAMP, text)
    assert not verify_token(TOKEN_KEYS, TASK, 0, 1, text)


def test_a_prefix_of_the_right_text_does_not_verify() -> None:
    signature = make_signature(b"webhook-key", TASK, STAMP)
    assert not verify_signature(WEBHOOK_KEYS, TASK, STAMP, signature[:-1])
    assert not verify_signature(WEBHOOK_KEYS, TASK, STAMP, f"{signature}=")
