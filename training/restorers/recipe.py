"""What the recipe of a restoration network says: its architecture, what is done to photographs, what is lowered."""

from __future__ import annotations

import math
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from training.harness.plan import LoopPlan

Range = tuple[float, float]


class Spoiling(BaseModel):
    """One way in which patches are spoiled, and the share of them that it befalls. What is not named does not happen.

    In this order: blur (σ of a Gaussian in pixels, 0 to 10), defocus (radius of a disc in pixels, 0 to 10), motion
    (length of a path in pixels, 1 to 31, heading anywhere and bent by up to a quarter turn), reduction by the recipe's
    scale, noise (σ in 8-bit steps, 0 to 100), JPEG (quality, 1 to 100). Each strength is drawn from its range for every
    patch.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: float = Field(gt=0, le=1)
    blur: Range | None = None
    defocus: Range | None = None
    motion: Range | None = None
    noise: Range | None = None
    jpeg: Range | None = None

    @model_validator(mode="after")
    def _in_range(self) -> Spoiling:
        bounds = {
            "blur": (0.0, 10.0),
            "defocus": (0.0, 10.0),
            "motion": (1.0, 31.0),
            "noise": (0.0, 100.0),
            "jpeg": (1.0, 100.0),
        }
        for name, (least, most) in bounds.items():
            low, high = getattr(self, name) or (least, most)
            if not least <= low <= high <= most:
                raise ValueError(f"{name} must rise from at least {least:g} to at most {most:g}, not ({low}, {high})")
        return self

    @property
    def rim(self) -> int:
        """Pixels around a patch that its blur brings in, at most."""
        sigma, radius, length = (each[1] if each else 0.0 for each in (self.blur, self.defocus, self.motion))
        return math.ceil(3 * sigma + radius + length / 2)


class Bursts(BaseModel):
    """Patches of pictures that were merged from bursts, in place of spoiled ones.

    crops: bursts in all, each of another piece of a photograph, `side` pixels a side. frames: pictures of one burst,
    the least and the most. noise: σ in 8-bit steps. area: share that is reduced as a sensor does, the rest by bicubic.
    jpeg: quality. recoded: share of the bursts whose pictures are JPEGs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    crops: int = Field(gt=0)
    side: int = Field(ge=64, multiple_of=2)
    frames: tuple[int, int]
    noise: Range
    area: float = Field(ge=0, le=1)
    jpeg: Range
    recoded: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _in_range(self) -> Bursts:
        bounds = {"frames": (2, 16), "noise": (0, 100), "jpeg": (1, 100)}
        for name, (least, most) in bounds.items():
            low, high = getattr(self, name)
            if not least <= low <= high <= most:
                raise ValueError(f"{name} must rise from at least {least} to at most {most}, not ({low}, {high})")
        return self


class RestorerRecipe(LoopPlan):
    """How one network is trained. Where spoilings' shares end below 1, the rest is reduced only.

    network: what the architecture's class takes, see `training.restorers.architectures`. patch: side of the patch that
    the network sees, pixels. fitted_batches: from which its last convolution is solved for before the first step.
    warm_start: a finished run beside this one, or else weights that ship, of the same network for something else: all
    but the last convolution starts from it. bursts: what it learns from instead of spoiled patches. told_noise: whether
    it hears of each patch the noise's σ, as a fourth channel of σ/255 everywhere, which it gives back as it is. greys:
    share of the patches that are turned to grey, whose noise is the same in all channels, as in measured values.
    """

    architecture: str
    network: dict[str, Any]
    scale: int = Field(ge=1, le=4)
    patch: int = Field(gt=0)
    spoilings: tuple[Spoiling, ...] = ()
    bursts: Bursts | None = None
    told_noise: bool = False
    greys: float = Field(default=0.0, ge=0, le=1)
    frequency_weight: float = Field(default=0.0, ge=0, description="weight of the loss between spectra")
    fitted_batches: int = Field(default=20, gt=0)
    warm_start: str | None = None

    @model_validator(mode="after")
    def _shares(self) -> RestorerRecipe:
        if sum(each.share for each in self.spoilings) > 1 + 1e-9:
            raise ValueError("the spoilings' shares are more than 1 together")
        if self.scale == 1 and not (self.spoilings or self.bursts):
            raise ValueError("at scale 1 there is nothing to restore without spoilings")
        if self.bursts is not None and (self.scale != 1 or self.spoilings):
            raise ValueError("what is merged from bursts is neither enlarged nor spoiled once more")
        return self

    @model_validator(mode="after")
    def _tellable(self) -> RestorerRecipe:
        changed = self.scale != 1 or self.bursts is not None or any(each.jpeg for each in self.spoilings)
        if self.told_noise and changed:
            raise ValueError("noise can be told only where nothing comes after it: no reduction, no JPEG, no merge")
        return self
