"""What we claim of a file we made, as a value, and as the manifest definition that c2pa signs.

Words are those of C2PA Technical Specification 2.x ("Actions") and of IPTC's digital source type vocabulary. Knows no
key and no file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from core.errors import InvalidInput
from server.provenance.parent import PARENT_LABEL

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
GENERATOR = "Countersign"
DECISION = "org.countersign.decision"
PARAMETERS = "org.countersign.parameters"

ClaimedAction: TypeAlias = Literal["created", "edited", "enhanced", "resized"]
"""created: from nothing. enhanced: improved without a change of content (noise, sharpness). resized: its dimensions
were changed. edited: its content was."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Which recorded decision let this file be made: the policy's digest, the log index of the intent, the request."""

    policy_digest: str
    intent_index: int
    request_id: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What is true of an output because we made it.

    source_type: last segment of the IPTC digital source type, such as "trainedAlgorithmicMedia". model, model_version:
    the software agent. parameters: the settings it ran with. made_at: when, with a time zone.
    """

    title: str
    source_type: str
    model: str
    model_version: str
    action: ClaimedAction
    binding: Binding
    parameters: Mapping[str, str | int | float] = field(default_factory=dict)
    made_at: datetime | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch("[a-z][A-Za-z]{2,63}", self.source_type):
            raise InvalidInput(
                f"{self.source_type!r} is not the last segment of an IPTC digital source type",
                field="source_type",
                found=self.source_type,
            )

    @property
    def source_uri(self) -> str:
        """The digital source type in full."""
        return SOURCE_TYPES + self.source_type

    @property
    def actions(self) -> tuple[str, ...]:
        """The C2PA actions that the manifest will list, in order; work on an upload begins by opening it."""
        made = f"c2pa.{self.action}"
        return (made,) if self.action == "created" else ("c2pa.opened", made)


def definition(claim: Claim, mime: str, parent_digest: str = "") -> str:
    """The manifest definition, JSON, for an output of type `mime`.

    parent_digest: of the upload, bound beside the decision, because C2PA binds only a parent's manifest.
    """
    decision: dict[str, Any] = {
        "policyDigest": claim.binding.policy_digest,
        "intentIndex": claim.binding.intent_index,
        "requestId": claim.binding.request_id,
    }
    if parent_digest:
        decision["parentDigest"] = parent_digest
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": [PARENT_LABEL]}}
    actions = [made(claim)] if claim.action == "created" else [opened, made(claim)]
    return json.dumps(
        {
            "claim_generator_info": [{"name": GENERATOR}],
            "title": claim.title,
            "format": mime,
            "assertions": [
                assertion("c2pa.actions.v2", {"actions": actions}),
                assertion(DECISION, decision),
            ],
        }
    )


def made(claim: Claim) -> dict[str, Any]:
    """The action that says how the output came to be. A digital source type MUST NOT stand on c2pa.opened."""
    action: dict[str, Any] = {
        "action": f"c2pa.{claim.action}",
        "softwareAgent": {"name": claim.model, "version": claim.model_version},
        "digitalSourceType": claim.source_uri,
    }
    if claim.parameters:
        action["parameters"] = {PARAMETERS: dict(claim.parameters)}
    if claim.made_at:
        action["when"] = claim.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return action


def assertion(label: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """An assertion of our own making, which C2PA 2 distinguishes from gathered ones."""
    return {"label": label, "created": True, "data": data}
