"""What the provider sells, and for how many credits."""

from enum import StrEnum


class Kind(StrEnum):
    """What a paid task makes."""

    GENERATION = "generation"
    EXTENSION = "extension"
    HD = "1080p"
    UHD = "4k"


MADE = (Kind.GENERATION, Kind.EXTENSION)
"""Makes a base task."""

HD_PRICE = 5
MODELS = {"veo3": 250, "veo3_fast": 60, "veo3_lite": 30}
"""A generation at 720p, by model. The price of a 4K version alone is a setting."""

RESOLUTIONS = {"720p": 0, "1080p": HD_PRICE, "4k": 120}
"""What a resolution adds to it."""

EXTENSIONS = {"quality": MODELS["veo3"], "fast": MODELS["veo3_fast"], "lite": MODELS["veo3_lite"]}
"""An extension, by model."""


def generation_price(model: str, resolution: str) -> int:
    """Return the price of a generation."""
    return MODELS[model] + RESOLUTIONS[resolution]
