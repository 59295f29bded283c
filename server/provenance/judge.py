"""Judges what the sandbox read of a manifest store. Pure; parses no media. From codes to states is `verdict`."""

from __future__ import annotations

from core.credential import NO_CREDENTIAL, Credential, CredentialState, Manifest
from core.errors import IntegrityError
from core.media import View
from server.provenance.chain import chain_of
from server.provenance.read_manifest import ReadManifest
from server.provenance.reading import Reading, Store
from server.provenance.trust import Trust
from server.provenance.verdict import (
    INACCESSIBLE,
    PURPOSE,
    SIGNER_TRUSTED,
    UNREADABLE,
    UNTRUSTED,
    Evidence,
    misused,
    verdict,
    voucher,
)

OCSP_OFF = "signingCredential.ocsp.skipped"
"""Noted on every signed file, because we never ask the network: it says nothing of the file."""


def judge(view: View, trust: Trust) -> Credential:
    """The credential in what the parser `credentials` saw.

    Raises IntegrityError where the parser read it under another trust list than `trust`, and ParserFailed where its
    answer is malformed.
    """
    if view.error:
        return Credential(CredentialState.UNPARSEABLE, codes=(UNREADABLE,))
    reading = Reading.of(view)
    if reading.trust != trust.digest:
        raise IntegrityError(f"credentials were read under the trust list {reading.trust}, not {trust.digest}")
    if reading.store is not None:
        return credential_of(reading.store, trust)
    if reading.unparseable:
        return Credential(CredentialState.UNPARSEABLE, codes=(UNREADABLE,))
    if reading.remote:
        return Credential(CredentialState.REMOTE_NOT_FETCHED, codes=(INACCESSIBLE,))
    return NO_CREDENTIAL


def credential_of(store: Store, trust: Trust) -> Credential:
    """The credential in a store that could be read."""
    deeper = {*store.ingredient_failures, *misuses(store, trust)}
    evidence = Evidence(
        failures=store.failures,
        deeper=deeper,
        trusted=signer_trusted(store),
        intact=store.state in ("Trusted", "Valid"),
        signer=store.signers.get(store.active),
    )
    state, extra = verdict(evidence, trust)
    vouched = voucher(evidence.signer, trust) if state is CredentialState.TRUSTED else None
    manifests = tuple(manifest(one, store.active) for one in store.manifests)
    active = next((one for one in manifests if one.active), Manifest(store.active))
    return Credential(
        state=state,
        codes=tuple(sorted({*store.failures, *store.notes, *deeper, *extra} - {OCSP_OFF})),
        manifest_id=active.label,
        issuer=active.issuer,
        claim_generator=active.claim_generator,
        digital_source_types=active.digital_source_types,
        manifests=manifests,
        store_json=store.report,
        chain=chain_of(store, trust),
        trusted_by=vouched.name if vouched else "",
    )


def signer_trusted(store: Store) -> bool:
    """Whether the active manifest's signer is on the trust list.

    c2pa calls a file merely "Valid" too where the signer of something it was made from is not on the list any more, as
    when that certificate expired. That says nothing of who signed this file.
    """
    named = SIGNER_TRUSTED in store.successes and UNTRUSTED in store.ingredient_failures
    return store.state == "Trusted" or named


def misuses(store: Store, trust: Trust) -> tuple[str, ...]:
    """The code for a manifest before the active one that was signed with a certificate made for other purposes."""
    others = (signer for label, signer in store.signers.items() if label != store.active)
    return (PURPOSE,) if any(misused(signer, trust) for signer in others) else ()


def manifest(read: ReadManifest, active: str) -> Manifest:
    """One manifest for the record."""
    return Manifest(
        label=read.label,
        title=read.title,
        claim_generator=read.claim_generator,
        issuer=read.issuer,
        active=read.label == active,
        actions=read.actions,
        digital_source_types=read.source_types,
    )
