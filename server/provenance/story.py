"""What credentials say of how the media came to be: the line from the file back to its first origin.

Believes nothing: a story is what is told. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.credential import ChainAction, ChainManifest

CREATED = "c2pa.created"
# IPTC digital source types, by the last part of their address.
CAPTURED = frozenset({"digitalCapture", "computationalCapture", "negativeFilm", "positiveFilm", "print"})
GENERATED = frozenset({"trainedAlgorithmicMedia", "algorithmicMedia"})
PARTLY_GENERATED = frozenset({"compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"})
# Actions after which every part of the picture still shows what it did, where it stood beside the others.
HARMLESS = frozenset(
    {
        "c2pa.opened",
        "c2pa.color_adjustments",
        "c2pa.converted",
        "c2pa.cropped",
        "c2pa.enhanced",
        "c2pa.orientation",
        "c2pa.published",
        "c2pa.redacted",
        "c2pa.repackaged",
        "c2pa.resized",
        "c2pa.transcoded",
        "c2pa.watermarked",
        "c2pa.watermarked.bound",
        "c2pa.watermarked.unbound",
    }
)


@dataclass(frozen=True, slots=True)
class Story:
    """line: the file's manifest, that of its parent, and so on. complete: it goes back to where the media was created,
    and nothing in it was cut.
    """

    line: tuple[ChainManifest, ...]
    complete: bool

    @property
    def actions(self) -> tuple[ChainAction, ...]:
        """All that is said to have been done, the latest manifest first."""
        return tuple(action for manifest in self.line for action in manifest.actions)

    @property
    def source_types(self) -> frozenset[str]:
        """The digital source types of all actions, by the last part of their addresses."""
        return frozenset(last_part(action.source_type) for action in self.actions if action.source_type)

    @property
    def captured(self) -> bool:
        """Whether a camera is said to have taken it, and no model to have had a part in it since."""
        return bool(self.source_types & CAPTURED) and not self.source_types & (GENERATED | PARTLY_GENERATED)

    @property
    def generated(self) -> bool:
        """Whether a model is said to have created all of it."""
        types = {last_part(action.source_type) for action in self.actions if action.action == CREATED}
        return bool(types) and types <= GENERATED

    @property
    def explains_edits(self) -> bool:
        """Whether anything is said to have been done that may have moved or replaced a part of the picture.

        An action that nobody has heard of may have done anything.
        """
        return any(action.action not in HARMLESS | {CREATED} for action in self.actions)


def story_of(chain: ChainManifest) -> Story:
    """The line that ends with `chain`. Where several parents are stated, the first that has a manifest is followed."""
    line = [chain]
    while (parent := parent_of(line[-1])) is not None:
        line.append(parent)
    origin = line[-1]
    begun = any(action.action == CREATED for action in origin.actions)
    taken_in = any(ingredient.relationship == "parentOf" for ingredient in origin.ingredients)
    return Story(tuple(line), begun and not taken_in and not any(manifest.cut for manifest in line))


def parent_of(manifest: ChainManifest) -> ChainManifest | None:
    """What it was made from, where that has a manifest."""
    parents = (one.manifest for one in manifest.ingredients if one.relationship == "parentOf")
    return next((one for one in parents if one is not None), None)


def everything(chain: ChainManifest) -> Iterator[ChainManifest]:
    """Every manifest of a chain."""
    yield chain
    for ingredient in chain.ingredients:
        if ingredient.manifest is not None:
            yield from everything(ingredient.manifest)


def last_part(address: str) -> str:
    """Of a digital source type."""
    return address.rstrip("/").rpartition("/")[2]
