"""The odd files of the corpus."""

from proofs.mp4.corpus import ODDITIES

__all__ = ["ODDITIES"]
