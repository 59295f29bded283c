"""What a file's C2PA credentials are worth, as a value. Reading and judging them is `server.provenance`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CredentialState(StrEnum):
    """Verdict on credentials. NONE never means authentic; TRUSTED never means true."""

    NONE = "none"
    TRUSTED = "trusted"
    VALID_UNTRUSTED = "valid_untrusted"
    INVALID = "invalid"
    EXPIRED_NO_TIMESTAMP = "expired_no_timestamp"
    INGREDIENT_FAILED = "ingredient_failed"
    REMOTE_NOT_FETCHED = "remote_not_fetched"
    UNPARSEABLE = "unparseable"


@dataclass(frozen=True, slots=True)
class Manifest:
    """One manifest of a manifest store."""

    label: str
    title: str = ""
    claim_generator: str = ""
    issuer: str = ""
    active: bool = False
    actions: tuple[str, ...] = ()
    digital_source_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Credential:
    """The judged manifest store of one file.

    codes: C2PA validation status codes other than success, sorted, unique.
    digital_source_types: IPTC URIs over the active manifest's actions.
    store_json: the manifest store as c2pa reports it; empty when there is none.
    """

    state: CredentialState
    codes: tuple[str, ...] = ()
    manifest_id: str = ""
    issuer: str = ""
    claim_generator: str = ""
    digital_source_types: tuple[str, ...] = ()
    manifests: tuple[Manifest, ...] = ()
    store_json: str = ""


NO_CREDENTIAL = Credential(CredentialState.NONE)
