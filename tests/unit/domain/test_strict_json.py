import pytest

from veo4k.domain.strict_json import NotStrictError, parse_object

REFUSED = {
    "nothing": (b"", "not strict JSON: Expecting value at 0"),
    "text": (b"hello", "not strict JSON: Expecting value at 0"),
    "a form": (b"code=200&taskId=veo_task_example123", "not strict JSON: Expecting value at 0"),
    "cut off in a text": (b'{"taskId": "veo_task_abcdef', "not strict JSON: Unterminated string starting at at 11"),
    "cut off in an object": (b"{", "not strict JSON: Expecting property name enclosed in double quotes at 1"),
    "more behind it": (b'{"code": 200} {"code": 500}', "not strict JSON: Extra data at 14"),
    "NaN": (b'{"code": NaN}', "not strict JSON: NaN is not a JSON number"),
    "Infinity inside": (b'{"data": {"a": -Infinity}}', "not strict JSON: -Infinity is not a JSON number"),
    "a name twice": (b'{"code": 500, "code": 200}', "not strict JSON: duplicate name in an object"),
    "a name twice inside": (b'{"data": {"a": 1, "a": 1}}', "not strict JSON: duplicate name in an object"),
    "no UTF-8": (b'{"msg": "\xff"}', "not strict JSON: UnicodeDecodeError"),
    "UTF-16": ('{"code": 200}'.encode("utf-16"), "not strict JSON: UnicodeDecodeError"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "not strict JSON: Unexpected UTF-8 BOM (decode using utf-8-sig) at 0"),
    "an endless number": (b'{"code": ' + b"9" * 10_000 + b"}", "not strict JSON: ValueError"),
    "bottomless": (b'{"data": ' + b"[" * 100_000, "not strict JSON: RecursionError"),
    "too deep": (b'{"a": ' * 17 + b"1" + b"}" * 17, "nested deeper than 16"),
    "lists too deep": (b'{"a": ' + b"[" * 16 + b"]" * 16 + b"}", "nested deeper than 16"),
    "a list": (b'[{"code": 200}]', "not a JSON object"),
    "a string": (b'"veo_task_abcdef123456"', "not a JSON object"),
    "null": (b"null", "not a JSON object"),
}


@pytest.mark.parametrize(("body", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_strict_json_object_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(NotStrictError) as refusal:
        parse_object(body)

    assert str(refusal.value) == reason


def test_sixteen_levels_are_not_too_deep() -> None:
    assert parse_object(b'{"a": ' * 16 + b"1" + b"}" * 16)
    assert parse_object(b'{"a": ' + b"[" * 15 + b"]" * 15 + b"}")
