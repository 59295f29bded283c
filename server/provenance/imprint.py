"""What every manifest of this server says, whatever was made: where its log is, and what others may do with the file.

Values only. `server.provenance.definition` writes them into manifests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Use: TypeAlias = Literal["ai_generative_training", "ai_inference", "ai_training", "data_mining"]
Wish: TypeAlias = Literal["allowed", "notAllowed", "constrained"]


@dataclass(frozen=True, slots=True)
class Permission:
    """What may be done with the file for one use (CAWG Training and Data Mining Assertion 1.x).

    constraint: where "constrained", in words, under which conditions.
    """

    use: Use
    wish: Wish
    constraint: str = ""

    @property
    def label(self) -> str:
        """The use in the assertion's words."""
        return f"cawg.{self.use}"

    @property
    def entry(self) -> Mapping[str, str]:
        """The assertion's entry for this use."""
        found = {"use": self.wish}
        return {**found, "constraint_info": self.constraint} if self.constraint else found


@dataclass(frozen=True, slots=True)
class Imprint:
    """log_origin: the name of the log that holds the decision, "" for none. mining: at most one for each use.

    thumbnails: pictures get a small picture of themselves.
    """

    log_origin: str = ""
    mining: tuple[Permission, ...] = ()
    thumbnails: bool = False
