"""What the recipe of a restoration network says: its architecture, what is done to photographs, what is lowered."""

from __future__ import annotations

import math
from collections.abc import Mapping
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
        _refuse_outside(self, bounds)
        return self

    @property
    def rim(self) -> int:
        """Pixels around a patch that its blur brings in, at most."""
        sigma, radius, length = (each[1] if each else 0.0 for each in (self.blur, self.defocus, self.motion))
        return math.ceil(3 * sigma + radius + length / 2)


class Round(BaseModel):
    """One round in which patches wear out, see `training.restorers.wearing`. Strengths are drawn from their ranges.

    blur: σ in pixels, for each axis. discs: share of the blurs that are discs. resize: factor; a last round's is the
    recipe's scale instead. noise: σ in 8-bit steps. light: share of the noise that is the light's own. grey: share that
    is the same in all colours. jpeg: quality. skipped: share of patches that are spared a step, for each of the steps.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    blur: Range
    discs: float = Field(ge=0, le=1)
    resize: Range = (1.0, 1.0)
    noise: Range
    light: float = Field(ge=0, le=1)
    grey: float = Field(ge=0, le=1)
    jpeg: Range
    skipped: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _in_range(self) -> Round:
        bounds = {"blur": (0.1, 10.0), "resize": (0.1, 4.0), "noise": (0.0, 100.0), "jpeg": (1.0, 100.0)}
        _refuse_outside(self, bounds)
        return self


class Wear(BaseModel):
    """Rounds that patches go through one after the other, and the share of them that does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: float = Field(gt=0, le=1)
    rounds: tuple[Round, ...] = Field(min_length=1)


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
        _refuse_outside(self, {"frames": (2, 16), "noise": (0, 100), "jpeg": (1, 100)})
        return self


class Pleasing(BaseModel):
    """What is lowered for outputs that look like photographs, see `training.restorers.pleasing`. Weights of the losses.

    regressing: share of the run that comes first, in which only pixels are regressed. critic: channels of what tells
    photographs from outputs. pixels: of their difference. low: of the difference of both, reduced four times. features:
    of the difference in what the critic's layers see. texture: of the difference in local contrast, band by band.
    adversarial: how far outputs are to deceive the critic.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    regressing: float = Field(ge=0, le=1)
    critic: int = Field(gt=0)
    pixels: float = Field(ge=0)
    low: float = Field(ge=0)
    features: float = Field(ge=0)
    texture: float = Field(ge=0)
    adversarial: float = Field(ge=0)


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
    wear: Wear | None = None
    bursts: Bursts | None = None
    told_noise: bool = False
    greys: float = Field(default=0.0, ge=0, le=1)
    pleasing: Pleasing | None = None
    frequency_weight: float = Field(default=0.0, ge=0, description="weight of the loss between spectra")
    fitted_batches: int = Field(default=20, gt=0)
    warm_start: str | None = None
    grown: bool = False

    @model_validator(mode="after")
    def _shares(self) -> RestorerRecipe:
        if sum(each.share for each in self.spoilings) > 1 + 1e-9:
            raise ValueError("the spoilings' shares are more than 1 together")
        if self.scale == 1 and not (self.spoilings or self.wear or self.bursts):
            raise ValueError("at scale 1 there is nothing to restore without spoilings")
        if self.bursts is not None and (self.scale != 1 or self.spoilings or self.wear):
            raise ValueError("what is merged from bursts is neither enlarged nor spoiled once more")
        if self.wear is not None and self.spoilings:
            raise ValueError("patches wear out or are spoiled, not both")
        return self

    @model_validator(mode="after")
    def _tellable(self) -> RestorerRecipe:
        changed = self.scale != 1 or self.bursts or self.wear or any(each.jpeg for each in self.spoilings)
        if self.told_noise and changed:
            raise ValueError("noise can be told only where nothing follows it: no reduction, JPEG, wear or merge")
        return self


def _refuse_outside(made: BaseModel, bounds: Mapping[str, Range]) -> None:
    """Raises ValueError naming the first range that leaves its bounds or falls. What is None leaves nothing."""
    for name, (least, most) in bounds.items():
        low, high = getattr(made, name) or (least, most)
        if not least <= low <= high <= most:
            raise ValueError(f"{name} must rise from at least {least:g} to at most {most:g}, not ({low}, {high})")
