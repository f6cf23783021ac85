"""Sequence headers as no encoder at hand writes them, put together bit by bit."""

import struct

import pytest

from tests.unit.domain.mp4_forge import HD, SAMPLE_ENTRIES, box, edited, muxed
from tests.unit.domain.mp4_reference import judged
from veo4k.domain.mp4 import Video
from veo4k.domain.mp4.boxes import BrokenBoxError
from veo4k.domain.mp4.coded_size import Size, av1, h264, hevc

Parts = tuple[str | int, ...]

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


def test_a_baseline_profile_has_no_chroma_format() -> None:
    assert h264(avcc(sps(BASELINE, *POC_NONE, *SIZE_UHD))) == {UHD}


@pytest.mark.parametrize("profile", [44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244])
def test_a_high_profile_has_a_chroma_format(profile: int) -> None:
    assert h264(avcc(sps(profile, 1, 0, 0, "0", "0", *POC_NONE, *SIZE_UHD))) == {UHD}


@pytest.mark.parametrize(
    ("chroma", "size"),
    [((0,), (3837, 2153)), ((1,), (3834, 2146)), ((2,), (3834, 2153)), ((3, "0"), (3837, 2153))],
    ids=["grey", "4:2:0", "4:2:2", "4:4:4"],
)
def test_the_unit_of_cropping_is_a_sample_of_colour(chroma: Parts, size: tuple[int, int]) -> None:
    cropped = (239, 134, "1", "1", "1", 1, 2, 3, 4)

    assert h264(avcc(sps(HIGH_444, *chroma, 0, 0, "0", "0", *POC_NONE, *cropped))) == {size}


def test_planes_kept_apart_are_read_over() -> None:
    assert h264(avcc(sps(HIGH_444, 3, "1", 0, 0, "0", "0", *POC_NONE, *SIZE_UHD))) == {UHD}


def test_scaling_lists_are_read_over() -> None:
    small: Parts = ("1", *[signed(1)] * 16)
    large: Parts = ("1", *[signed(-1), signed(1)] * 32)
    wrapped: Parts = ("1", signed(127), signed(122), *[signed(0)] * 14)
    ended: Parts = ("1", signed(-8))
    ended_by_wrapping: Parts = ("1", signed(124), signed(124))
    lists = (*small, *ended, *wrapped, *ended_by_wrapping, "0", *small, *large, "0")

    assert h264(avcc(sps(HIGH, 1, 0, 0, "0", "1", *lists, *POC_NONE, *SIZE_UHD))) == {UHD}


@pytest.mark.parametrize(
    "entry",
    [(signed(124), signed(124)), (signed(127), signed(122), *[signed(0)] * 14), (signed(-9), *[signed(0)] * 15)],
    ids=["ends at 256", "goes on behind 256", "goes on below 0"],
)
def test_the_values_of_a_scaling_list_are_counted_round(entry: Parts) -> None:
    lists = ("1", *entry, "0" * 7)

    assert h264(avcc(sps(HIGH, 1, 0, 0, "0", "1", *lists, *POC_NONE, *SIZE_UHD))) == {UHD}


def test_all_colours_in_full_have_four_more_scaling_lists() -> None:
    assert h264(avcc(sps(HIGH_444, 3, "0", 0, 0, "0", "1", "0" * 12, *POC_NONE, *SIZE_UHD))) == {UHD}


def test_a_table_of_picture_order_is_read_over() -> None:
    order = (0, 1, "1", signed(-3), signed(4), 3, signed(1), signed(-2), signed(9), 1, "0")

    assert h264(avcc(sps(BASELINE, *order, *SIZE_UHD))) == {UHD}


def test_a_counted_picture_order_is_read_over() -> None:
    assert h264(avcc(sps(BASELINE, 0, 0, 5, 1, "0", *SIZE_UHD))) == {UHD}


