"""The tables `[[server.classifiers]]` of `countersign.toml`: classifiers that an operator brings. Loads none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, FiniteFloat, model_validator

from detectors.own.settings import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Combine,
    Crop,
    Fit,
    Given,
    Judging,
    Kind,
    Look,
    Outputs,
    OwnCheckpoint,
    Resampling,
)
from server.sections import Section

Name = Annotated[str, Field(min_length=1, max_length=200)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
SNAKE = "^[a-z][a-z0-9_]{1,63}$"
_ONLY: Mapping[Kind, frozenset[str]] = {
    "transformers": frozenset(),
    "timm": frozenset({"classes", "architecture"}),
    "open_clip": frozenset({"classes", "prompts", "probe", "probe_sha256", "normalise"}),
    "onnx": frozenset({"classes", "side", "mean", "std", "fit", "resampling"}),
    "blend": frozenset(),
}
"""Settings that some kinds alone have."""
_GIVEN = frozenset[str]().union(*_ONLY.values())
_JUDGING = frozenset({"calibration", "calibration_sha256", "absent_to", "detected_from"})
_HUB = frozenset({"revision", "allow_download"})


class OwnDetector(Section):
    """A classifier that the operator brings, as a detector under a `name` of the operator's own.

    The settings are those of `detectors.own.settings`, and are described there. kind: which library built it. Of
    open_clip: either prompts or a probe, with probe_sha256. Each table has either calibration, with calibration_sha256,
    or absent_to and detected_from. device: in place of the server's.
    """

    name: str = Field(pattern=SNAKE)
    kind: Kind
    label: str = Field(pattern=SNAKE)
    detected: Annotated[tuple[Annotated[int, Field(ge=0)] | Name, ...], Field(min_length=1)]
    path: Path | None = None
    hub: str = Field(default="", pattern=r"^([A-Za-z0-9._-]+/[A-Za-z0-9._-]+)?$")
    revision: str = Field(default="main", min_length=1)
    allow_download: bool = False
    sha256: Sha256
    licence: str = ""
    accept_licence: str = ""
    device: str = ""
    outputs: Outputs = "softmax"
    look: Look = "whole"
    tiles: int = Field(default=9, ge=1, le=64)
    combine: Combine = "mean"
    least_side: int = Field(default=64, ge=16, le=4096)
    crop: Crop = "nothing"
    margin: float = Field(default=0.3, ge=0, le=2)
    calibration: Path | None = None
    calibration_sha256: Sha256 | None = None
    absent_to: FiniteFloat | None = None
    detected_from: FiniteFloat | None = None
    classes: tuple[Name, ...] = ()
    architecture: str = Field(default="", pattern=r"^[a-z0-9_]*(\.[a-z0-9_]+)?$")
    prompts: dict[Name, Annotated[tuple[Name, ...], Field(min_length=1)]] = Field(default_factory=dict)
    probe: Path | None = None
    probe_sha256: Sha256 | None = None
    normalise: bool = False
    side: int = Field(default=0, ge=0, le=4096)
    mean: tuple[FiniteFloat, FiniteFloat, FiniteFloat] = IMAGENET_MEAN
    std: tuple[Positive, Positive, Positive] = IMAGENET_STD
    fit: Fit = "squeeze"
    resampling: Resampling = "bilinear"

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if (self.path is None) == (not self.hub):
            raise ValueError("set either path or hub")
        if self.hub and self.kind in ("onnx", "blend"):
            raise ValueError(f"hub is for folders; the kind {self.kind!r} is one file, at path")
        if not self.hub and (found := sorted(_HUB & self.model_fields_set)):
            raise ValueError(f"{found[0]} is for a model of a hub")
        return self

    @model_validator(mode="after")
    def _has_what_its_kind_has(self) -> Self:
        if others := sorted((_GIVEN - _ONLY[self.kind]) & self.model_fields_set):
            raise ValueError(f"{others[0]} is no setting of the kind {self.kind!r}")
        if self.kind == "open_clip" and bool(self.prompts) == (self.probe is not None):
            raise ValueError("set either prompts or probe")
        if self.prompts and self.classes:
            raise ValueError("the classes of prompts are their names; leave classes out")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("classes has a name twice")
        if (self.probe is None) != (self.probe_sha256 is None):
            raise ValueError("set both probe and probe_sha256, or neither")
        return self

    @model_validator(mode="after")
    def _has_a_margin_for_crops(self) -> Self:
        if self.crop == "nothing" and "margin" in self.model_fields_set:
            raise ValueError('margin is for crop = "faces"')
        return self

    @model_validator(mode="after")
    def _can_be_judged(self) -> Self:
        if (self.calibration is None) != (self.calibration_sha256 is None):
            raise ValueError("set both calibration and calibration_sha256, or neither")
        limits = (self.absent_to, self.detected_from)
        if (self.calibration is None) != all(each is not None for each in limits) or (
            self.calibration is not None and limits != (None, None)
        ):
            raise ValueError("set either calibration, or both absent_to and detected_from")
        if self.absent_to is not None and self.detected_from is not None and not self.absent_to < self.detected_from:
            raise ValueError("absent_to has to be below detected_from")
        return self

    def on(self, device: str) -> OwnCheckpoint:
        """What is loaded, on `device` unless it has one of its own."""
        said = self.model_dump()
        given = {name: said.pop(name) for name in sorted(_GIVEN)}
        judging = {name: said.pop(name) for name in sorted(_JUDGING)}
        return OwnCheckpoint(
            **said | {"device": self.device or device},
            given=Given(**given | {"probe_sha256": self.probe_sha256 or ""}),
            judging=Judging(**judging | {"calibration_sha256": self.calibration_sha256 or ""}),
        )
