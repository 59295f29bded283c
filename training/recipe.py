"""What a recipe says, and how one is read.

A recipe is a YAML file; a profile inside it (`smoke`) overrides some of its values. The digest of the file stands in
the card of every weight made from it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import ConfigurationError


class Plan(BaseModel):
    """What every recipe says, whatever is trained."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    seed: int = 0
    steps: int = Field(gt=0, description="the run ends here, or when the budget is spent if that comes first")
    budget_seconds: float = Field(gt=0)
    batch: int = Field(gt=0)
    learning_rate: float = Field(gt=0)
    final_learning_rate: float = Field(gt=0)
    average: float = Field(gt=0, lt=1, description="decay of the running average of the weights")
    log_every: int = Field(default=50, gt=0)
    checkpoint_every: int = Field(default=200, gt=0)


AnyPlan = TypeVar("AnyPlan", bound=BaseModel)


def read_recipe(path: Path, kind: type[AnyPlan], profile: str | None = None) -> AnyPlan:
    """The recipe in a file, with a profile laid over it. Raises ConfigurationError saying what is wrong."""
    document: dict[str, Any] = yaml.safe_load(path.read_bytes())
    profiles: dict[str, dict[str, Any]] = document.pop("profiles", {})
    if profile is not None and profile not in profiles:
        raise ConfigurationError(f"{path.name} has no profile {profile!r}; it has {sorted(profiles)}")
    try:
        return kind.model_validate(document | profiles.get(profile or "", {}))
    except ValidationError as error:
        raise ConfigurationError(f"{path.name}: {error}") from error


def file_digest(path: Path) -> str:
    """`sha256:` and the hex digest of a file's bytes."""
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
