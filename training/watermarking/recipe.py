"""What the watermark's recipe says."""

from __future__ import annotations

from pydantic import Field

from training.recipe import Plan


class MarkRecipe(Plan):
    """How mask, spectrum and extractor are trained together."""

    mask_features: int = Field(ge=1)
    features: int = Field(ge=1, description="channels of the extractor")
    tiles: int = Field(gt=0, description="side of a patch in tiles of 64 pixels")
    psnr: tuple[float, float] = Field(description="range that the marks' strength is drawn from, dB")
    visibility: float = Field(ge=0, description="weight of what shows")
    signs: float = Field(ge=0, description="weight of single signs beside coded bits")
    hardening: float = Field(gt=0, le=1, description="progress at which distortions have reached full severity")
    threshold: float = Field(gt=0, lt=1, description="correlation from which on the reader believes a word")
