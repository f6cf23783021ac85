from typing import Any

import pytest

from veo4k.domain.errors import InvalidBodyError
from veo4k.domain.generation import Generation, generated_path, messages_of, parse_signed, parse_tags, read_generation
from veo4k.domain.message import parse_message

TASK, URL = "veo_task_abcdef123456", "https://file.example/v/a.mp4"


def info(urls: Any) -> dict[str, Any]:
    return {"info": {"resultUrls": urls}}


JOBS_RESULT = {"state": "success", "resultJson": f'{{"resultUrls": ["{URL}", "{URL}"]}}'}
NO_RESULT = [(422, {}), (400, info([URL])), (500, {}), (501, None), (777, {}), (501, info([URL]))]


@pytest.mark.parametrize(
    ("code", "data", "videos"),
    [
        (200, info([URL] * 3), 3),
        (200, info([None, URL]), 2),
        (200, info([URL] * 5), 4),
        (200, info(f'["{URL}", "{URL}"]'), 2),
        (200, {"resultUrls": [], "info": {"result_urls": [URL, URL]}}, 2),
        (200, JOBS_RESULT, 2),
        (777, info([URL, URL]), 2),
        *((200, data, 1) for data in (info([URL]), info(URL), info([]), info("["), info(7), None)),
        (422, info([URL]), 1),
        *((code, data, 0) for code, data in NO_RESULT),
        *((200, {"state": state}, 0) for state in ("fail", "FAIL", "generating", "waiting")),
        *((200, {"successFlag": flag} | info([URL]), 0) for flag in (0, 2, 3, "3")),
        (200, {"successFlag": 1} | info([URL, URL]), 2),
        (200, {"successFlag": "soon", "state": "odd"}, 1),
    ],
)
def test_the_places_of_the_result_list_are_counted(code: int, data: Any, videos: int) -> None:
    assert read_generation(TASK, {"code": code, "data": data}) == Generation(TASK, code, videos)


def test_the_signed_id_may_stand_in_each_known_place() -> None:
    for body in ('{"taskId":"%s"}', '{"data":{"task_id":"%s"}}', '{"taskId":"%s","data":[]}'):
        assert parse_signed((body % TASK).encode())[0] == TASK


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"taskId":"short"}', '{"taskId":5}', f'{{"taskId":"{TASK}"' * 2])
def test_a_body_without_one_task_id_is_refused(body: str) -> None:
    with pytest.raises(InvalidBodyError):
        parse_signed(body.encode())


@pytest.mark.parametrize(
    ("query", "tags", "dropped"),
    [
        ("", {}, 0),
        ("order=A-1042&customer=Zo%C3%AB", {"order": "A-1042", "customer": "Zoë"}, 0),
        ("a=1+2&b=", {"a": "1 2", "b": ""}, 0),
        ("a=1&a=2", {"a": "1"}, 1),
        ("=1&a=2", {"a": "2"}, 1),
        ("a=%FF&b=%ED%A0%80", {}, 2),
        ("a=1%0A2&b%1B=3&c=%E2%80%AE4&d=%C2%855&e=6", {"e": "6"}, 4),
        ("&".join(f"k{n}=v" for n in range(12)), {f"k{n}": "v" for n in range(10)}, 2),
        ("a=" + "x" * 1100 + "&b=1", {"b": "1"}, 1),
    ],
)
def test_usable_pairs_of_the_query_become_tags(query: str, tags: dict[str, str], dropped: int) -> None:
    assert parse_tags(query) == (tags, dropped)


def test_the_tags_of_a_url_are_read_back_as_they_were() -> None:
    tags = {"order": "A/1042 & 3=4", "customer": "Zoë+?#"}
    path, _, query = generated_path("A" * 43, tags).partition("?")

    assert (path, parse_tags(query)) == ("/generated/" + "A" * 43, (tags, 0))
    assert generated_path("A" * 43) == path


def test_the_messages_are_valid_and_in_ascii() -> None:
    tags = {"a": "\uffff" * 300}
    bodies = messages_of(Generation(TASK, 200, 2), tags)

    assert [(m.task_id, m.index, m.tags) for m in map(parse_message, bodies)] == [(TASK, n, tags) for n in (0, 1)]
    assert "".join(bodies).isascii()
    assert "tags" not in messages_of(Generation(TASK, 200, 1), {})[0]
