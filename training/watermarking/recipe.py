"""What the watermark's recipe says, and how it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import ConfigurationError


class MarkRecipe(BaseModel):
    """How mask, spectrum and extractor are trained together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    mask_features: int = Field(ge=1)
    features: int = Field(ge=1, description="channels of the extractor")
    seed: int = 0
    steps: int = Field(gt=0, description="the run ends here, or when the budget is spent if that comes first")
    budget_seconds: float = Field(gt=0)
    batch: int = Field(gt=0)
    tiles: int = Field(gt=0, description="side of a patch in tiles of 64 pixels")
    psnr: tuple[float, float] = Field(description="range that the marks' strength is drawn from, dB")
    learning_rate: float = Field(gt=0)
    final_learning_rate: float = Field(gt=0)
    average: float = Field(gt=0, lt=1, description="decay of the running average of the weights")
    visibility: float = Field(ge=0, description="weight of what shows")
    signs: float = Field(ge=0, description="weight of single signs beside coded bits")
    hardening: float = Field(gt=0, le=1, description="progress at which distortions have reached full severity")
    threshold: float = Field(gt=0, lt=1, description="correlation from which on the reader believes a word")
    log_every: int = Field(default=50, gt=0)
    checkpoint_every: int = Field(default=200, gt=0)


def read_recipe(path: Path, profile: str | None = None) -> MarkRecipe:
    """The recipe in a file, with a profile laid over it. Raises ConfigurationError saying what is wrong."""
    document: dict[str, Any] = yaml.safe_load(path.read_bytes())
    profiles: dict[str, dict[str, Any]] = document.pop("profiles", {})
    if profile is not None and profile not in profiles:
        raise ConfigurationError(f"{path.name} has no profile {profile!r}; it has {sorted(profiles)}")
    try:
        return MarkRecipe.model_validate(document | profiles.get(profile or "", {}))
    except ValidationError as error:
        raise ConfigurationError(f"{path.name}: {error}") from error
