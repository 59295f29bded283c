"""What a recovery found → protobuf."""

from __future__ import annotations

from countersign.v1 import softbinding_pb2 as pb
from server.audit.reading.durable import Kept
from server.recovery.match import Match
from server.recovery.resolution import Named, similarity


def match(value: Match, tenant: str) -> pb.ManifestMatch:
    """A match. tenant: who asks."""
    distance = min(value.distances.values(), default=None) if "pixels" not in value.kinds else 0
    return pb.ManifestMatch(
        manifest_id=value.kept.manifest_id,
        similarity_score=round(100 * value.likeness) if distance is None else similarity(distance),
        confirmed=True,
        certainty=pb.MatchCertainty.Value(f"MATCH_CERTAINTY_{value.certainty.name}"),
        bindings=value.kinds,
        confidence=value.confidence[0],
        decision_id=_own(value.kept, tenant),
    )


def named(value: Named, tenant: str) -> pb.ManifestMatch:
    """A signed file that a value names, and nobody compared with anything. tenant: who asks."""
    return pb.ManifestMatch(
        manifest_id=value.kept.manifest_id,
        similarity_score=None if value.distance is None else similarity(value.distance),
        decision_id=_own(value.kept, tenant),
    )


def _own(kept: Kept, tenant: str) -> str:
    """The decision's id, for the tenant whose it is: MUST NOT be told to another one."""
    return kept.decision_id if kept.tenant == tenant else ""
