"""A claim as the manifest definition that c2pa signs, JSON.

Writes what `server.provenance.claim` means in the words of C2PA Technical Specification 2.x. Knows no key and no file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from server.provenance.claim import LABELLED, OPENED, PLACED, WATERMARKED, Claim, SoftBinding
from server.provenance.imprint import Imprint
from server.provenance.ingredients import PARENT_LABEL, component_label

GENERATOR = "Countersign"
ACTIONS = "c2pa.actions.v2"
SOFT_BINDING = "c2pa.soft-binding"
TRAINING_MINING = "cawg.training-mining"
DECISION = "org.countersign.decision"
FIDELITY = "org.countersign.fidelity"
PARAMETERS = "org.countersign.parameters"
THUMBNAIL = "thumbnail.jpg"
"""By which the sandboxed signer finds where the small picture belongs that it makes."""
LABEL = "a visible label says how this was made"
PLAIN = Imprint()


def definition(claim: Claim, mime: str, parent_digest: str = "", imprint: Imprint = PLAIN) -> str:
    """The manifest definition, JSON, for an output of type `mime`.

    parent_digest: of the upload, bound beside the decision, because C2PA binds only a parent's manifest.
    """
    written: dict[str, Any] = {
        "claim_generator_info": [{"name": GENERATOR}],
        "title": claim.title,
        "format": mime,
        "assertions": assertions(claim, parent_digest, imprint),
    }
    if imprint.thumbnails and mime.startswith("image/"):
        written["thumbnail"] = {"format": "image/jpeg", "identifier": THUMBNAIL}
    return json.dumps(written)


def assertions(claim: Claim, parent_digest: str, imprint: Imprint) -> list[dict[str, Any]]:
    """All that is asserted, in the order in which the manifest lists it."""
    found = [
        assertion(ACTIONS, {"actions": list(actions(claim))}),
        assertion(DECISION, decision(claim, parent_digest, imprint)),
        *(assertion(SOFT_BINDING, soft_binding(one)) for one in claim.soft_bindings),
    ]
    if claim.fidelity:
        found.append(assertion(FIDELITY, dict(claim.fidelity)))
    if imprint.mining:
        found.append(assertion(TRAINING_MINING, {"entries": {each.label: each.entry for each in imprint.mining}}))
    return found


def decision(claim: Claim, parent_digest: str, imprint: Imprint) -> dict[str, Any]:
    """Where a stranger finds why this was allowed: in which log, under which entry and policy."""
    optional = {"logOrigin": imprint.log_origin, "parentDigest": parent_digest}
    return {
        "policyDigest": claim.binding.policy_digest,
        "intentIndex": claim.binding.intent_index,
        "requestId": claim.binding.request_id,
        **{name: value for name, value in optional.items() if value},
    }


def actions(claim: Claim) -> Iterator[dict[str, Any]]:
    """What was done, in order. A digital source type MUST NOT stand on c2pa.opened."""
    created = claim.action == "created"
    yield made(claim) if created else taken(OPENED, PARENT_LABEL)
    yield from (taken(PLACED, component_label(number)) for number in range(claim.components))
    if not created:
        yield made(claim)
    if claim.watermarked:
        yield {"action": WATERMARKED}
    if claim.labelled:
        yield {"action": LABELLED, "description": LABEL}


def taken(action: str, ingredient: str) -> dict[str, Any]:
    """An ingredient taken in."""
    return {"action": action, "parameters": {"ingredientIds": [ingredient]}}


def made(claim: Claim) -> dict[str, Any]:
    """The action that says how the output came to be."""
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


def soft_binding(binding: SoftBinding) -> dict[str, Any]:
    """One soft binding of the whole file, which an empty scope means."""
    return {"alg": binding.algorithm, "blocks": [{"scope": {}, "value": binding.value}]}


def assertion(label: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """An assertion of our own making, which C2PA 2 distinguishes from gathered ones."""
    return {"label": label, "created": True, "data": data}
