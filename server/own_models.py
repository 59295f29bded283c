"""The tables `[[server.models]]` of `countersign.toml`: models that the operator brings. Loads none of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from generators.base import MEDICAL, PHOTO, SATELLITE
from generators.own.settings import OwnWeights
from server.sections import Section

if TYPE_CHECKING:
    from generators.diffusion.checkpoint import Checkpoint

_ONLY: Mapping[str, frozenset[str]] = {
    "diffusers": frozenset({"hub", "revision", "allow_download", "unpinned", "max_steps", "max_size"}),
    "spandrel": frozenset({"task", "perceptual", "profiles", "tile", "margin"}),
}
"""Settings that one kind alone has."""
_COMMON = frozenset({"name", "path", "sha256", "licence", "accept_licence"})


class OwnModel(Section):
    """A model that the operator brings, under a `name` of the operator's own.

    kind: what it is: "diffusers", a folder with a text-to-image model that diffusers saved, or "spandrel", a
    safetensors file with a restoration network. path: that folder or file. sha256: its digest, as
    `countersign models digest` prints it. licence: where folder or file name none. accept_licence: the licence to
    accept, by its name, where it is not one of the free ones. device: in place of the server's.

    Of diffusers: hub, in place of a path, is the id of a repository, with its revision, that lies in the local cache,
    or may be fetched with allow_download; unpinned: run it without a digest; max_steps, max_size (pixels of a side):
    the most that an order may ask for.

    Of spandrel: task, where the network does not enlarge; perceptual: it may invent, which is what is believed of it
    unless this is false; profiles: what it may be used on; tile, margin: pixels, see `generators.tiling.Plan`.
    """

    name: str = Field(pattern="^[a-z][a-z0-9_]{1,63}$")
    kind: Literal["diffusers", "spandrel"] = "diffusers"
    path: Path | None = None
    hub: str = Field(default="", pattern=r"^([A-Za-z0-9._-]+/[A-Za-z0-9._-]+)?$")
    revision: str = Field(default="main", min_length=1)
    allow_download: bool = False
    sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    unpinned: bool = False
    licence: str = ""
    accept_licence: str = ""
    device: str = ""
    max_steps: int = Field(default=50, gt=0, le=1000)
    max_size: int = Field(default=1024, ge=64, le=4096)
    task: str = Field(default="", pattern="^([a-z][a-z0-9_-]{1,31})?$")
    perceptual: bool = True
    profiles: frozenset[Literal["photo", "medical", "satellite"]] = frozenset({"photo"})
    tile: int = Field(default=256, ge=32, le=2048)
    margin: int = Field(default=32, ge=0, le=512)

    @model_validator(mode="after")
    def _is_somewhere_and_pinned(self) -> Self:
        if (self.path is None) == (not self.hub):
            raise ValueError("set either path or hub")
        if self.allow_download and not self.hub:
            raise ValueError("allow_download is for a model of a hub")
        if self.unpinned == bool(self.sha256):
            raise ValueError("set sha256 to what the files have to be, or unpinned = true to run whatever is there")
        return self

    @model_validator(mode="after")
    def _has_what_its_kind_has(self) -> Self:
        for kind, own in _ONLY.items():
            if kind != self.kind and (others := sorted(own & self.model_fields_set)):
                raise ValueError(f"{others[0]} is a setting of the kind {kind!r}, and this one is {self.kind!r}")
        if self.perceptual and self.profiles != {PHOTO}:
            beyond = ", ".join(sorted(self.profiles & {MEDICAL, SATELLITE})) or "nothing"
            raise ValueError(
                f"a model that may invent is for {PHOTO!r} alone, not for {beyond}; set perceptual = false"
            )
        return self

    def on(self, device: str) -> Checkpoint | OwnWeights:
        """What loads it, on `device` unless it has one of its own. diffusers takes seconds to import."""
        device = self.device or device
        if self.kind == "spandrel":
            return OwnWeights(**self.model_dump(include={*_COMMON, *_ONLY[self.kind]}), device=device)
        from generators.diffusion.checkpoint import Checkpoint

        return Checkpoint(**self.model_dump(include={*_COMMON, *_ONLY[self.kind]}), device=device)
