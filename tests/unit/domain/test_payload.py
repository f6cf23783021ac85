import json
from typing import Any

import pytest

from veo4k.domain.payload import (
    IMAGE_NAMES,
    LONGEST_SHAPE,
    RESULT_NAMES,
    credits_of,
    data_of,
    shape_of,
    task_id_of,
    urls_of,
)

URL = "https://tempfile.aiquickdraw.com/v/example_task_1234567890.mp4"
OTHER = "https://tempfile.aiquickdraw.com/v/another_task_1234567890.mp4"
SPELLINGS: list[Any] = [
    *({name: [URL]} for name in RESULT_NAMES),
    *({name: URL} for name in RESULT_NAMES),
    *({place: {"resultUrls": [URL]}} for place in ("info", "response", "resultJson", "output", "result", "video")),
    {"resultUrls": json.dumps([URL])},
    {"resultUrls": f"  {json.dumps([URL])} and a tail"},
    {"resultUrls": None, "info": {"resultUrls": [URL]}},
    {"resultUrls": [], "result_urls": [URL]},
    {"resultUrls": [{"url": URL}]},
    {"resultUrls": [{"size": 5, "resultUrl": URL}]},
    {"resultUrls": {"url": URL}},
    {"resultJson": json.dumps({"resultUrls": [URL]}) + "}]"},
    {"output": {"list": {"resultUrl": URL}}},
    json.dumps({"resultUrls": [URL]}),
    json.dumps({"info": json.dumps({"resultUrls": [URL]})}),
    URL,
    f" {URL}",
    [URL],
]


@pytest.mark.parametrize("data", SPELLINGS, ids=repr)
def test_links_are_found_in_every_spelling(data: Any) -> None:
    assert [url.strip() for url in urls_of(data_of({"data": data}), RESULT_NAMES)] == [URL]


NO_LINKS = [None, [], "", " ", "[]", "[1, 2]", 5, True, {"0": URL}, [[URL]], [None], {"url": 5}]
REQUEST = [{name: json.dumps({"resultUrls": [URL]})} for name in ("paramJson", "promptJson", "input")]


@pytest.mark.parametrize("data", [*({"resultUrls": value} for value in NO_LINKS), *REQUEST], ids=repr)
def test_what_holds_no_link_or_repeats_the_request_has_no_result(data: dict[str, Any]) -> None:
    assert urls_of(data, RESULT_NAMES) == ()


def test_all_links_come_in_their_order() -> None:
    assert urls_of({"resultUrls": [OTHER, URL], "fullResultUrls": [URL]}, RESULT_NAMES) == (OTHER, URL)


GAPS: list[tuple[Any, tuple[str, ...]]] = [
    ([None, URL], ("", URL)),
    ([URL, None], (URL, "")),
    ([{"error": "x"}, URL, " "], ("", URL, "")),
    ([None, 5, "", URL, {"a": 1}, [URL]], ("", "", "", URL, "", "")),
    (json.dumps([None, {"url": URL}]), ("", URL)),
]


@pytest.mark.parametrize(("value", "links"), GAPS, ids=repr)
@pytest.mark.parametrize("name", [*RESULT_NAMES, *IMAGE_NAMES])
def test_an_unreadable_entry_keeps_its_place(name: str, value: Any, links: tuple[str, ...]) -> None:
    assert urls_of({name: value}, (name,)) == links


def test_a_list_without_any_readable_entry_is_no_result() -> None:
    assert urls_of({"resultUrls": [None, ""], "result_urls": [URL]}, RESULT_NAMES) == (URL,)


@pytest.mark.parametrize("name", IMAGE_NAMES)
def test_posters_are_found_in_every_spelling(name: str) -> None:
    assert urls_of({"info": {name: [URL]}}, IMAGE_NAMES) == (URL,)


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"a":' * 100_000])
def test_deep_text_is_no_obstacle(deep: str) -> None:
    assert urls_of({"info": deep, "resultUrls": deep}, RESULT_NAMES) == (deep,)


@pytest.mark.parametrize("value", [None, "", "short", "x" * 65, "veo task 1234", 12345678, ["veo_task_1"], "veo_☃☃☃"])
def test_a_task_id_of_another_shape_is_none(value: Any) -> None:
    assert task_id_of({"taskId": value, "task_id": "veo_task_example123"}) == "veo_task_example123"
    assert task_id_of({"taskId": value}) is None


@pytest.mark.parametrize(
    ("value", "number"),
    [(120, 120), (0, 0), (1_000_000, 1_000_000), (120.0, 120), ("120", 120), (0.4, 0.4), ("0.4", 0.4)],
)
@pytest.mark.parametrize("name", ["creditsConsumed", "credits_consumed", "consumeCredits", "consume_credits"])
def test_credits_are_a_number_however_it_is_spelt(name: str, value: Any, number: float) -> None:
    assert credits_of({name: value}) == number


@pytest.mark.parametrize(
    "value",
    [None, True, "many", -1, 1_000_001, 10**400, "1e999", 1e300 + 0.5, [120], float("nan"), float("inf"), "0.5e9"],
)
def test_what_is_no_number_of_credits_is_none(value: Any) -> None:
    assert credits_of({"creditsConsumed": value}) is None


def test_a_shape_holds_names_and_types_and_no_value() -> None:
    shape = shape_of({"b": [5], "a": "secret", "n": 5, "not a name": 1, "z": f"{URL}?sig=secret"})
    assert shape == "z: link to tempfile.aiquickdraw.com, a: str(6), b: list(1), b[]: int, n: int"


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        ({"info": {"urls": [URL]}}, "info.urls[]: link to tempfile.aiquickdraw.com, info.urls: list(1), info: dict(1)"),
        ({"f": [{"src": URL}, 5]}, "f[].src: link to tempfile.aiquickdraw.com, f: list(2), f[]: dict(1), f[]: int"),
        ({"f": '{"src": "HTTP://H.example"}'}, "f.src: link to h.example, f: dict(1)"),
        ({"f": "https://user:canary@h.example?sig=canary"}, "f: link to h.example"),
        ({"f": "https://h.example:8443#canary"}, "f: link to h.example"),
        ({"f": "https://canary\ud800x/"}, "f: link"),
        ({"f": "https://" + "canary" * 50}, "f: link"),
        ({"f": {"g": [[5]]}, "not a name": {"g": URL}}, "f.g: list(1), f.g[]: list(1), f.g[][]: int, f: dict(1)"),
        ({f"n{number}": URL for number in range(99)}, None),
    ],
)
def test_a_shape_names_the_hosts_of_links_wherever_they_stand(data: dict[str, Any], shape: str | None) -> None:
    said = shape_of(data)
    assert said == shape if shape else len(said) == LONGEST_SHAPE
    assert "canary" not in said
