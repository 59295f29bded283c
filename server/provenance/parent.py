"""The upload that an output was made from, and how it enters the output's manifest.

Its own manifest comes along with what was found wrong with it: work on a doubtful upload is allowed to be honest.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from core.credential import CredentialState
from core.media import Media

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
class Parent:
    """An upload and the state of its own credentials."""

    media: Media
    state: CredentialState

    @property
    def readable(self) -> bool:
        """Whether c2pa can read it; where it cannot, it must not be made to try, for it would refuse to sign."""
        return self.state is not CredentialState.UNPARSEABLE

    @property
    def mime(self) -> str:
        """The type under which it is handed to c2pa."""
        return self.media.mime if self.readable else OPAQUE

    @property
    def ingredient(self) -> str:
        """The ingredient definition, JSON."""
        return ingredient(self.media.mime, "" if self.readable else UNREADABLE)

    @property
    def outcome(self) -> CredentialState:
        """The state that an honest output of it has."""
        return CredentialState.INGREDIENT_FAILED if self.state in BROKEN else CredentialState.TRUSTED


def ingredient(mime: str, failure: str = "") -> str:
    """The definition of a parent ingredient, JSON. failure: a status code to record where c2pa could find none."""
    fields: dict[str, Any] = {"title": TITLE, "relationship": "parentOf", "label": PARENT_LABEL, "format": mime}
    if failure:
        found = {"success": [], "informational": [], "failure": [{"code": failure}]}
        fields["validation_results"] = {"activeManifest": found}
    return json.dumps(fields)
