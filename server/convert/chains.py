"""The provenance of a file as a tree → protobuf."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from core.credential import ChainAction, ChainIngredient, ChainManifest, Signer
from countersign.v1 import provenance_pb2 as pb
from server.convert.credentials import state
from server.convert.times import timestamp


def chain(value: ChainManifest) -> pb.ChainManifest:
    """A manifest and everything before it. The chain is bounded, and so is the depth of the message."""
    return pb.ChainManifest(
        label=value.label,
        title=value.title,
        format=value.format,
        claim_generator=value.claim_generator,
        signer=signer(value.signer),
        signed_at=point(value.signed_at),
        time_proven=value.time_proven,
        actions=[action(one) for one in value.actions],
        ingredients=[ingredient(one) for one in value.ingredients],
        soft_bindings=[pb.ChainSoftBinding(algorithm=one.algorithm, value=one.value) for one in value.soft_bindings],
        preferences=[
            pb.ChainPreference(use=one.use, choice=one.choice, constraint=one.constraint) for one in value.preferences
        ],
        cut=value.cut,
    )


def signer(value: Signer) -> pb.ChainSigner:
    """Whose certificate signed."""
    return pb.ChainSigner(
        name=value.name,
        organization=value.organization,
        not_before=point(value.not_before),
        not_after=point(value.not_after),
    )


def action(value: ChainAction) -> pb.ChainAction:
    """One action."""
    return pb.ChainAction(
        action=value.action,
        when=point(value.when),
        tool=value.tool,
        digital_source_type=value.source_type,
        description=value.description,
        ingredients=value.ingredients,
    )


def ingredient(value: ChainIngredient) -> pb.ChainIngredient:
    """One ingredient, with its own manifest."""
    return pb.ChainIngredient(
        title=value.title,
        format=value.format,
        relationship=value.relationship,
        state=state(value.state),
        codes=value.codes,
        intact=value.intact,
        manifest=chain(value.manifest) if value.manifest else None,
        repeated_elsewhere=value.repeated,
    )


def point(value: datetime | None) -> Timestamp | None:
    """A point in time, None where there is none."""
    return timestamp(value) if value else None
