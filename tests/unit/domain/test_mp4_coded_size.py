"""Sequence headers that no encoder at hand writes, put together bit by bit."""

import struct
from collections.abc import Callable

import pytest

from proofs.mp4.forge import HD, SAMPLE_ENTRIES, box, edited, muxed
from proofs.mp4.reference import judged
from veo4k.domain.mp4 import Video
from veo4k.domain.mp4.boxes import BrokenBoxError
from veo4k.domain.mp4.coded_size import Size, av1, h264, hevc

Parts = tuple[str | int, ...]
Reader = Callable[[bytes, bytes], set[Size]]

UHD, SMALL = Size(3840, 2160), Size(1280, 720)


def bits(*parts: str | int) -> bytes:
    """Bits written as strings, numbers as Exp-Golomb codes; padded with ones."""
    text = "".join(part if isinstance(part, str) else golomb(part) for part in parts)
    text += "1" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8)


def golomb(number: int) -> str:
    digits = f"{number + 1:b}"
    return "0" * (len(digits) - 1) + digits


def signed(number: int) -> int:
    return 2 * number - 1 if number > 0 else -2 * number


def plain(value: int, count: int) -> str:
    return f"{value:0{count}b}"


# H.264


def avcc(*units: bytes) -> bytes:
    escaped = [unit.replace(b"\0\0\0", b"\0\0\3\0").replace(b"\0\0\1", b"\0\0\3\1") for unit in units]
    sets = b"".join(struct.pack(">H", len(unit)) + unit for unit in escaped)
    return b"\1\x64\0\x33\xff" + bytes([0xE0 | len(units)]) + sets


def sps(profile: int, *parts: str | int) -> bytes:
    return bits(plain(0x67, 8), plain(profile, 8), plain(0, 8), plain(51, 8), 0, *parts)


POC_NONE = (0, 2, 1, "0")
SIZE_UHD = (239, 134, "1", "1", "0")
CROPPED: Parts = (239, 134, "1", "1", "1", 1, 2, 3, 4)
HIGH, HIGH_444, BASELINE = 100, 244, 66
HIGH_PROFILES = (44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244)

LISTS_SMALL: Parts = ("1", *[signed(1)] * 16)
LISTS_LARGE: Parts = ("1", *[signed(-1), signed(1)] * 32)
LISTS_WRAPPED: Parts = ("1", signed(127), signed(122), *[signed(0)] * 14)
LISTS_ENDED: Parts = ("1", signed(-8))
LISTS_ENDED_BY_WRAPPING: Parts = ("1", signed(124), signed(124))
LISTS_BELOW_ZERO: Parts = ("1", signed(-9), *[signed(0)] * 15)
PREFIX: Parts = (1, 0, 0, "0")  # chroma format 4:2:0, depths, no transform bypass
LISTS = (*LISTS_SMALL, *LISTS_ENDED, *LISTS_WRAPPED, *LISTS_ENDED_BY_WRAPPING, "0", *LISTS_SMALL, *LISTS_LARGE, "0")
TABLE_ORDER: Parts = (0, 1, "1", signed(-3), signed(4), 3, signed(1), signed(-2), signed(9), 1, "0")


def with_lists(*lists: str | int) -> bytes:
    return sps(HIGH, *PREFIX, "1", *lists, *POC_NONE, *SIZE_UHD)


