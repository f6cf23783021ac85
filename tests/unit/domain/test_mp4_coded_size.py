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

UHD = Size(3840, 2160)


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


def avcc(*units: bytes) -> bytes:
    escaped = [unit.replace(b"\0\0\0", b"\0\0\3\0").replace(b"\0\0\1", b"\0\0\3\1") for unit in units]
    sets = b"".join(struct.pack(">H", len(unit)) + unit for unit in escaped)
    return b"\1\x64\0\x33\xff" + bytes([0xE0 | len(units)]) + sets


def sps(profile: int, *parts: str | int) -> bytes:
    return bits(plain(0x67, 8), plain(profile, 8), plain(0, 8), plain(51, 8), 0, *parts)


POC_NONE = (0, 2, 1, "0")
SIZE_UHD = (239, 134, "1", "1", "0")
HIGH, HIGH_444, BASELINE = 100, 244, 66


LISTS_SMALL: Parts = ("1", *[signed(1)] * 16)
LISTS_LARGE: Parts = ("1", *[signed(-1), signed(1)] * 32)
LISTS_WRAPPED: Parts = ("1", signed(127), signed(122), *[signed(0)] * 14)
LISTS_ENDED: Parts = ("1", signed(-8))
LISTS_ENDED_BY_WRAPPING: Parts = ("1", signed(124), signed(124))
LISTS_BELOW_ZERO: Parts = ("1", signed(-9), *[signed(0)] * 15)
PREFIX: Parts = (1, 0, 0, "0")  # chroma format 4:2:0, depths, no transform bypass
LISTS = (*LISTS_SMALL, *LISTS_ENDED, *LISTS_WRAPPED, *LISTS_ENDED_BY_WRAPPING, "0", *LISTS_SMALL, *LISTS_LARGE, "0")
TABLE_ORDER: Parts = (0, 1, "1", signed(-3), signed(4), 3, signed(1), signed(-2), signed(9), 1, "0")


@pytest.mark.parametrize(
    "unit",
    [
        sps(BASELINE, *POC_NONE, *SIZE_UHD),
        sps(BASELINE, *TABLE_ORDER, *SIZE_UHD),
        sps(BASELINE, 0, 0, 5, 1, "0", *SIZE_UHD),
        sps(BASELINE, 2**32 - 2, 2, 1, "0", *SIZE_UHD),
        sps(HIGH_444, 3, "1", 0, 0, "0", "0", *POC_NONE, *SIZE_UHD),
        sps(HIGH_444, 3, "0", 0, 0, "0", "1", "0" * 12, *POC_NONE, *SIZE_UHD),
        *(
            sps(HIGH, *PREFIX, "1", *lists, *POC_NONE, *SIZE_UHD)
            for lists in (
                LISTS,
                (*LISTS_ENDED_BY_WRAPPING, "0" * 7),
                (*LISTS_WRAPPED, "0" * 7),
                (*LISTS_BELOW_ZERO, "0" * 7),
            )
        ),
    ],
    ids=[
        "baseline: no chroma format",
        "a table of picture order",
        "a counted picture order",
        "the longest number",
        "separate planes",
        "4:4:4: twelve scaling lists",
        "scaling lists",
        "a scaling list that ends at 256",
        "a scaling list beyond 256",
        "a scaling list below 0",
    ],
)
def test_what_precedes_the_size_in_h264_is_skipped(unit: bytes) -> None:
    assert h264(avcc(unit), b"") == {UHD}


@pytest.mark.parametrize("profile", [44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244])
def test_a_high_profile_has_a_chroma_format(profile: int) -> None:
    assert h264(avcc(sps(profile, *PREFIX, "0", *POC_NONE, *SIZE_UHD)), b"") == {UHD}


CROPPED: Parts = (239, 134, "1", "1", "1", 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("unit", "size"),
    [
        (sps(HIGH_444, 0, 0, 0, "0", "0", *POC_NONE, *CROPPED), (3837, 2153)),
        (sps(HIGH_444, 1, 0, 0, "0", "0", *POC_NONE, *CROPPED), (3834, 2146)),
        (sps(HIGH_444, 2, 0, 0, "0", "0", *POC_NONE, *CROPPED), (3834, 2153)),
        (sps(HIGH_444, 3, "0", 0, 0, "0", "0", *POC_NONE, *CROPPED), (3837, 2153)),
        (sps(BASELINE, *POC_NONE, *CROPPED), (3834, 2146)),
        (sps(HIGH, *PREFIX, "0", *POC_NONE, 119, 33, "0", "1", "1", "1", 0, 0, 0, 2), (1920, 1080)),
    ],
    ids=["grey", "4:2:0", "4:2:2", "4:4:4", "baseline", "fields: twice the rows, cropped in fours"],
)
def test_a_picture_is_cropped_in_samples_of_chroma(unit: bytes, size: tuple[int, int]) -> None:
    assert h264(avcc(unit), b"") == {size}


