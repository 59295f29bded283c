"""How much of a hostile file's tags is kept: lengths, counts, and one total for the whole file.

Knows sizes only; what a tag means is for its reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MAX_VALUE = 16_384  # characters of one value that is kept
MAX_KEY = 128  # characters of one name
MAX_ENTRIES = 128  # values in one section
MAX_TOTAL = 262_144  # characters in all sections of a file together
MAX_BLOCK = 1_048_576  # bytes of one EXIF, XMP, ICC or text block that is looked at


@dataclass(slots=True)
class Budget:
    """What may still be kept of one file.

    remaining: characters. cut: names of what was shortened or left out, in order, at most MAX_ENTRIES of them.
    """

    remaining: int = MAX_TOTAL
    cut: list[str] = field(default_factory=list)

    def note(self, name: str) -> None:
        """Records that `name` is incomplete."""
        if len(self.cut) < MAX_ENTRIES and name not in self.cut:
            self.cut.append(name)

    def text(self, name: str, value: str, limit: int = MAX_VALUE) -> str:
        """`value` without NUL and surrogates, cut to `limit` characters and to what remains of the budget."""
        clean = value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8").strip()
        kept = clean[: max(0, min(limit, self.remaining))]
        if len(kept) < len(clean):
            self.note(name)
        self.remaining -= len(kept)
        return kept

    def section(self, name: str, values: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, str]:
        """A section of named values: at most MAX_ENTRIES, empty ones left out, the first of a name kept."""
        kept: dict[str, str] = {}
        for key, value in values.items() if isinstance(values, Mapping) else values:
            short = key.replace("\x00", "")[:MAX_KEY]
            if len(kept) >= MAX_ENTRIES:
                self.note(name)
                break
            if short not in kept and (text := self.text(f"{name}.{short}", value)):
                kept[short] = text
        return kept
