"""The provenance of a file as a tree, as JSON."""

from __future__ import annotations

from countersign.v1 import common_pb2, provenance_pb2
from countersign.views.values import Json, enum_name, moment


def chain_json(manifest: provenance_pb2.ChainManifest) -> Json:
    """One manifest and everything before it."""
    return {
        "label": manifest.label,
        "title": manifest.title,
        "format": manifest.format,
        "claim_generator": manifest.claim_generator,
        "signer": signer_json(manifest.signer),
        "signed_at": moment(manifest, "signed_at"),
        "time_proven": manifest.time_proven,
        "actions": [action_json(each) for each in manifest.actions],
        "ingredients": [ingredient_json(each) for each in manifest.ingredients],
        "soft_bindings": [{"algorithm": each.algorithm, "value": each.value} for each in manifest.soft_bindings],
        "preferences": [
            {"use": each.use, "choice": each.choice, "constraint": each.constraint} for each in manifest.preferences
        ],
        "cut": manifest.cut,
    }


def signer_json(signer: provenance_pb2.ChainSigner) -> Json:
    """Whose certificate signed."""
    return {
        "name": signer.name,
        "organization": signer.organization,
        "not_before": moment(signer, "not_before"),
        "not_after": moment(signer, "not_after"),
    }


def action_json(action: provenance_pb2.ChainAction) -> Json:
    """One thing that was done."""
    return {
        "action": action.action,
        "when": moment(action, "when"),
        "tool": action.tool,
        "digital_source_type": action.digital_source_type,
        "description": action.description,
        "ingredients": list(action.ingredients),
    }


def ingredient_json(ingredient: provenance_pb2.ChainIngredient) -> Json:
    """Something the media was made from."""
    return {
        "title": ingredient.title,
        "format": ingredient.format,
        "relationship": ingredient.relationship,
        "state": enum_name(common_pb2.CredentialState, ingredient.state, "CREDENTIAL_STATE_"),
        "codes": list(ingredient.codes),
        "intact": ingredient.intact,
        "manifest": chain_json(ingredient.manifest) if ingredient.HasField("manifest") else None,
        "repeated_elsewhere": ingredient.repeated_elsewhere,
    }