UHD_SPS = sps(BASELINE, *POC_NONE, *SIZE_UHD)
SMALL_SPS = sps(BASELINE, *POC_NONE, 79, 44, "1", "1", "0")
FIELDS = sps(HIGH, *PREFIX, "0", *POC_NONE, 119, 33, "0", "1", "1", "1", 0, 0, 0, 2)
H264_UNITS: dict[str, tuple[bytes, Size]] = {
    "baseline: no chroma format": (UHD_SPS, UHD),
    "a table of picture order": (sps(BASELINE, *TABLE_ORDER, *SIZE_UHD), UHD),
    "a counted picture order": (sps(BASELINE, 0, 0, 5, 1, "0", *SIZE_UHD), UHD),
    "the longest number": (sps(BASELINE, 2**32 - 2, 2, 1, "0", *SIZE_UHD), UHD),
    "separate planes": (sps(HIGH_444, 3, "1", 0, 0, "0", "0", *POC_NONE, *SIZE_UHD), UHD),
    "twelve scaling lists": (sps(HIGH_444, 3, "0", 0, 0, "0", "1", "0" * 12, *POC_NONE, *SIZE_UHD), UHD),
    "scaling lists": (with_lists(*LISTS), UHD),
    "a scaling list that ends at 256": (with_lists(*LISTS_ENDED_BY_WRAPPING, "0" * 7), UHD),
    "a scaling list beyond 256": (with_lists(*LISTS_WRAPPED, "0" * 7), UHD),
    "a scaling list below 0": (with_lists(*LISTS_BELOW_ZERO, "0" * 7), UHD),
    **{f"profile {n}": (sps(n, *PREFIX, "0", *POC_NONE, *SIZE_UHD), UHD) for n in HIGH_PROFILES},
    "cropped, grey": (sps(HIGH_444, 0, 0, 0, "0", "0", *POC_NONE, *CROPPED), Size(3837, 2153)),
    "cropped, 4:2:0": (sps(HIGH_444, 1, 0, 0, "0", "0", *POC_NONE, *CROPPED), Size(3834, 2146)),
    "cropped, 4:2:2": (sps(HIGH_444, 2, 0, 0, "0", "0", *POC_NONE, *CROPPED), Size(3834, 2153)),
    "cropped, 4:4:4": (sps(HIGH_444, 3, "0", 0, 0, "0", "0", *POC_NONE, *CROPPED), Size(3837, 2153)),
    "cropped, baseline": (sps(BASELINE, *POC_NONE, *CROPPED), Size(3834, 2146)),
    "fields: twice the rows, cropped in fours": (FIELDS, Size(1920, 1080)),
}


@pytest.mark.parametrize(("unit", "size"), H264_UNITS.values(), ids=H264_UNITS)
def test_the_size_in_an_h264_parameter_set_is_read(unit: bytes, size: Size) -> None:
    assert h264(avcc(unit), b"") == {size}


def test_the_widest_picture_of_a_sample_entry_is_read() -> None:
    config = box(b"avcC", avcc(sps(BASELINE, *POC_NONE, 4094, 4094, "1", "1", "0")))
    entry = box(b"avc1", bytes(24) + struct.pack(">HH", 65520, 65520) + bytes(50) + config)
    verdict = judged(edited(muxed(HD), SAMPLE_ENTRIES, lambda _: box(b"stsd", struct.pack(">II", 0, 1) + entry)))

    assert verdict == Video(1280, 720, 65520, 65520, 0.125, "avc1")


# HEVC


def hvcc(*arrays: tuple[int, list[bytes]]) -> bytes:
    body = b"".join(
        struct.pack(">BH", 0x80 | kind, len(units)) + b"".join(struct.pack(">H", len(unit)) + unit for unit in units)
        for kind, units in arrays
    )
    return b"\1" + bytes(21) + bytes([len(arrays)]) + body


def hevc_sps(sub_layers: str, chroma: Parts, *size: str | int) -> bytes:
    return bits(plain(0x4201, 16), plain(0, 4), sub_layers[:3], "1", "1" * 96, sub_layers[3:], 0, *chroma, *size)


HEVC_UHD = hevc_sps("000", (1,), 3840, 2160, "0")
HEVC_SMALL = hevc_sps("000", (1,), 1280, 720, "0")
SUB_LAYERS = "011" + "11" + "10" + "01" + "00" * 5 + "1" * (88 + 8 + 88 + 8)
SECOND_LAYER = b"\x42\x09" + HEVC_SMALL[2:]

# AV1

AV1C = b"\x81\0\0\0"
SEQUENCE_HEADER = 0b00001000  # type of an OBU
STATES_LENGTH = 0b10


def obu(*parts: str | int) -> bytes:
    """Return an OBU of these bits; its length stands in front of them in one byte."""
    body = bits(*parts)
    return bytes([SEQUENCE_HEADER | STATES_LENGTH, len(body)]) + body


def av1_size(width: int, height: int) -> str:
    return plain(11, 4) + plain(11, 4) + plain(width - 1, 12) + plain(height - 1, 12)


