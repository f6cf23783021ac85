"""What the proof of 4K costs beside the SHA-256 that the archive computes over the same chunks.

Run from the repository's root: `python bench/mp4_proof.py`.
"""

import hashlib
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1] / "layers" / "core" / "src"))

from veo4k.domain.mp4 import Mp4Proof

FRONT = struct.pack(">I4s8xI4s", 16, b"ftyp", 0, b"mdat")
CHUNKS = (16 << 10, 64 << 10, 256 << 10, 1 << 20)
TOTAL = 1 << 30


def gigabytes_per_second(feed: Callable[[bytes], object], chunk: int, total: int) -> float:
    """Speed at which `feed` takes `total` bytes in chunks of this size."""
    data = bytes(chunk)
    began = perf_counter()
    for _ in range(total // chunk):
        feed(data)
    return total / (perf_counter() - began) / 1e9


def main() -> None:
    """Print one line for each chunk size."""
    print(f"{'chunk':>10} {'proof GB/s':>12} {'SHA-256 GB/s':>13} {'proof adds':>11}")
    for chunk in CHUNKS:
        proof = Mp4Proof()
        proof.feed(FRONT)
        ours = gigabytes_per_second(proof.feed, chunk, TOTAL)
        anchor = gigabytes_per_second(hashlib.sha256().update, chunk, TOTAL // 4)
        print(f"{chunk >> 10:>6} KiB {ours:>12.1f} {anchor:>13.2f} {anchor / ours:>10.2%}")


if __name__ == "__main__":
    main()