def test_a_picture_of_fields_has_twice_the_rows_and_crops_in_fours() -> None:
    assert h264(avcc(sps(HIGH, 1, 0, 0, "0", "0", *POC_NONE, 119, 33, "0", "1", "1", "1", 0, 0, 0, 2))) == {
        (1920, 1080)
    }


def test_every_side_is_cropped() -> None:
    cropped = (239, 134, "1", "1", "1", 1, 2, 3, 4)

    assert h264(avcc(sps(BASELINE, *POC_NONE, *cropped))) == {(3840 - 6, 2160 - 14)}


def test_two_parameter_sets_may_state_two_sizes() -> None:
    small = sps(BASELINE, *POC_NONE, 79, 44, "1", "1", "0")

    assert h264(avcc(sps(BASELINE, *POC_NONE, *SIZE_UHD), small)) == {UHD, (1280, 720)}


def test_behind_a_parameter_set_of_any_length_the_next_is_read() -> None:
    long = sps(BASELINE, *POC_NONE, *SIZE_UHD).ljust(40_000, b"\xff")
    small = sps(BASELINE, *POC_NONE, 79, 44, "1", "1", "0")

    assert h264(avcc(long, small)) == {UHD, (1280, 720)}


def test_the_widest_picture_that_a_sample_entry_can_claim_is_believed() -> None:
    config = box(b"avcC", avcc(sps(BASELINE, *POC_NONE, 4094, 4094, "1", "1", "0")))
    entry = box(b"avc1", bytes(24) + struct.pack(">HH", 65520, 65520) + bytes(50) + config)
    verdict = judged(edited(muxed(HD), SAMPLE_ENTRIES, lambda _: box(b"stsd", struct.pack(">II", 0, 1) + entry)))

    assert verdict == Video(1280, 720, 65520, 65520, 0.125, "avc1")


def test_a_configuration_without_parameter_sets_states_nothing() -> None:
    assert h264(avcc()) == set()


@pytest.mark.parametrize(
    ("unit", "why"),
    [
        (sps(HIGH, 4, 0, 0, "0", "0", *POC_NONE, *SIZE_UHD), "an unknown chroma format"),
        (sps(BASELINE, *POC_NONE)[:-1], "a sequence header that ends early"),
        (sps(BASELINE, "0" * 32 + "1" * 40), "a number too long for a sequence header"),
        (b"", "a sequence header that ends early"),
    ],
)
def test_a_broken_parameter_set_is_refused(unit: bytes, why: str) -> None:
    with pytest.raises(BrokenBoxError, match=f"^{why}$"):
        h264(avcc(unit))


def test_the_longest_number_is_read() -> None:
    assert h264(avcc(sps(BASELINE, 2**32 - 2, 2, 1, "0", *SIZE_UHD))) == {UHD}


def hvcc(*arrays: tuple[int, list[bytes]]) -> bytes:
    body = b"".join(
        struct.pack(">BH", 0x80 | kind, len(units)) + b"".join(struct.pack(">H", len(unit)) + unit for unit in units)
        for kind, units in arrays
    )
    return b"\1" + bytes(21) + bytes([len(arrays)]) + body


def hevc_sps(sub_layers: str, chroma: Parts, *size: str | int) -> bytes:
    return bits(plain(0x4201, 16), plain(0, 4), sub_layers[:3], "1", "1" * 96, sub_layers[3:], 0, *chroma, *size)


def test_only_sequence_parameter_sets_are_read() -> None:
    unit = hevc_sps("000", (1,), 3840, 2160, "0")

    assert hevc(hvcc((32, [b"??"]), (33, [unit]), (34, [b"?", b"??"]))) == {UHD}


def test_the_parameter_sets_of_all_arrays_are_read() -> None:
    large, small = (hevc_sps("000", (1,), *size, "0") for size in ((3840, 2160), (1280, 720)))

    assert hevc(hvcc((33, [large]), (33, [small]))) == {UHD, (1280, 720)}


