"""C2PA credentials, as recorded and as just read → protobuf."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.credential import Credential, CredentialState, Manifest
from countersign.v1 import common_pb2 as pb
from server import record


def recorded_provenance(entry: Mapping[str, Any]) -> pb.Provenance:
    """The credential as recorded, without its manifests; whom it names is empty once that was erased."""
    return pb.Provenance(
        state=state(CredentialState(entry["state"])),
        codes=entry["codes"],
        manifest_id=entry.get("manifest_id", ""),
        issuer=entry.get("issuer", ""),
        claim_generator=entry.get("claim_generator", ""),
        digital_source_types=entry["digital_source_types"],
        trusted_by=entry.get("trusted_by", ""),
    )


def state(value: CredentialState) -> pb.CredentialState.ValueType:
    """One state."""
    return pb.CredentialState.Value(f"CREDENTIAL_STATE_{value.name}")


def provenance(credential: Credential) -> pb.Provenance:
    """A credential just read, with its manifests."""
    message = recorded_provenance(record.credential_json(credential))
    message.manifests.extend(manifest(each) for each in credential.manifests)
    return message


def manifest(value: Manifest) -> pb.Manifest:
    """One manifest of the store."""
    return pb.Manifest(
        label=value.label,
        title=value.title,
        claim_generator=value.claim_generator,
        issuer=value.issuer,
        active=value.active,
        actions=value.actions,
        digital_source_types=value.digital_source_types,
    )
