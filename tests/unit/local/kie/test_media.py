import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import pytest

from local.kie import media as videos
from local.kie.media import Media, ensure_media, marked, poster

SIZES = {"uhd": (3840, 2160), "uhd_portrait": (2160, 3840), "base": (1280, 720)}


def decoded(video: bytes) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(video), "r") as file:
        assert file.streams.video[0].codec_context.name == "h264"
        return list(file.decode(video=0))


@pytest.mark.parametrize("name", SIZES)
def test_each_video_has_moving_pictures_and_a_poster_of_its_size(media: Media, name: str) -> None:
    video: Path = getattr(media, name)
    frames = decoded(video.read_bytes())
    assert {(frame.width, frame.height) for frame in frames} == {SIZES[name]}
    assert all(bytes(one.planes[0]) != bytes(other.planes[0]) for one, other in pairwise(frames))
    with av.open(str(poster(video)), "r") as file:
        (still,) = file.decode(video=0)
    assert (poster(video).read_bytes()[:2], still.width, still.height) == (b"\xff\xd8", *SIZES[name])


def test_the_moov_box_is_at_the_end_of_one_video_and_first_in_another(media: Media) -> None:
    landscape, portrait = media.uhd.read_bytes(), media.uhd_portrait.read_bytes()
    assert landscape.index(b"mdat") < landscape.index(b"moov")
    assert portrait.index(b"moov") < portrait.index(b"mdat")


def test_a_marked_video_has_other_bytes_and_the_same_pictures(media: Media) -> None:
    video = media.base.read_bytes()
    other = marked(video, "veo_task_1 0")
    box = other[len(video) :]
    assert other != marked(video, "veo_task_1 1")
    assert (int.from_bytes(box[:4]), box[4:8], box[8:]) == (len(box), b"free", b"veo_task_1 0")
    assert [bytes(frame.planes[0]) for frame in decoded(other)] == [bytes(frame.planes[0]) for frame in decoded(video)]


def test_only_missing_files_are_made_and_no_part_is_left(media: Media) -> None:
    before = media.uhd.stat().st_mtime_ns
    media.base.unlink()
    poster(media.base).unlink()
    assert ensure_media(media.uhd.parent) == media
    assert media.uhd.stat().st_mtime_ns == before
    names = {f"{name}-3s{suffix}" for name in SIZES for suffix in (".mp4", ".jpg")}
    assert {path.name for path in media.base.parent.iterdir()} == names


def test_two_makers_at_once_leave_complete_videos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = {name: replace(recipe, width=320, height=180) for name, recipe in videos.RECIPES.items()}
    monkeypatch.setattr(videos, "RECIPES", small)
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(ensure_media, [tmp_path, tmp_path])
    assert one == other
    assert [len(decoded(getattr(one, name).read_bytes())) for name in SIZES] == [3 * 12] * 3  # three seconds
