import io
import sys
from http.client import IncompleteRead
from urllib.request import urlopen

import av
import pytest

from local.kie.media import Media, poster
from tests.unit.local.kie.client import TASK, Client

UHD, BASE = (3840, 2160), (1280, 720)
GONE = "404 <html><body><h1>404 Not Found</h1></body></html>"


def fetched(client: Client, link: str) -> tuple[int, int] | str:
    """Return the size of the video behind a link, or what came instead of it."""
    try:
        response = client.fetch(link)
    except IncompleteRead:
        return "half a video"
    if response.headers["Content-Type"] != "video/mp4" or response.body.startswith(b"<html>"):
        return f"{response.status} {response.body.decode()}"
    with av.open(io.BytesIO(response.body), "r") as file:
        frame = next(file.decode(video=0))
    return frame.width, frame.height


@pytest.mark.parametrize(
    ("scenario", "downloads"),
    [
        ("on_time", [UHD, UHD]),
        ("portrait", [(2160, 3840)]),
        ("base_video", [BASE, BASE, BASE]),
        ("base_video_once", [BASE, UHD]),
        ("dead_link", [GONE, UHD]),
        ("short_body", ["half a video", UHD]),
        ("busy_host", ["503 SlowDown", "503 SlowDown", UHD]),
        ("not_mp4", ["200 <html>not a video</html>"]),
        ("late_file", [GONE, UHD]),
        ("page_first", [*["200 <!DOCTYPE html><html><title>Just a moment...</title></html>"] * 2, UHD]),
        ("blank_encoding", [UHD]),
    ],
)
def test_each_fresh_link_leads_to_the_file_of_the_scenario(
    client: Client, scenario: str, downloads: list[tuple[int, int] | str]
) -> None:
    client.register(TASK, scenario, callbacks=[])  # a callback would have the first link
    assert [fetched(client, client.result()) for _ in downloads] == downloads


def test_a_result_has_a_poster(client: Client, media: Media) -> None:
    response = client.fetch(client.request_until("generated successfully").data["imageUrls"][0])
    assert (response.headers["Content-Type"], response.body) == ("image/jpeg", poster(media.uhd).read_bytes())


@pytest.mark.parametrize(("name", "size"), [("on_time", BASE), ("made_in_4k", UHD), ("false_4k", BASE)])
def test_the_record_of_a_base_task_leads_to_its_own_video(client: Client, name: str, size: tuple[int, int]) -> None:
    task = f"veo_task_{name}_1"
    client.request(task)
    assert fetched(client, client.record(task).data["response"]["resultUrls"][3]) == size


@pytest.mark.parametrize("token", ["", "?token=", "?token=0.forged", "?token=1.", "?token=%C3%A9"])
def test_a_file_is_denied_without_the_token_of_its_url(client: Client, token: str) -> None:
    link = client.result()
    assert client.fetch(f"/files/{TASK}_0.mp4{token}").status == 403
    assert client.fetch(link.replace(TASK, "veo_task_on_time_2")).status == 403


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((TASK, 0), (TASK, 0), True),
        (("veo_task_per_index_1", 0), ("veo_task_per_index_2", 0), False),
        (("veo_task_per_index_1", 0), ("veo_task_per_index_1", 1), False),
        (("veo_task_no_index_1", 0), ("veo_task_no_index_1", 1), True),
    ],
)
def test_two_links_have_the_same_bytes_for_the_same_video_alone(
    client: Client, one: tuple[str, int], other: tuple[str, int], same: bool
) -> None:
    links = client.result(*one), client.result(*other)
    assert links[0] != links[1]
    assert (client.fetch(links[0]).body == client.fetch(links[1]).body) is same


@pytest.mark.skipif(sys.platform != "linux", reason="others have one loopback address by default")
def test_the_simulator_has_a_second_address(client: Client) -> None:
    link = client.result("veo_task_new_host_1")
    assert link.startswith("http://127.0.0.2:")
    with urlopen(link) as response:  # noqa: S310  the scheme stands above
        assert response.status == 200
