"""Makes test videos: three seconds of H.264 in MP4 in which a test card moves, each with a poster. A folder keeps them.

Each video shows its own size in large letters, on a blue ground in 4K and on a brown one in the base video. A grid of
lines one pixel wide is sharp in 4K only.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from secrets import token_hex

import av
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import PictureType

FRAMES = 36
RATE = 12
ROWS = 5
GLYPHS = {
    "0": "69996", "1": "26227", "2": "e168f", "3": "e161e", "4": "99f11", "6": "68e96", "7": "f1244", "8": "69696",
    "A": "69f99", "B": "e9e9e", "E": "f8e8f", "K": "9aca9", "S": "7861e", "x": "09690", " ": "00000",
}  # fmt: skip
"""A picture of each character: five rows from the top, each a hex digit of four pixels."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Displayed width and height in pixels, what the picture says beside its size, its colour, the muxer's options."""

    width: int
    height: int
    name: str
    colour: str
    muxer: dict[str, str]


@dataclass(frozen=True, slots=True)
class Media:
    """Paths of the test videos. Each has a poster (`poster`)."""

    uhd: Path
    uhd_portrait: Path
    base: Path


# The portrait video has its moov box in front, the others have it behind: a reader has to find both.
RECIPES = {
    "uhd": Recipe(3840, 2160, "4K", "0x123a5a", {}),
    "uhd_portrait": Recipe(2160, 3840, "4K", "0x123a5a", {"movflags": "faststart"}),
    "base": Recipe(1280, 720, "BASE", "0x6b4423", {}),
}


def ensure_media(folder: Path, frames: int = FRAMES) -> Media:
    """Return the paths of the test videos in `folder`. Missing ones are made, in about two seconds.

    Two processes may do so at the same time: each file is moved into its place when it is complete.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return Media(**{name: _ensured(folder / f"{name}-3s.mp4", recipe, frames) for name, recipe in RECIPES.items()})


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
            picture = frame.reformat(format="yuv420p")
            picture.pict_type = (
                PictureType.NONE
            )  # every picture of a filter would be a key frame, of ten times the bytes
            file.mux(stream.encode(picture))
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
    """Yield pictures: colour bars cross the ground in three seconds."""
    width, height, ground = recipe.width, recipe.height, _ground(recipe)
    graph = Graph()
    still = _input(graph, ground)
    bars = graph.add("smptebars", f"size={width // 6}x{height // 6}:rate={RATE}")
    moving = graph.add("overlay", f"x='(W-w)*mod(n,{FRAMES})/{FRAMES - 1}':y=H/6")
    _chain(still, moving, graph.add("buffersink"))
    bars.link_to(moving, 0, 1)
    graph.configure()
    for number in range(count):
        ground.pts = number
        still.push(ground)
        yield graph.vpull()


def _ground(recipe: Recipe) -> av.VideoFrame:
    """Return the picture behind: the ground's colour, lines one pixel wide, and the letters."""
    letters = _letters(f"{recipe.name} {recipe.width}x{recipe.height}")
    graph = Graph()
    colour = graph.add("color", f"c={recipe.colour}:size={recipe.width}x{recipe.height}:rate={RATE}")
    text = _input(graph, letters)
    dot = recipe.width * 4 // 5 // letters.width // 2 * 2
    scaled = graph.add("scale", f"w={letters.width * dot}:h={letters.height * dot}:flags=neighbor")
    label = graph.add("overlay", "x=(W-w)/2:y=H*5/8-h/2")
    _chain(colour, graph.add("drawgrid", "w=40:h=40:t=1:c=white@0.3"), label, graph.add("buffersink"))
    _chain(text, scaled)
    scaled.link_to(label, 0, 1)
    graph.configure()
    text.push(letters)
    text.push(None)
    return graph.vpull()


def _input(graph: Graph, frame: av.VideoFrame) -> FilterContext:
    """Add a source of pictures like this one."""
    width, height, form = frame.width, frame.height, frame.format
    return graph.add_buffer(width=width, height=height, format=form, time_base=Fraction(1, RATE))


def _chain(*filters: FilterContext) -> None:
    for one, other in pairwise(filters):
        one.link_to(other)


def _letters(text: str) -> av.VideoFrame:
    """Return a small picture of a text: white letters in black, a dot a pixel."""
    rows = ["0" + "".join(f"{int(GLYPHS[character][row], 16):04b}0" for character in text) for row in range(ROWS)]
    frame = av.VideoFrame(len(rows[0]), ROWS + 2, "gray")
    line = frame.planes[0].line_size
    pixels = (bytes(235 * int(dot) or 16 for dot in row).ljust(line, b"\x10") for row in ("", *rows, ""))
    frame.planes[0].update(b"".join(pixels))
    frame.pts = 0
    return frame
