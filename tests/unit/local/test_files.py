import io
from http.client import IncompleteRead

import av
import pytest

from local.kie import Simulator
from local.kie.media import Media, poster
from tests.unit.local.conftest import Start
from tests.unit.local.doubles import Caller, Receiver


def size(video: bytes) -> tuple[int, int]:
    with av.open(io.BytesIO(video), "r") as file:
        frame = next(file.decode(video=0))
    return frame.width, frame.height


@pytest.mark.parametrize(
    ("name", "expected"), [("on_time", (3840, 2160)), ("portrait", (2160, 3840)), ("base_video", (1280, 720))]
)
def test_a_result_is_a_video_of_the_scenarios_size(caller: Caller, name: str, expected: tuple[int, int]) -> None:
    assert size(caller.fetch(caller.result(f"veo_task_{name}_1")).body) == expected


def test_a_file_comes_with_its_length_and_type(caller: Caller) -> None:
    reply = caller.fetch(caller.result("veo_task_on_time_1"))
    assert int(reply.headers["Content-Length"]) == len(reply.body)
    assert reply.headers["Content-Type"] == "video/mp4"


def test_a_poster_lies_beside_the_video(caller: Caller, media: Media) -> None:
    data = caller.ask_until("veo_task_on_time_1", "generated successfully").data
    reply = caller.fetch(data["imageUrls"][0])
    assert (reply.headers["Content-Type"], reply.body) == ("image/jpeg", poster(media.uhd).read_bytes())


@pytest.mark.parametrize("token", ["", "?token=", "?token=0.forged", "?token=1.", "?token=%C3%A9"])
def test_without_the_token_of_its_url_a_file_is_denied(caller: Caller, token: str) -> None:
    url = caller.result("veo_task_on_time_1").partition("?")[0]
    assert caller.send("GET", url.removeprefix(f"http://{caller.host_port}") + token).status == 403


def test_the_token_of_one_file_opens_no_other(caller: Caller) -> None:
    one = caller.result("veo_task_on_time_1")
    assert caller.fetch(one.replace("veo_task_on_time_1", "veo_task_on_time_2")).status == 403


def test_two_tasks_and_two_indices_get_different_bytes(caller: Caller) -> None:
    asked = [("veo_task_per_index_1", 0), ("veo_task_per_index_1", 1), ("veo_task_per_index_2", 0)]
    assert len({caller.fetch(caller.result(*one)).body for one in asked}) == 3


def test_one_file_has_the_same_bytes_every_time_and_under_every_link(caller: Caller) -> None:
    one, other = caller.result("veo_task_on_time_1"), caller.result("veo_task_on_time_1")
    assert one != other
    assert caller.fetch(one).body == caller.fetch(one).body == caller.fetch(other).body


def test_no_index_gives_two_indices_the_same_bytes(caller: Caller) -> None:
    one, other = (caller.result("veo_task_no_index_1", index) for index in (0, 1))
    assert one.partition("?")[0] != other.partition("?")[0]
    assert caller.fetch(one).body == caller.fetch(other).body


def test_base_video_hands_out_the_base_video_always(caller: Caller) -> None:
    links = [caller.result("veo_task_base_video_1") for _ in range(3)]
    assert {size(caller.fetch(link).body) for link in links} == {(1280, 720)}


def test_base_video_once_hands_out_4k_with_a_fresh_link(caller: Caller, receiver: Receiver) -> None:
    caller.ask("veo_task_base_video_once_1", callback=receiver.url("veo_task_base_video_once_1"))
    called_back = receiver.wait_for()[0].body["data"]["info"]["resultUrls"][0]
    fresh = caller.result("veo_task_base_video_once_1")
    assert size(caller.fetch(called_back).body) == (1280, 720)
    assert size(caller.fetch(fresh).body) == (3840, 2160)


def test_dead_link_is_dead_for_good_and_a_fresh_one_works(caller: Caller) -> None:
    dead, fresh = caller.result("veo_task_dead_link_1"), caller.result("veo_task_dead_link_1")
    assert [caller.fetch(link).status for link in (dead, dead, fresh)] == [404, 404, 200]


def test_short_body_ends_early_once(caller: Caller) -> None:
    link = caller.result("veo_task_short_body_1")
    with pytest.raises(IncompleteRead):
        caller.fetch(link)
    assert size(caller.fetch(link).body) == (3840, 2160)


def test_busy_host_refuses_two_downloads(caller: Caller) -> None:
    link = caller.result("veo_task_busy_host_1")
    assert [caller.fetch(link).status for _ in range(3)] == [503, 503, 200]


def test_not_mp4_is_a_whole_page(caller: Caller) -> None:
    reply = caller.fetch(caller.result("veo_task_not_mp4_1"))
    assert (reply.status, reply.body) == (200, b"<html>not a video</html>")


def test_the_base_video_of_a_task_is_720p(caller: Caller) -> None:
    url = caller.record("veo_task_on_time_1").data["response"]["resultUrls"][0]
    assert size(caller.fetch(url).body) == (1280, 720)


def test_downloads_are_counted(simulator: Simulator, caller: Caller) -> None:
    link = caller.result("veo_task_on_time_1")
    caller.fetch(link)
    caller.fetch(link)
    assert simulator.stats()["downloads"] == {"veo_task_on_time_1_0.mp4": 2}


def test_the_urls_can_name_another_place(start: Start) -> None:
    caller = Caller(start(public_base="http://host.docker.internal:8090").host_port)
    assert caller.result("veo_task_on_time_1").startswith("http://host.docker.internal:8090/files/")
