"""Makes test videos: short H.264 in MP4 with moving pictures, each with a poster. A folder keeps them."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import av
from av.filter import Graph

FRAMES = 12
RATE = 12


@dataclass(frozen=True, slots=True)
class Recipe:
    """Displayed width and height in pixels, and the MP4 muxer's options."""

    width: int
    height: int
    muxer: dict[str, str]


@dataclass(frozen=True, slots=True)
class Media:
    """Paths of the test videos. Each has a poster (`poster`)."""

    uhd: Path
    uhd_portrait: Path
    base: Path


# The portrait video has its moov box in front, the others have it behind: a reader has to find both.
RECIPES = {
    "uhd": Recipe(3840, 2160, {}),
    "uhd_portrait": Recipe(2160, 3840, {"movflags": "faststart"}),
    "base": Recipe(1280, 720, {}),
}


def ensure_media(folder: Path, frames: int = FRAMES) -> Media:
    """Return the paths of the test videos in `folder`. Missing ones are made, in about a second.

    Two processes may do so at the same time: each file is moved into its place when it is complete.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return Media(**{name: _ensured(folder / f"{name}.mp4", recipe, frames) for name, recipe in RECIPES.items()})


def poster(video: Path) -> Path:
    """Return the path of a video's JPEG."""
    return video.with_suffix(".jpg")


def marked(video: bytes, mark: str) -> bytes:
    """Return the same video with other bytes: a `free` box (ISO/IEC 14496-12, 8.1.2) with `mark` follows it."""
    payload = mark.encode()
    return video + struct.pack(">I4s", 8 + len(payload), b"free") + payload


def _ensured(video: Path, recipe: Recipe, frames: int) -> Path:
    if not poster(video).exists():
        _write_poster(poster(video), recipe)
    if not video.exists():
        _write_video(video, recipe, frames)
    return video


def _write_video(path: Path, recipe: Recipe, frames: int) -> None:
    part = _part(path)
    with av.open(str(part), "w", format="mp4", options=recipe.muxer) as file:
        stream = file.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "crf": "30"})
        stream.width, stream.height, stream.pix_fmt = recipe.width, recipe.height, "yuv420p"
        for frame in _frames(recipe, frames):
            file.mux(stream.encode(frame.reformat(format="yuv420p")))
        file.mux(stream.encode())
    part.replace(path)


def _write_poster(path: Path, recipe: Recipe) -> None:
    part = _part(path)
    (frame,) = _frames(recipe, 1)
    frame.save(str(part))
    part.replace(path)


def _part(path: Path) -> Path:
    return path.with_name(f"{path.stem}.{token_hex(4)}.part{path.suffix}")


def _frames(recipe: Recipe, count: int) -> Iterator[av.VideoFrame]:
    graph = Graph()
    source = graph.add("testsrc2", f"size={recipe.width}x{recipe.height}:rate={RATE}")
    source.link_to(graph.add("buffersink"))
    graph.configure()
    for _ in range(count):
        yield graph.vpull()
