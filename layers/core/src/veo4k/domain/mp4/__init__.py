"""The proof of 4K: what an MP4's own headers say, read in one pass while the file streams by."""

from veo4k.domain.mp4.movie import Video, is_4k
from veo4k.domain.mp4.proof import EndsEarly, Mp4Proof, NotMp4, OtherContent, Verdict

__all__ = ["EndsEarly", "Mp4Proof", "NotMp4", "OtherContent", "Verdict", "Video", "is_4k"]
