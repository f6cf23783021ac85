import pytest
from hypothesis import given
from hypothesis import strategies as st

from veo4k.domain.provider_words import LONGEST_MESSAGE, clean

SECRETS = {
    "the query of a link": "see https://file.example/v/a.mp4?sig=canary",
    "the path of a link": "called https://x.execute-api.example/callbacks/veo_task_1/0/1/canary",
    "the user of a link": "no file at https://user:canary@file.example/a.mp4",
    "a link in capitals": "HTTPS://FILE.EXAMPLE/canary",
    "a query alone": "bad path /v/a.mp4?Signature=canary&x=1",
    "a bearer token": "header Authorization: Bearer canary was refused",
    "a link, encoded": "no file at https%3A%2F%2Ffile.example%2Fcanary",
    "a query, encoded": "no file at %2Fa.mp4%3Fsig%3Dcanary",
    "a named key": "api_key=canary is not active",
    "a named key in JSON": '{"api_key": "canary", "model": "veo3"}',
    "a named key in JSON in JSON": r"{\"secret\":\"canary\"}",
    "a named token": "token: canary has expired",
    "a key by itself": "key 0123456789canary0123456789 is not active",
    "a long word": f"got {'abcdefgh' * 5}canary",
    "a signature": "got 3q2+7wcanary/0aXvBq5kP1m9Q0r7s= instead",
}


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS)
def test_a_secret_in_the_providers_message_does_not_pass(text: str) -> None:
    assert "canary" not in clean(text)
    assert "…" in clean(text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("record is null.", "record is null."),
        ("two\r\n\tlines\x1b[31m", "two lines [31m"),
        ("a\u202ebc\u200b\u2066d\ufeff\x00e", "a bc d e"),
        ("记录状态不是成功。", "记录状态不是成功。"),
        ("key limit reached", "key limit reached"),
        (None, ""),
        (5, ""),
        ("a\ud800b", "a b"),
    ],
)
def test_a_message_is_one_plain_line(text: object, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text(max_size=400) | st.text(alphabet="记录é☃", max_size=400))
def test_any_message_fits(text: str) -> None:
    kept = clean(text)
    assert len(kept.encode()) <= LONGEST_MESSAGE
    assert kept.isprintable()
