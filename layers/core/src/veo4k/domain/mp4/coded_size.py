"""The picture size a codec's own header states: the sequence header in the sample entry's configuration box.

Track header and sample entry only claim a size; the decoder obeys this one. A codec that puts none into its
configuration (VP9; `avc3` and `hev1` with parameter sets in the samples alone) proves nothing here.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from veo4k.domain.mp4.boxes import BrokenBoxError

_WITH_CHROMA_FORMAT = {44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244}  # profile_idc, H.264 §7.3.2.1.1
_CROPPING_UNITS = ((1, 1), (2, 2), (2, 1), (1, 1))  # by chroma_format_idc: H.264 table 6-1, H.265 table 6-1
_HEVC_SPS, _AV1_SEQUENCE_HEADER = 33, 1
_FRONT = 4096  # bytes of a parameter set, in which the size is found however long the lists before it
_LONGEST_GOLOMB = 32  # leading zeros from which on ue(v) and uvlc() stand for no number of 32 bits


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


class Bits:
    """Bits of a sequence header, read from the front."""

    def __init__(self, data: bytes) -> None:
        self._bits = f"{int.from_bytes(data):0{8 * len(data)}b}"
        self._at = 0

    def take(self, count: int) -> int:
        """Read an unsigned number of `count` bits."""
        start, self._at = self._at, self._at + count
        if self._at > len(self._bits):
            raise BrokenBoxError("a sequence header that ends early")
        return int(self._bits[start : self._at] or "0", 2)

    def golomb(self) -> int:
        """Read an Exp-Golomb number: ue(v) of H.264 and H.265, uvlc() of AV1."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros == _LONGEST_GOLOMB:
                raise BrokenBoxError("a number too long for a sequence header")
        return (1 << zeros) - 1 + self.take(zeros)

    def golombs(self, count: int) -> list[int]:
        """Read `count` Exp-Golomb numbers."""
        return [self.golomb() for _ in range(count)]


def h264(config: bytes) -> set[Size]:
    """Return the sizes in the parameter sets of an `avcC` (ISO/IEC 14496-15 §5.3.3)."""
    return {_h264_size(Bits(_unescaped(unit))) for unit in _units(config, 6, config[5] & 0x1F)}


def hevc(config: bytes) -> set[Size]:
    """Return the sizes in the parameter sets of an `hvcC` (ISO/IEC 14496-15 §8.3.3)."""
    sizes, at = set[Size](), 23
    for _ in range(config[22]):
        kind, count = struct.unpack_from(">BH", config, at)
        units = list(_units(config, at + 3, count))
        at += 3 + sum(2 + len(unit) for unit in units)
        if kind & 0x3F == _HEVC_SPS:
            sizes |= {_hevc_size(Bits(_unescaped(unit))) for unit in units}
    return sizes


def av1(config: bytes) -> set[Size]:
    """Return the size in the sequence header with which the OBUs of an `av1C` begin (AV1-ISOBMFF §2.3.3)."""
    return {_av1_size(Bits(config[4:]))} if len(config) > 4 else set()  # noqa: PLR2004 - the OBUs' place


def _units(config: bytes, at: int, count: int) -> Iterator[bytes]:
    for _ in range(count):
        (length,) = struct.unpack_from(">H", config, at)
        yield config[at + 2 : at + 2 + length]
        at += 2 + length


def _unescaped(unit: bytes) -> bytes:
    return unit[:_FRONT].replace(b"\0\0\3", b"\0\0")


def _h264_size(bits: Bits) -> Size:  # H.264 §7.3.2.1.1
    profile = bits.take(32) >> 16 & 0xFF
    bits.golomb()
    chroma = _h264_chroma_format(bits) if profile in _WITH_CHROMA_FORMAT else 1
    bits.golomb()
    _skip_picture_order(bits)
    bits.golomb()
    bits.take(1)
    columns, rows = bits.golombs(2)
    fields = 2 - bits.take(1)
    bits.take(fields)
    return _cropped(bits, Size(16 * (columns + 1), 16 * (rows + 1) * fields), chroma, fields)


def _h264_chroma_format(bits: Bits) -> int:
    chroma = bits.golomb()
    bits.take(chroma == 3)  # noqa: PLR2004 - 4:4:4 may keep its planes apart
    bits.golombs(2)
    bits.take(1)
    if bits.take(1):
        for position in range(12 if chroma == 3 else 8):  # noqa: PLR2004 - as above
            _skip_scaling_list(bits, 16 if position < 6 else 64)  # noqa: PLR2004 - six lists are 4x4
    return chroma


def _skip_scaling_list(bits: Bits, length: int) -> None:
    if not bits.take(1):
        return
    last = following = 8
    for _ in range(length):
        if following:
            code = bits.golomb()
            following = (last + ((code + 1) // 2 if code % 2 else -(code // 2))) % 256
        last = following or last


def _skip_picture_order(bits: Bits) -> None:
    kind = bits.golomb()
    if kind == 0:
        bits.golomb()
    elif kind == 1:
        bits.take(1)
        bits.golombs(2)
        bits.golombs(bits.golomb())


def _hevc_size(bits: Bits) -> Size:  # H.265 §7.3.2.2
    bits.take(16 + 4)
    sub_layers = bits.take(3)
    bits.take(1 + 96)
    if sub_layers:
        present = [(bits.take(1), bits.take(1)) for _ in range(8)][:sub_layers]
        for profile, level in present:
            bits.take(88 * profile + 8 * level)
    bits.golomb()
    chroma = bits.golomb()
    bits.take(chroma == 3)  # noqa: PLR2004 - 4:4:4 may keep its planes apart
    return _cropped(bits, Size(bits.golomb(), bits.golomb()), chroma, 1)


def _cropped(bits: Bits, size: Size, chroma: int, fields: int) -> Size:
    if chroma >= len(_CROPPING_UNITS):
        raise BrokenBoxError("an unknown chroma format")
    if not bits.take(1):
        return size
    left, right, top, bottom = bits.golombs(4)
    across, down = _CROPPING_UNITS[chroma]
    return Size(size.width - across * (left + right), size.height - down * fields * (top + bottom))


def _av1_size(bits: Bits) -> Size:  # AV1 §5.3, §5.5
    obu = bits.take(8)
    if obu >> 3 & 0xF != _AV1_SEQUENCE_HEADER:
        raise BrokenBoxError("no sequence header first in av1C")
    bits.take(8 * (obu >> 2 & 1))
    while obu & 2 and bits.take(8) & 0x80:
        pass
    bits.take(4)
    if bits.take(1):
        bits.take(5)
    else:
        _skip_operating_points(bits)
    across, down = bits.take(4) + 1, bits.take(4) + 1
    return Size(bits.take(across) + 1, bits.take(down) + 1)


def _skip_operating_points(bits: Bits) -> None:
    delay_bits = _skip_timing(bits) if bits.take(1) else 0
    with_display_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        bits.take(bits.take(5) > 7)  # noqa: PLR2004 - levels from 4.0 on have a tier
        if delay_bits and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if with_display_delay and bits.take(1):
            bits.take(4)


def _skip_timing(bits: Bits) -> int:
    bits.take(64)
    if bits.take(1):
        bits.golomb()
    if not bits.take(1):
        return 0
    delay_bits = bits.take(5) + 1
    bits.take(42)
    return delay_bits