AV1_UHD = av1_size(3840, 2160)
VIDEO = "00000"
"""Main profile, no still picture, no reduced header."""
POINT = plain(0, 12) + plain(4, 5)
"""Operating point of a low level."""
HIGH_POINT = plain(1, 12) + plain(8, 5) + "1"
PLAIN: Parts = (VIDEO, "0", "0", plain(0, 5), POINT)
TIMING: Parts = ("1", "1" * 64, "1", 4, "1", plain(9, 5), "1" * 42)
UHD_OBU, SMALL_OBU = obu(*PLAIN, AV1_UHD), obu(*PLAIN, av1_size(1280, 720))
BODY = UHD_OBU[2:]

# All sequence headers of a configuration, and those of a sample

DELIMITER = b"\x12\0"
PADDING = b"\x7a\x80\1" + bytes(128)
LONG_PADDING = b"\x7a\x80\x80\1" + bytes(16_384)
OPERATING_POINTS = (VIDEO, "0", "0", plain(2, 5), plain(0, 12), plain(7, 5), HIGH_POINT, POINT)
DISPLAY_DELAYS = (VIDEO, "0", "1", plain(1, 5), POINT, "1", "1010", POINT, "0")
DECODER_MODEL = (VIDEO, *TIMING, "0", plain(1, 5), POINT + "1" + "1" * 21, POINT + "0")
CONFIGURATIONS: dict[str, tuple[Reader, bytes, set[Size]]] = {
    "avcC: none": (h264, avcc(), set()),
    "avcC: two": (h264, avcc(UHD_SPS, SMALL_SPS), {UHD, SMALL}),
    "avcC: behind one of any length": (h264, avcc(UHD_SPS.ljust(40_000, b"\xff"), SMALL_SPS), {UHD, SMALL}),
    "avcC: other units": (h264, avcc(b"", b"\x68??", UHD_SPS), {UHD}),
    "hvcC: none": (hevc, hvcc(), set()),
    "hvcC: beside other units": (hevc, hvcc((32, [b"??"]), (33, [HEVC_UHD]), (34, [b"?", b"??"])), {UHD}),
    "hvcC: in two arrays": (hevc, hvcc((33, [HEVC_UHD]), (33, [HEVC_SMALL])), {UHD, SMALL}),
    "hvcC: behind an array of any length": (hevc, hvcc((32, [b""] * 40_000), (33, [HEVC_UHD])), {UHD}),
    "hvcC: of the base layer": (hevc, hvcc((33, [HEVC_UHD, SECOND_LAYER])), {UHD}),
    "hvcC: sub-layers": (hevc, hvcc((33, [hevc_sps(SUB_LAYERS, (1,), 3840, 2160, "0")])), {UHD}),
    "hvcC: a window": (hevc, hvcc((33, [hevc_sps("000", (1,), 3840, 2176, "1", 0, 0, 0, 8)])), {UHD}),
    "hvcC: separate planes": (hevc, hvcc((33, [hevc_sps("000", (3, "1"), 3842, 2163, "1", 1, 1, 1, 2)])), {UHD}),
    "av1C: a reduced header": (av1, AV1C + obu("00011", plain(31, 5), AV1_UHD), {UHD}),
    "av1C: operating points": (av1, AV1C + obu(*OPERATING_POINTS, AV1_UHD), {UHD}),
    "av1C: display delays": (av1, AV1C + obu(*DISPLAY_DELAYS, AV1_UHD), {UHD}),
    "av1C: a decoder model": (av1, AV1C + obu(*DECODER_MODEL, AV1_UHD), {UHD}),
    "av1C: timing alone": (av1, AV1C + obu(VIDEO, "1", "1" * 64, "0", "0", "0", plain(0, 5), POINT, AV1_UHD), {UHD}),
    "av1C: none": (av1, AV1C, set()),
    "av1C: two": (av1, AV1C + UHD_OBU + SMALL_OBU, {UHD, SMALL}),
    "av1C: without a length": (av1, AV1C + b"\x08" + BODY, {UHD}),
    "av1C: with its reserved bit set": (av1, AV1C + b"\x09" + BODY, {UHD}),
    "av1C: with an extension": (av1, AV1C + b"\x0c\0" + BODY, {UHD}),
    "av1C: with a length of two bytes": (av1, AV1C + bytes([0x0A, 0x80 | len(BODY), 0]) + BODY, {UHD}),
    "av1C: with an extension and a length": (av1, AV1C + bytes([0x0E, 0, len(BODY)]) + BODY, {UHD}),
    "av1C: behind other OBUs": (av1, AV1C + DELIMITER + PADDING + UHD_OBU, {UHD}),
    "av1C: another OBU alone": (av1, AV1C + DELIMITER, set()),
    "av1C: another OBU without a length": (av1, AV1C + b"\x10", set()),
    "av1C: an OBU of endless length": (av1, AV1C + b"\x12" + b"\xff" * 8 + UHD_OBU, set()),
}


