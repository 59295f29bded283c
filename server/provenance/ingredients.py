"""What an output was made from, and how it enters the output's manifest: the parent, and components placed in it.

Their own manifests come along with what was found wrong with them: work on a doubtful upload is allowed to be honest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from core.credential import CredentialState
from core.media import Media

Relationship: TypeAlias = Literal["parentOf", "componentOf"]

PARENT_LABEL = "parent"
TITLE = "upload"  # the file's own name is the uploader's business, and never reaches us
OPAQUE = "application/octet-stream"
UNREADABLE = "general.error"
# An upload in one of these states takes its defect along: an honest output of it reads INGREDIENT_FAILED.
BROKEN = frozenset(
    {
        CredentialState.INVALID,
        CredentialState.EXPIRED_NO_TIMESTAMP,
        CredentialState.INGREDIENT_FAILED,
        CredentialState.UNPARSEABLE,
    }
)


@dataclass(frozen=True, eq=False, slots=True)
class Ingredient:
    """An upload, the state of its own credentials, and what it is to the output. label: what actions name it by."""

    media: Media
    state: CredentialState
    relationship: Relationship = "parentOf"
    label: str = PARENT_LABEL

    @property
    def readable(self) -> bool:
        """Whether c2pa can read it; where it cannot, it must not be made to try, for it would refuse to sign."""
        return self.state is not CredentialState.UNPARSEABLE

    @property
    def mime(self) -> str:
        """The type under which it is handed to c2pa."""
        return self.media.mime if self.readable else OPAQUE

    @property
    def definition(self) -> str:
        """The ingredient definition, JSON."""
        return ingredient(self.media.mime, "" if self.readable else UNREADABLE, self.relationship, self.label)


def outcome(ingredients: Iterable[Ingredient]) -> CredentialState:
    """The state that an honest output of these has."""
    broken = any(one.state in BROKEN for one in ingredients)
    return CredentialState.INGREDIENT_FAILED if broken else CredentialState.TRUSTED


def component_label(number: int) -> str:
    """What actions name the component by. number: from 0."""
    return f"component-{number + 1}"


def ingredient(mime: str, failure: str = "", relationship: Relationship = "parentOf", label: str = PARENT_LABEL) -> str:
    """The definition of an ingredient, JSON. failure: a status code to record where c2pa could find none."""
    fields: dict[str, Any] = {"title": TITLE, "relationship": relationship, "label": label, "format": mime}
    if failure:
        found = {"success": [], "informational": [], "failure": [{"code": failure}]}
        fields["validation_results"] = {"activeManifest": found}
    return json.dumps(fields)