SMALL_SPS = sps(BASELINE, *POC_NONE, 79, 44, "1", "1", "0")
UHD_SPS = sps(BASELINE, *POC_NONE, *SIZE_UHD)


@pytest.mark.parametrize(
    ("units", "sizes"),
    [
        ([], set()),
        ([UHD_SPS, SMALL_SPS], {UHD, (1280, 720)}),
        ([UHD_SPS.ljust(40_000, b"\xff"), SMALL_SPS], {UHD, (1280, 720)}),
        ([b"", b"\x68??", UHD_SPS], {UHD}),
    ],
    ids=["none", "two", "behind one of any length", "other units"],
)
def test_all_parameter_sets_of_an_avcc_are_read(units: list[bytes], sizes: set[Size]) -> None:
    assert h264(avcc(*units), b"") == sizes


def test_the_widest_picture_of_a_sample_entry_is_read() -> None:
    config = box(b"avcC", avcc(sps(BASELINE, *POC_NONE, 4094, 4094, "1", "1", "0")))
    entry = box(b"avc1", bytes(24) + struct.pack(">HH", 65520, 65520) + bytes(50) + config)
    verdict = judged(edited(muxed(HD), SAMPLE_ENTRIES, lambda _: box(b"stsd", struct.pack(">II", 0, 1) + entry)))

    assert verdict == Video(1280, 720, 65520, 65520, 0.125, "avc1")


@pytest.mark.parametrize(
    ("unit", "reason"),
    [
        (sps(HIGH, 4, 0, 0, "0", "0", *POC_NONE, *SIZE_UHD), "an unknown chroma format"),
        (sps(BASELINE, *POC_NONE)[:-1], "a sequence header that ends early"),
        (sps(BASELINE, "0" * 32 + "1" * 40), "a number too long for a sequence header"),
    ],
)
def test_a_broken_parameter_set_is_refused(unit: bytes, reason: str) -> None:
    with pytest.raises(BrokenBoxError, match=f"^{reason}$"):
        h264(avcc(unit), b"")


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


@pytest.mark.parametrize(
    ("arrays", "sizes"),
    [
        ([(32, [b"??"]), (33, [HEVC_UHD]), (34, [b"?", b"??"])], {UHD}),
        ([(33, [HEVC_UHD]), (33, [HEVC_SMALL])], {UHD, (1280, 720)}),
        ([(32, [b""] * 40_000), (33, [HEVC_UHD])], {UHD}),
        ([(33, [HEVC_UHD, SECOND_LAYER])], {UHD}),
        ([], set()),
    ],
    ids=["beside other units", "in two arrays", "behind an array of any length", "of the base layer", "none"],
)
def test_all_parameter_sets_of_an_hvcc_are_read(arrays: list[tuple[int, list[bytes]]], sizes: set[Size]) -> None:
    assert hevc(hvcc(*arrays), b"") == sizes


@pytest.mark.parametrize(
    "unit",
    [
        hevc_sps(SUB_LAYERS, (1,), 3840, 2160, "0"),
        hevc_sps("000", (1,), 3840, 2176, "1", 0, 0, 0, 8),
        hevc_sps("000", (3, "1"), 3842, 2163, "1", 1, 1, 1, 2),
    ],
    ids=["sub-layers", "a conformance window", "separate planes"],
)
def test_the_size_in_an_hevc_parameter_set_is_read(unit: bytes) -> None:
    assert hevc(hvcc((33, [unit])), b"") == {UHD}


AV1C = b"\x81\0\0\0"
SEQUENCE_HEADER = 0b00001000  # type of an OBU
STATES_LENGTH, HAS_EXTENSION = 0b10, 0b100


def obu(*parts: str | int, head: int = SEQUENCE_HEADER | STATES_LENGTH, length: bytes | None = None) -> bytes:
    """Return an OBU of these bits; its length stands in front of them in one byte, unless stated otherwise."""
    body = bits(*parts)
    return bytes([head]) + (bytes([len(body)]) if length is None else length) + body


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
BODY = obu(*PLAIN, AV1_UHD)[2:]


@pytest.mark.parametrize(
    "parts",
    [
        ("00011", plain(31, 5)),
        (VIDEO, "0", "0", plain(2, 5), plain(0, 12), plain(7, 5), HIGH_POINT, POINT),
        (VIDEO, "0", "1", plain(1, 5), POINT, "1", "1010", POINT, "0"),
        (VIDEO, *TIMING, "0", plain(1, 5), POINT + "1" + "1" * 21, POINT + "0"),
        (VIDEO, "1", "1" * 64, "0", "0", "0", plain(0, 5), POINT),
    ],
    ids=["reduced header", "operating points", "display delays", "decoder model", "timing without decoder model"],
)
def test_what_precedes_the_size_in_av1_is_skipped(parts: Parts) -> None:
    assert av1(AV1C + obu(*parts, AV1_UHD), b"") == {UHD}


