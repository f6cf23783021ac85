"""The picture size that a codec's own sequence header states: in the sample entry's configuration box, or in a sample.

Track header and sample entry only claim a size; the decoder obeys the sequence header. Each reader takes the
configuration box and the front of the first sample and returns every size stated there: `avc3`, `hev1` and `av01` may
have their sequence headers in the samples alone. A codec without a sequence header (VP9) proves nothing here.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from veo4k.domain.mp4.boxes import BrokenBoxError

_WITH_CHROMA_FORMAT = {44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244}  # profile_idc, H.264 §7.3.2.1.1
_CROPPING_UNITS = ((1, 1), (2, 2), (2, 1), (1, 1))  # by chroma_format_idc: H.264 table 6-1, H.265 table 6-1
_H264_SPS, _AV1_SEQUENCE_HEADER = 7, 1
_HEVC_SPS = {bytes([33 << 1, temporal_id]) for temporal_id in range(8)}  # unit type 33, layer 0
_FRONT = 4096  # bytes of a parameter set, in which the size is found however long the lists before it
_LONGEST_GOLOMB = 32  # leading zeros from which on ue(v) and uvlc() stand for no number of 32 bits


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


class Bits:
    """Read a sequence header bit by bit."""

    def __init__(self, data: bytes) -> None:
        self._bits = f"{int.from_bytes(data):0{8 * len(data)}b}"
        self._at = 0

    def take(self, count: int) -> int:
        """Return the unsigned number in the next `count` bits."""
        start, self._at = self._at, self._at + count
        if self._at > len(self._bits):
            raise BrokenBoxError("a sequence header that ends early")
        return int(self._bits[start : self._at] or "0", 2)

    def golomb(self) -> int:
        """Return the next Exp-Golomb number: ue(v) of H.264 and H.265, uvlc() of AV1."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros == _LONGEST_GOLOMB:
                raise BrokenBoxError("a number too long for a sequence header")
        return (1 << zeros) - 1 + self.take(zeros)

    def golombs(self, count: int) -> list[int]:
        """Return the next `count` Exp-Golomb numbers."""
        return [self.golomb() for _ in range(count)]


def h264(config: bytes, sample: bytes) -> set[Size]:
    """Return the sizes stated by the parameter sets of an `avcC` (ISO/IEC 14496-15 §5.3.3) and of a sample."""
    units = _units(config, 6, config[5] & 0x1F)
    return _sizes(_h264_size, _h264_sps(units), _h264_sps(_sample_units(sample, config[4])))


def hevc(config: bytes, sample: bytes) -> set[Size]:
    """Return the sizes stated by the parameter sets of an `hvcC` (ISO/IEC 14496-15 §8.3.3) and of a sample."""
    return _sizes(_hevc_size, _hevc_sps(_hvcc_units(config)), _hevc_sps(_sample_units(sample, config[21])))


def av1(config: bytes, sample: bytes) -> set[Size]:
    """Return the sizes stated by the sequence headers of an `av1C` (AV1-ISOBMFF §2.3.3) and of a sample."""
    return _sizes(_av1_size, _sequence_headers(config[4:_FRONT]), _sequence_headers(sample))


def _sizes(read: Callable[[Bits], Size], config: Iterable[bytes], sample: Iterable[bytes]) -> set[Size]:
    """Return the sizes that sequence headers state; raise what is wrong with the first if none can be read."""
    sizes, fault = set[Size](), None
    for sequence_header in chain(config, sample):
        try:
            sizes.add(read(Bits(sequence_header)))
        except BrokenBoxError as broken:
            fault = fault or broken
    if fault and not sizes:
        raise fault
    return sizes


def _units(config: bytes, at: int, count: int) -> Iterator[bytes]:
    for _ in range(count):
        (length,) = struct.unpack_from(">H", config, at)
        yield config[at + 2 : at + 2 + length]
        at += 2 + length


def _hvcc_units(config: bytes) -> Iterator[bytes]:
    at = 23
    for _ in range(config[22]):
        (count,) = struct.unpack_from(">xH", config, at)
        at += 3
        for unit in _units(config, at, count):
            at += 2 + len(unit)
            yield unit


def _sample_units(sample: bytes, flags: int) -> Iterator[bytes]:
    """Yield the units at the front of a sample; each follows its length, a number of 1 to 4 bytes."""
    at, size = 0, 1 + (flags & 3)
    while length := sample[at : at + size]:
        start = at + size
        at = start + int.from_bytes(length)
        yield sample[start:at]


def _h264_sps(units: Iterable[bytes]) -> Iterator[bytes]:
    return (_unescaped(unit) for unit in units if unit and unit[0] & 0x1F == _H264_SPS)


def _hevc_sps(units: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the sequence parameter sets of the base layer; those of other layers do not describe the picture shown."""
    return (_unescaped(unit) for unit in units if unit[:2] in _HEVC_SPS)


def _unescaped(unit: bytes) -> bytes:
    return unit[:_FRONT].replace(b"\0\0\3", b"\0\0")


def _sequence_headers(obus: bytes) -> Iterator[bytes]:
    """Yield the bodies of the sequence headers in a row of OBUs (AV1 §5.3)."""
    at = 0
    while at < len(obus):
        head, length = obus[at], len(obus)
        at += 2 if head & 4 else 1
        if head & 2:
            length, at = _leb128(obus, at)
        if head >> 3 & 0xF == _AV1_SEQUENCE_HEADER:
            yield obus[at : at + length]
        at += length


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at `at`, in 7 bits a byte with the lowest first, and the position behind it."""
    value = shift = 0
    for byte in data[at:]:
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the eighth bit: more bytes follow
            break
    return value, at


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


def _av1_size(bits: Bits) -> Size:  # AV1 §5.5
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
