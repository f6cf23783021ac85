"""What the fields of generate and extend may be."""

from collections.abc import Callable, Mapping
from typing import Any

from local.kie.prices import EXTENSIONS, MODELS, RESOLUTIONS
from local.kie.responses import Envelope

Fields = Mapping[str, Callable[[Any], bool]]

TYPES = ("TEXT_2_VIDEO", "FIRST_AND_LAST_FRAMES_2_VIDEO", "REFERENCE_2_VIDEO")


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _string(value: Any) -> bool:
    return isinstance(value, str)


def _one_of(*values: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in values


COMMON: Fields = {
    "prompt": _text,
    "seeds": lambda value: type(value) is int and 10_000 <= value <= 99_999,
    "watermark": _string,
    "callBackUrl": _string,
}
GENERATE: Fields = {
    **COMMON,
    "model": _one_of(*MODELS),
    "resolution": _one_of(*RESOLUTIONS),
    "aspect_ratio": _one_of("16:9", "9:16", "Auto"),
    "generationType": _one_of(*TYPES),
    "imageUrls": lambda value: isinstance(value, list) and all(map(_text, value)),
}
EXTEND: Fields = {**COMMON, "taskId": _text, "model": _one_of(*EXTENSIONS)}


def invalid(body: Mapping[str, Any], fields: Fields, *required: str) -> Envelope | None:
    """Return the refusal of a request with a wrong field, or without a required one. Unknown fields are ignored."""
    present = [name for name in fields if name in required or body.get(name) is not None]
    wrong = [name for name in present if not fields[name](body.get(name))]
    return Envelope(422, f"Validation error: {', '.join(wrong)}") if wrong else None
