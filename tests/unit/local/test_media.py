import io
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import av
import pytest

from local.kie.media import Media, ensure_media, marked, poster

SIZES = {"uhd": (3840, 2160), "uhd_portrait": (2160, 3840), "base": (1280, 720)}


def decoded(video: bytes) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(video), "r") as file:
        assert file.streams.video[0].codec_context.name == "h264"
        return list(file.decode(video=0))


@pytest.mark.parametrize("name", SIZES)
def test_each_video_decodes_to_frames_of_its_size(media: Media, name: str) -> None:
    frames = decoded(getattr(media, name).read_bytes())
    assert len(frames) == 12
    assert {(frame.width, frame.height) for frame in frames} == {SIZES[name]}


def test_the_picture_moves_from_frame_to_frame(media: Media) -> None:
    pictures = [bytes(frame.planes[0]) for frame in decoded(media.base.read_bytes())]
    assert all(one != other for one, other in pairwise(pictures))


@pytest.mark.parametrize("name", SIZES)
def test_each_poster_is_a_jpeg_of_its_videos_size(media: Media, name: str) -> None:
    with av.open(str(poster(getattr(media, name))), "r") as file:
        assert file.streams.video[0].codec_context.name == "mjpeg"
        (frame,) = file.decode(video=0)
    assert (frame.width, frame.height) == SIZES[name]


def test_a_video_is_some_hundred_kilobytes_to_a_few_megabytes(media: Media) -> None:
    assert all(100_000 < path.stat().st_size < 5_000_000 for path in (media.uhd, media.uhd_portrait, media.base))


def test_the_moov_box_lies_behind_the_pictures_in_one_video_and_before_them_in_another(media: Media) -> None:
    landscape, portrait = media.uhd.read_bytes(), media.uhd_portrait.read_bytes()
    assert landscape.index(b"mdat") < landscape.index(b"moov")
    assert portrait.index(b"moov") < portrait.index(b"mdat")


def test_a_marked_video_has_other_bytes_and_the_same_pictures(media: Media) -> None:
    video = media.base.read_bytes()
    other = marked(video, "veo_task_1 0")
    assert other != marked(video, "veo_task_1 1")
    assert [bytes(frame.planes[0]) for frame in decoded(other)] == [bytes(frame.planes[0]) for frame in decoded(video)]


def test_a_mark_is_a_box_whose_size_adds_up(media: Media) -> None:
    video = media.base.read_bytes()
    box = marked(video, "a mark")[len(video) :]
    assert (int.from_bytes(box[:4]), box[4:8], box[8:]) == (len(box), b"free", b"a mark")


def test_what_is_there_is_not_made_again(media: Media) -> None:
    before = media.uhd.stat().st_mtime_ns
    assert ensure_media(media.uhd.parent) == media
    assert media.uhd.stat().st_mtime_ns == before


def test_what_is_missing_is_made_and_nothing_half_made_is_left_behind(media: Media) -> None:
    media.base.unlink()
    poster(media.base).unlink()
    ensure_media(media.base.parent)
    names = {f"{name}{suffix}" for name in SIZES for suffix in (".mp4", ".jpg")}
    assert {path.name for path in media.base.parent.iterdir()} == names


def test_two_makers_at_once_leave_whole_videos(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(ensure_media, [tmp_path, tmp_path])
    assert one == other
    assert len(decoded(one.base.read_bytes())) == 12
