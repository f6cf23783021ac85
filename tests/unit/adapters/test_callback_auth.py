import base64
import hashlib

import pytest

from tests.doubles.time_manual import ManualClock
from tests.unit.adapters.fake_aws import FakeClient, refusal
from veo4k.adapters.callback_auth import KeyedCallbackAuth, make_signature, make_token
from veo4k.adapters.secrets import Secret
from veo4k.domain.callback import TOKEN
from veo4k.domain.errors import StorageError

TASK = "veo_task_abcdef123456"
STAMP = "1800000000"


def hmac_sha256(key: bytes, text: bytes) -> bytes:
    """HMAC as RFC 2104 defines it, from the hash alone."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    return hashlib.sha256(outer + hashlib.sha256(inner + text).digest()).digest()


def secret(text: str) -> Secret:
    return Secret(FakeClient({"SecretString": text}), "key", ManualClock().now)  # type: ignore[arg-type]


def auth(ours: str = "token-key", theirs: str = "webhook-key") -> KeyedCallbackAuth:
    return KeyedCallbackAuth(token_key=secret(ours), webhook_key=secret(theirs))


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


def test_a_token_holds_for_its_job_alone() -> None:
    token = make_token(b"token-key", TASK, 1, 2)
    assert auth().verify_token(TASK, 1, 2, token)
    others = [("veo_task_abcdef123457", 1, 2), (TASK, 2, 2), (TASK, 1, 1), (TASK, 12, 2), (f"{TASK}|1", 2, 2)]
    assert not any(auth().verify_token(*other, token) for other in others)


def test_a_signature_holds_for_its_task_and_time_alone() -> None:
    signature = make_signature(b"webhook-key", TASK, STAMP)
    assert auth().verify_signature(TASK, STAMP, signature)
    assert not auth().verify_signature(TASK, "1800000001", signature)
    assert not auth().verify_signature("veo_task_abcdef123457", STAMP, signature)


def test_the_two_keys_are_not_mixed_up() -> None:
    assert not auth().verify_signature(TASK, STAMP, make_signature(b"token-key", TASK, STAMP))
    assert not auth().verify_token(TASK, 0, 1, make_token(b"webhook-key", TASK, 0, 1))


@pytest.mark.parametrize("key", [b"new", b"old"])
def test_both_keys_of_a_rotation_hold(key: bytes) -> None:
    pair = '{"current": "new", "previous": "old"}'
    rotating = auth(ours=pair, theirs=pair)
    assert rotating.verify_token(TASK, 0, 1, make_token(key, TASK, 0, 1))
    assert rotating.verify_signature(TASK, STAMP, make_signature(key, TASK, STAMP))


def test_a_key_from_before_the_rotation_does_not_hold() -> None:
    rotating = auth(theirs='{"current": "new", "previous": "old"}')
    assert not rotating.verify_signature(TASK, STAMP, make_signature(b"oldest", TASK, STAMP))


@pytest.mark.parametrize("unset", ["", " \n", "{}", '{"current": ""}'])
def test_an_unset_key_holds_nothing(unset: str) -> None:
    nobody = auth(ours=unset, theirs=unset)
    assert not nobody.has_webhook_key()
    for key in (b"", unset.encode(), unset.strip().encode()):
        assert not nobody.verify_token(TASK, 0, 1, make_token(key, TASK, 0, 1))
        assert not nobody.verify_signature(TASK, STAMP, make_signature(key, TASK, STAMP))


def test_a_set_key_is_told() -> None:
    assert auth().has_webhook_key()


@pytest.mark.parametrize("given", ["", "é" * 44, "\ud800", "\0", "☃", "A" * 10_000])
def test_a_foreign_text_is_no_signature_and_no_error(given: str) -> None:
    assert not auth().verify_signature(TASK, STAMP, given)
    assert not auth().verify_token(TASK, 0, 1, given)


def test_a_prefix_of_the_right_text_does_not_hold() -> None:
    signature = make_signature(b"webhook-key", TASK, STAMP)
    assert not auth().verify_signature(TASK, STAMP, signature[:-1])
    assert not auth().verify_signature(TASK, STAMP, f"{signature}=")


def test_keys_that_cannot_be_read_are_a_storage_error() -> None:
    unread = Secret(FakeClient(refusal("ThrottlingException")), "key", ManualClock().now)  # type: ignore[arg-type]
    blind = KeyedCallbackAuth(unread, unread)
    with pytest.raises(StorageError):
        blind.verify_token(TASK, 0, 1, "t" * 43)
    with pytest.raises(StorageError):
        blind.verify_signature(TASK, STAMP, "s" * 44)


def test_no_text_of_it_shows_a_key() -> None:
    used = auth("token-key-1234", "webhook-key-1234")
    used.verify_token(TASK, 0, 1, "")
    used.verify_signature(TASK, STAMP, "")
    assert "key-1234" not in repr(used)
