"""The verdict of the proof of 4K on a file, and beside it the reading of FFmpeg's own MP4 reader (PyAV)."""

import io
from dataclasses import dataclass
from typing import Any

import av

from veo4k.domain.mp4 import EndsEarly, Mp4Proof, NotMp4, OtherContent, Verdict, Video, is_4k

FOUR_K, SMALLER, EARLY, NO_MP4 = "4K", "not 4K", "ends early", "no MP4"


@dataclass(frozen=True)
class Reading:
    """Reading of a file by the reference: the picture as turned, whether its pixels are square, codec, seconds."""

    width: int
    height: int
    square: bool
    codec: str
    seconds: float | None

    @property
    def is_uhd(self) -> bool:
        return {self.width, self.height} == {3840, 2160}


_CODECS = {
    **dict.fromkeys(("avc1", "avc3", "dva1", "dvav"), "h264"),
    **dict.fromkeys(("hvc1", "hev1", "dvh1", "dvhe"), "hevc"),
    **dict.fromkeys(("av01", "dav1"), "libdav1d"),
}


def judged(data: bytes, chunk: int = 1 << 16) -> Verdict:
    """Return the verdict on a file fed in chunks."""
    proof = Mp4Proof()
    for start in range(0, len(data), chunk):
        proof.feed(data[start : start + chunk])
    return proof.verdict()


def answer(verdict: Verdict) -> str:
    """Return the one of four answers that a verdict comes to."""
    match verdict:
        case EndsEarly():
            return EARLY
        case NotMp4() | OtherContent():
            return NO_MP4
        case _:
            return FOUR_K if is_4k(verdict) else SMALLER


def reference(data: bytes) -> Reading | None:
    """Return the reading of FFmpeg's MP4 demuxer and decoder; None if they decode no picture."""
    try:
        with av.open(io.BytesIO(data), "r", format="mov") as file:
            stream: Any = file.streams.best("video")
            frame = next(file.decode(stream))
            sideways = frame.rotation % 180 != 0
            size = (frame.height, frame.width) if sideways else (frame.width, frame.height)
            seconds = float(stream.duration * stream.time_base) if stream.duration else None
            square = stream.sample_aspect_ratio in {None, 0, 1}
            return Reading(*size, square, stream.codec_context.name, seconds)
    except (av.FFmpegError, StopIteration, AttributeError, TypeError, ValueError, OverflowError):
        return None


def disagreement(verdict: Verdict, reading: Reading | None) -> str:
    """Return what proof and reference read differently; empty if they agree."""
    video = verdict if isinstance(verdict, Video) else None
    if video is None or reading is None:
        return "" if video is None and reading is None else "one of them reads a video"
    differences = {
        "4K": is_4k(video) != (reading.square and reading.is_uhd),
        "coded size": (video.coded_width, video.coded_height) != (reading.width, reading.height),
        "codec": _CODECS[video.codec] != reading.codec,
        "duration": reading.seconds is not None and abs(video.duration_seconds - reading.seconds) > 1 / 24,
    }
    return ", ".join(name for name, differs in differences.items() if differs)