def test_behind_an_array_of_any_length_the_next_is_read() -> None:
    unit = hevc_sps("000", (1,), 3840, 2160, "0")

    assert hevc(hvcc((32, [b""] * 40_000), (33, [unit]))) == {UHD}


def test_sub_layers_are_read_over() -> None:
    flags = "11" + "10" + "01" + "00" * 5
    unit = hevc_sps("011" + flags + "1" * (88 + 8 + 88 + 8), (1,), 3840, 2160, "0")

    assert hevc(hvcc((33, [unit]))) == {UHD}


def test_a_conformance_window_is_cropped() -> None:
    unit = hevc_sps("000", (1,), 3840, 2176, "1", 0, 0, 0, 8)

    assert hevc(hvcc((33, [unit]))) == {UHD}


def test_planes_kept_apart_are_read_over_in_hevc_too() -> None:
    unit = hevc_sps("000", (3, "1"), 3842, 2163, "1", 1, 1, 1, 2)

    assert hevc(hvcc((33, [unit]))) == {UHD}


def av1c(*parts: str | int, head: str = "00001010", length: str = "00001011") -> bytes:
    return b"\x81\0\0\0" + bits(head, length, *parts)


AV1_UHD = plain(11, 4) + plain(11, 4) + plain(3839, 12) + plain(2159, 12)
VIDEO = "00000"
"""Main profile, no still picture, no reduced header."""


def test_a_still_picture_has_a_reduced_header() -> None:
    assert av1(av1c("00011", plain(31, 5), AV1_UHD)) == {UHD}


def test_operating_points_are_read_over() -> None:
    low, high = plain(0, 12) + plain(7, 5), plain(1, 12) + plain(8, 5) + "1"

    assert av1(av1c(VIDEO, "0", "0", plain(2, 5), low, high, low, AV1_UHD)) == {UHD}


def test_display_delays_are_read_over() -> None:
    point = plain(0, 12) + plain(4, 5)

    assert av1(av1c(VIDEO, "0", "1", plain(1, 5), point, "1", "1010", point, "0", AV1_UHD)) == {UHD}


def test_timing_and_the_decoder_model_are_read_over() -> None:
    timing = ("1", "1" * 64, "1", 4, "1", plain(9, 5), "1" * 42)
    modelled, free = plain(0, 12) + plain(4, 5) + "1" + "1" * 21, plain(0, 12) + plain(4, 5) + "0"

    assert av1(av1c(VIDEO, *timing, "0", plain(1, 5), modelled, free, AV1_UHD)) == {UHD}


def test_timing_without_a_decoder_model_is_read_over() -> None:
    point = plain(0, 12) + plain(4, 5)

    assert av1(av1c(VIDEO, "1", "1" * 64, "0", "0", "0", plain(0, 5), point, AV1_UHD)) == {UHD}


@pytest.mark.parametrize(
    ("head", "length"),
    [("00001000", ""), ("00001001", ""), ("00001010", "1000101100000000"), ("00001110", "0000000000001011")],
    ids=["without a length", "with its reserved bit set", "with a length of two bytes", "with an extension"],
)
def test_the_head_of_the_obu_may_vary(head: str, length: str) -> None:
    point = plain(0, 12) + plain(4, 5)

    assert av1(av1c(VIDEO, "0", "0", plain(0, 5), point, AV1_UHD, head=head, length=length)) == {UHD}


def test_what_begins_with_another_obu_is_refused() -> None:
    with pytest.raises(BrokenBoxError, match=r"^no sequence header first in av1C$"):
        av1(av1c(head="00010010"))


def test_a_configuration_without_obus_states_nothing() -> None:
    assert av1(b"\x81\0\0\0") == set()


def test_a_configuration_of_one_byte_of_obus_ends_early() -> None:
    with pytest.raises(BrokenBoxError, match=r"^a sequence header that ends early$"):
        av1(b"\x81\0\0\0\x0a")
