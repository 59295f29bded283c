"""The words of the scene grammar, and the drawings that they stand for.

It knows words and codes. It does not know how scenes are put together or drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

VOCABULARY = Path(__file__).with_name("vocabulary.yaml")
_PEOPLE = {"man": "1f468", "woman": "1f469"}
GENDERS = tuple(_PEOPLE)
_TONES = ("", "1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff")


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour that a drawing can be given. hue: degrees. saturation: factor. value: least value, 0–1 (HSV)."""

    hue: float
    saturation: float
    value: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """objects, roles: word → code. plurals: word → plural. backgrounds: RGB, 0–255. coloured: may be recoloured."""

    objects: Mapping[str, str]
    plurals: Mapping[str, str]
    coloured: tuple[str, ...]
    roles: Mapping[str, str]
    colours: Mapping[str, Colour]
    backgrounds: Mapping[str, tuple[int, int, int]]
    tones: tuple[str, ...]
    styles: tuple[str, ...]

    def code(self, word: str, gender: str = "", tone: int = 0) -> str:
        """The code of an object's or a role's drawing. tone: 1 (light) to 5 (dark), 0 for the yellow of no tone."""
        if word in self.objects:
            return self.objects[word]
        parts = [_PEOPLE[gender], _TONES[tone], "200d", self.roles[word]]
        return "-".join(part for part in parts if part)

    def keys(self) -> tuple[str, ...]:
        """The keys (style and code) of every drawing that a scene can hold, sorted."""
        codes = {*self.objects.values()}
        codes |= {self.code(role, gender, tone) for role in self.roles for gender in _PEOPLE for tone in range(6)}
        return tuple(sorted(f"{style}:{code}" for style in self.styles for code in codes))


def read_vocabulary(path: Path = VOCABULARY) -> Vocabulary:
    """The vocabulary in a YAML file."""
    document: dict[str, Any] = yaml.safe_load(path.read_bytes())
    rows = {word: row if isinstance(row, list) else [row, f"{word}s"] for word, row in document["objects"].items()}
    return Vocabulary(
        objects={word: str(code) for word, (code, _) in rows.items()},
        plurals={word: plural for word, (_, plural) in rows.items()} | {role: f"{role}s" for role in document["roles"]},
        coloured=tuple(document["coloured"]),
        roles={role: str(code) for role, code in document["roles"].items()},
        colours={name: Colour(*values) for name, values in document["colours"].items()},
        backgrounds={name: (red, green, blue) for name, (red, green, blue) in document["backgrounds"].items()},
        tones=tuple(document["tones"]),
        styles=tuple(document["styles"]),
    )
