"""Judges what the sandbox read of a manifest store.

c2pa's own verdict is not enough: it calls a file "Trusted" whose parent was tampered with before it was opened, and
lets certificates sign that were made for other purposes. Pure; parses no media.
"""

from __future__ import annotations

from core.credential import NO_CREDENTIAL, Credential, CredentialState, Manifest
from core.errors import IntegrityError
from core.media import View
from server.provenance.reading import Reading, ReadManifest, Store
from server.provenance.trust import Trust

UNTRUSTED = "signingCredential.untrusted"
EXPIRY = frozenset({"signingCredential.expired", "claimSignature.outsideValidity"})
PURPOSE = "signingCredential.invalid"
INACCESSIBLE = "manifest.inaccessible"
UNREADABLE = "general.error"
UNEXAMINED = "org.countersign.signerUnexamined"
"""The one code that C2PA does not define: the file is intact, but its signer's certificate could not be examined."""
# An ingredient by a signer we do not know, or with a manifest elsewhere, is unproven; it is not broken.
UNPROVEN = frozenset({UNTRUSTED, INACCESSIBLE})

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
    state, extra = verdict(store, trust)
    manifests = tuple(manifest(one, store.active) for one in store.manifests)
    active = next((one for one in manifests if one.active), Manifest(store.active))
    return Credential(
        state=state,
        codes=tuple(sorted({*store.failures, *store.notes, *store.ingredient_failures, *extra} - {OCSP_OFF})),
        manifest_id=active.label,
        issuer=active.issuer,
        claim_generator=active.claim_generator,
        digital_source_types=active.digital_source_types,
        manifests=manifests,
        store_json=store.report,
    )


def verdict(store: Store, trust: Trust) -> tuple[CredentialState, tuple[str, ...]]:
    """The state, and codes of ours that explain it. The worst thing found decides."""
    broken = set(store.failures) - {UNTRUSTED}
    if broken and broken <= EXPIRY:
        return CredentialState.EXPIRED_NO_TIMESTAMP, ()
    if broken or store.state not in ("Trusted", "Valid"):
        return CredentialState.INVALID, ()
    if store.purposes is not None and not set(store.purposes) & set(trust.purposes):
        return CredentialState.INVALID, (PURPOSE,)
    if set(store.ingredient_failures) - UNPROVEN:
        return CredentialState.INGREDIENT_FAILED, ()
    if store.state != "Trusted" or UNTRUSTED in store.failures:
        return CredentialState.VALID_UNTRUSTED, ()
    if store.purposes is None:
        return CredentialState.VALID_UNTRUSTED, (UNEXAMINED,)
    return CredentialState.TRUSTED, ()


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