DELIMITER = b"\x12\0"
PADDING = b"\x7a\x80\1" + bytes(128)
LONG_PADDING = b"\x7a\x80\x80\1" + bytes(16_384)


@pytest.mark.parametrize(
    ("obus", "sizes"),
    [
        (b"", set()),
        (b"\x08" + BODY, {UHD}),
        (b"\x09" + BODY, {UHD}),
        (b"\x0c\0" + BODY, {UHD}),
        (bytes([0x0A, 0x80 | len(BODY), 0]) + BODY, {UHD}),
        (bytes([0x0E, 0, len(BODY)]) + BODY, {UHD}),
        (DELIMITER + PADDING + obu(*PLAIN, AV1_UHD), {UHD}),
        (obu(*PLAIN, AV1_UHD) + obu(*PLAIN, av1_size(1280, 720)), {UHD, (1280, 720)}),
        (DELIMITER, set()),
        (b"\x10", set()),
        (b"\x12" + b"\xff" * 8 + obu(*PLAIN, AV1_UHD), set()),
    ],
    ids=[
        "none",
        "without a length",
        "with its reserved bit set",
        "with an extension",
        "with a length of two bytes",
        "with an extension and a length",
        "behind other OBUs",
        "two",
        "another OBU alone",
        "another OBU without a length",
        "an OBU of endless length",
    ],
)
def test_all_sequence_headers_of_an_av1c_are_read(obus: bytes, sizes: set[Size]) -> None:
    assert av1(AV1C + obus, b"") == sizes


def test_a_sequence_header_that_ends_early_is_refused() -> None:
    with pytest.raises(BrokenBoxError, match=r"^a sequence header that ends early$"):
        av1(AV1C + b"\x0a", b"")


def units(*contents: bytes, length: int = 4) -> bytes:
    return b"".join(len(content).to_bytes(length) + content for content in contents)


NO_AVCC, NO_HVCC = avcc(), hvcc()


@pytest.mark.parametrize(
    ("read", "config", "sample"),
    [
        (h264, NO_AVCC, units(b"\x09\xf0", UHD_SPS, b"\x68??")),
        (h264, avcc(UHD_SPS), units(UHD_SPS, b"\x65...")),
        (h264, avcc(UHD_SPS), units(b"\x65...")),
        (h264, NO_AVCC[:4] + b"\xfd" + NO_AVCC[5:], units(b"\x09\xf0", UHD_SPS, length=2)),
        (h264, avcc(UHD_SPS), units(UHD_SPS[:5])),
        (h264, avcc(UHD_SPS), b"\xff\xff\xff\xff\x67"),
        (h264, avcc(UHD_SPS), b"\0"),
        (h264, avcc(UHD_SPS[:5]), units(UHD_SPS)),
        (h264, NO_AVCC, units(b"\x06".ljust(300, b"\xff"), UHD_SPS)),
        (hevc, NO_HVCC[:21] + b"\3" + NO_HVCC[22:], units(b"\x46\1P", HEVC_UHD, SECOND_LAYER)),
        (hevc, NO_HVCC, units(HEVC_UHD, length=1)),
        (hevc, hvcc((33, [HEVC_UHD])), units(b"\x26\1...")),
        (av1, AV1C, DELIMITER + obu(*PLAIN, AV1_UHD) + b"\x32\x05....."),
        (av1, b"", DELIMITER + LONG_PADDING + obu(*PLAIN, AV1_UHD)),
        (av1, AV1C + obu(*PLAIN, AV1_UHD), DELIMITER + b"\x0a\x02??"),
    ],
)
def test_the_sequence_header_of_a_sample_counts(read: Reader, config: bytes, sample: bytes) -> None:
    """One that cannot be read counts for nothing where another one can."""
    assert read(config, sample) == {UHD}


@pytest.mark.parametrize(
    ("read", "config", "sample"),
    [
        (h264, avcc(UHD_SPS), units(SMALL_SPS)),
        (hevc, hvcc((33, [HEVC_UHD])), units(HEVC_SMALL, length=1)),
        (av1, AV1C + obu(*PLAIN, AV1_UHD), obu(*PLAIN, av1_size(1280, 720))),
    ],
    ids=["H.264", "HEVC", "AV1"],
)
def test_configuration_and_sample_may_state_two_sizes(read: Reader, config: bytes, sample: bytes) -> None:
    assert read(config, sample) == {UHD, (1280, 720)}
