"""What a file's C2PA credentials are worth and what they tell, as values. Reading and judging them is
`server.provenance`.

Every text in here was written by whoever made the file. It holds no control characters and is never longer than the
bounds of `server.provenance.shapes`, but it may well be markup, an address or a lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CredentialState(StrEnum):
    """Verdict on credentials. NONE never means authentic; TRUSTED never means true.

    The last two are of files that carry no manifest which could be read, though this service signed what they show:
    the manifest was found again by what it shows and its signature is trusted, so that what it says is told; or it
    cannot be trusted any more. Neither means that the file is unaltered.
    """

    NONE = "none"
    TRUSTED = "trusted"
    VALID_UNTRUSTED = "valid_untrusted"
    INVALID = "invalid"
    EXPIRED_NO_TIMESTAMP = "expired_no_timestamp"
    INGREDIENT_FAILED = "ingredient_failed"
    REMOTE_NOT_FETCHED = "remote_not_fetched"
    UNPARSEABLE = "unparseable"
    RECOVERED_SOFT_BINDING = "recovered_soft_binding"
    KNOWN_STRIPPED = "known_stripped"


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
class Signer:
    """Whose certificate signed a manifest, as the certificate says.

    name: common name. organization: the organisation. not_before, not_after: when the certificate is valid; None where
    it could not be examined.
    """

    name: str = ""
    organization: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChainAction:
    """One thing that was done, as a manifest states it.

    action: C2PA's name, such as "c2pa.edited". when: with a time zone, None where it names none. tool: the software
    agent. source_type: IPTC digital source type, an address. ingredients: titles of the ingredients it was done with.
    """

    action: str
    when: datetime | None = None
    tool: str = ""
    source_type: str = ""
    description: str = ""
    ingredients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SoftBinding:
    """A mark by which the media is said to be recognisable without its metadata. value: in the algorithm's own form."""

    algorithm: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Preference:
    """What may be done with the media. use: such as "cawg.ai_training". choice: "allowed", "notAllowed" or
    "constrained", then with the constraint.
    """

    use: str
    choice: str
    constraint: str = ""


@dataclass(frozen=True, slots=True)
class ChainIngredient:
    """Something the media was made from.

    relationship: "parentOf", "componentOf" or "inputTo". state, codes: of its own credentials, as recorded by whoever
    took it in and as far as they can be checked again now. intact: its manifest lies in the store as it was taken in;
    False as well where it has none. manifest: None where it has none, or beyond the bounds of a chain. repeated: its
    manifest is told elsewhere in the chain.
    """

    title: str
    format: str
    relationship: str
    state: CredentialState
    codes: tuple[str, ...] = ()
    intact: bool = False
    manifest: ChainManifest | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class ChainManifest:
    """One manifest, and by way of its ingredients all those before it.

    signed_at: when it was signed, as a timestamp in it says; None where it has none. time_proven: that timestamp is by
    an authority on the trust list. cut: more was stated than is told here.
    """

    label: str
    title: str = ""
    format: str = ""
    claim_generator: str = ""
    signer: Signer = Signer()
    signed_at: datetime | None = None
    time_proven: bool = False
    actions: tuple[ChainAction, ...] = ()
    ingredients: tuple[ChainIngredient, ...] = ()
    soft_bindings: tuple[SoftBinding, ...] = ()
    preferences: tuple[Preference, ...] = ()
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Credential:
    """The judged manifest store of one file.

    codes: C2PA validation status codes other than success, sorted, unique.
    digital_source_types: IPTC URIs over the active manifest's actions.
    store_json: the manifest store as c2pa reports it; empty when there is none.
    chain: the active manifest with all that it was made from; None when there is none.
    trusted_by: the name of the trust list that vouches for the signer; empty unless trusted.
    """

    state: CredentialState
    codes: tuple[str, ...] = ()
    manifest_id: str = ""
    issuer: str = ""
    claim_generator: str = ""
    digital_source_types: tuple[str, ...] = ()
    manifests: tuple[Manifest, ...] = ()
    store_json: str = ""
    chain: ChainManifest | None = None
    trusted_by: str = ""


NO_CREDENTIAL = Credential(CredentialState.NONE)