@pytest.mark.parametrize(("read", "config", "sizes"), CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_all_sequence_headers_of_a_configuration_are_read(read: Reader, config: bytes, sizes: set[Size]) -> None:
    assert read(config, b"") == sizes


def units(*contents: bytes, length: int = 4) -> bytes:
    return b"".join(len(content).to_bytes(length) + content for content in contents)


NO_AVCC, NO_HVCC, UHD_HVCC = avcc(), hvcc(), hvcc((33, [HEVC_UHD]))
AVCC_OF_2, HVCC_OF_4 = NO_AVCC[:4] + b"\xfd" + NO_AVCC[5:], NO_HVCC[:21] + b"\3" + NO_HVCC[22:]  # bytes of a length


@pytest.mark.parametrize(
    ("read", "config", "sample", "sizes"),
    [
        (h264, NO_AVCC, units(b"\x09\xf0", UHD_SPS, b"\x68??"), {UHD}),
        (h264, avcc(UHD_SPS), units(UHD_SPS, b"\x65..."), {UHD}),
        (h264, avcc(UHD_SPS), units(b"\x65..."), {UHD}),
        (h264, AVCC_OF_2, units(b"\x09\xf0", UHD_SPS, length=2), {UHD}),
        (h264, avcc(UHD_SPS), units(UHD_SPS[:5]), {UHD}),
        (h264, avcc(UHD_SPS), b"\xff\xff\xff\xff\x67", {UHD}),
        (h264, avcc(UHD_SPS), b"\0", {UHD}),
        (h264, avcc(UHD_SPS[:5]), units(UHD_SPS), {UHD}),
        (h264, NO_AVCC, units(b"\x06".ljust(300, b"\xff"), UHD_SPS), {UHD}),
        (h264, avcc(UHD_SPS), units(SMALL_SPS), {UHD, SMALL}),
        (hevc, HVCC_OF_4, units(b"\x46\1P", HEVC_UHD, SECOND_LAYER), {UHD}),
        (hevc, NO_HVCC, units(HEVC_UHD, length=1), {UHD}),
        (hevc, UHD_HVCC, units(b"\x26\1..."), {UHD}),
        (hevc, UHD_HVCC, units(HEVC_SMALL, length=1), {UHD, SMALL}),
        (av1, AV1C, DELIMITER + UHD_OBU + b"\x32\x05.....", {UHD}),
        (av1, b"", DELIMITER + LONG_PADDING + UHD_OBU, {UHD}),
        (av1, AV1C + UHD_OBU, DELIMITER + b"\x0a\x02??", {UHD}),
        (av1, AV1C + UHD_OBU, SMALL_OBU, {UHD, SMALL}),
    ],
)
def test_the_sequence_header_of_a_sample_counts(read: Reader, config: bytes, sample: bytes, sizes: set[Size]) -> None:
    """One that cannot be read counts for nothing where another one can."""
    assert read(config, sample) == sizes


@pytest.mark.parametrize(
    ("read", "config", "reason"),
    [
        (h264, avcc(sps(HIGH, 4, 0, 0, "0", "0", *POC_NONE, *SIZE_UHD)), "an unknown chroma format"),
        (h264, avcc(sps(BASELINE, *POC_NONE)[:-1]), "a sequence header that ends early"),
        (h264, avcc(sps(BASELINE, "0" * 32 + "1" * 40)), "a number too long for a sequence header"),
        (av1, AV1C + b"\x0a", "a sequence header that ends early"),
    ],
)
def test_a_broken_sequence_header_is_refused(read: Reader, config: bytes, reason: str) -> None:
    with pytest.raises(BrokenBoxError, match=f"^{reason}$"):
        read(config, b"")
