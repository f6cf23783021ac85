import json
from typing import Any

import pytest

from veo4k.domain.response import HttpResponse, Meaning, Response, read_submission

TASK = "veo_task_example123"
URL = "https://tempfile.aiquickdraw.com/v/example_task_1234567890.mp4"
IMAGE = "https://tempfile.aiquickdraw.com/v/example_task_1234567890.jpg"


def submission(data: Any) -> Response:
    """Read an acceptance with this data."""
    return read_submission(HttpResponse(200, json.dumps({"code": 200, "data": data}).encode()))


SPELLINGS: list[dict[str, Any]] = [
    {"resultUrls": [URL]},
    {"result_urls": [URL]},
    {"info": {"resultUrls": [URL]}},
    {"info": {"result_urls": [URL]}},
    {"response": {"resultUrls": [URL]}},
    {"resultUrls": json.dumps([URL])},
    {"resultUrls": f"  {json.dumps([URL])} "},
    {"resultUrls": URL},
    {"info": {"resultUrls": URL}},
    {"resultUrls": None, "info": {"resultUrls": [URL]}},
    {"resultUrls": [], "result_urls": [URL]},
    {"resultUrls": [None, 5, "", URL, {"a": 1}]},
    {"resultJson": json.dumps({"resultUrls": [URL]})},
]


@pytest.mark.parametrize("data", SPELLINGS, ids=repr)
def test_links_are_found_in_every_spelling(data: dict[str, Any]) -> None:
    answer = submission(data)
    assert (answer.meaning, answer.urls) == (Meaning.DONE, (URL,))


NO_LINKS: list[Any] = [
    None,
    [],
    "",
    " ",
    "[]",
    "[",
    "[1, 2]",
    "[null]",
    5,
    True,
    {"0": URL},
    [[URL]],
    [None],
    "[" * 100_000,
]


@pytest.mark.parametrize("given_", NO_LINKS, ids=lambda value: repr(value)[:20])
def test_what_holds_no_link_is_no_result(given_: Any) -> None:
    assert submission({"resultUrls": given_}).meaning is Meaning.WORKING


@pytest.mark.parametrize("name", ["imageUrls", "image_urls"])
def test_posters_are_found_in_every_spelling(name: str) -> None:
    assert submission({"resultUrls": [URL], name: [IMAGE]}).image_urls == (IMAGE,)


@pytest.mark.parametrize("name", ["taskId", "task_id"])
def test_the_task_id_is_found_in_every_spelling(name: str) -> None:
    assert submission({name: TASK}).task_id == TASK


@pytest.mark.parametrize(
    "given_", [None, "", "short", "x" * 65, "veo task 1234", 12345678, ["veo_task_1"], "veo_task_☃☃☃"]
)
def test_a_task_id_of_another_shape_is_none(given_: Any) -> None:
    assert submission({"taskId": given_}).task_id is None


@pytest.mark.parametrize(("given_", "credits_"), [(120, 120), (0, 0), (1_000_000, 1_000_000)])
def test_credits_are_a_whole_number(given_: int, credits_: int) -> None:
    assert submission({"creditsConsumed": given_}).credits == credits_


@pytest.mark.parametrize("given_", [None, True, "120", 1.5, -1, 1_000_001, 10**40, [120], float("nan")])
def test_what_is_no_number_of_credits_is_none(given_: Any) -> None:
    assert submission({"creditsConsumed": given_}).credits is None
