"""Which label each detector is for: what it is measured on, beside real pictures. An explicit table.

The module knows names. It does not know whether this release has the detectors: a catalog does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from core.errors import InvalidInput
from core.media import Kind
from detectors.base import Detector
from training.evaluation.detecting.listing import Label

GENERATED = "generated_image"
"""The detector whose figure stands at the top of the JSON."""
TASKS: Mapping[str, Label] = MappingProxyType(
    {
        GENERATED: Label.AI,
        "metadata": Label.AI,  # by what files say of themselves: how much of a set gives itself away
        "manipulation": Label.MANIPULATED,
        "copy_move": Label.MANIPULATED,
        "resampling": Label.MANIPULATED,
        "thumbnail": Label.MANIPULATED,
        "jpeg_history": Label.MANIPULATED,  # of history, not of guilt: what is edited was mostly saved again
    }
)
"""By the detector's name."""
ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "known_hash": "what it finds is on an operator's list: python -m training.evaluation.near_copies",
        "near_duplicate": "what it finds is on an operator's list: python -m training.evaluation.near_copies",
        "watermark": "what it finds was marked here: python -m training.evaluation.watermark",
        "nsfw": "what it finds is no question of authenticity: detectors/nsfw/nsfw.md",
    }
)
"""Detectors of pictures that these labels say nothing about, and where their measurements are."""


def chosen(catalog: Iterable[Detector], names: Iterable[str] = ()) -> tuple[Detector, ...]:
    """The catalog's detectors of pictures that `TASKS` has, or those of them that are named.

    Raises InvalidInput for a name that is not among them.
    """
    there = {each.name: each for each in catalog if each.name in TASKS and Kind.IMAGE in each.kinds}
    for name in names:
        if name not in there:
            known = ", ".join(there)
            why = ELSEWHERE.get(name, f"there are: {known}")
            raise InvalidInput(
                f"no detector {name!r} is measured here; {why}", field="detectors", limit=known, found=name
            )
    return tuple(there[name] for name in dict.fromkeys(names) or there)
