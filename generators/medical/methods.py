"""Methods of the catalog as `ensemble.Method` wants them: tile by tile, as floats. Knows tiles and no pictures."""

from __future__ import annotations

from generators.base import IsCancelled, Progress
from generators.deep import enhanced_samples
from generators.medical.ensemble import Method, Plane
from generators.tiling import Plan, Transform


def tiled(transform: Transform, plan: Plan, scale: int, cancelled: IsCancelled) -> Method:
    """`transform` over planes. It raises Cancelled between tiles."""

    def method(plane: Plane, progress: Progress) -> Plane:
        made = enhanced_samples(transform, plane[..., None], 1.0, plan, scale, progress, cancelled)
        return made[..., 0]

    return method


def unchanged(plane: Plane, progress: Progress) -> Plane:
    """The method that has nothing to do."""
    progress(1.0)
    return plane
