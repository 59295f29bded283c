"""From status codes to a state, for a file as for each thing it was made from. Pure.

c2pa's own verdict is not enough: it calls a file "Trusted" whose parent was tampered with before it was opened, and
lets certificates sign that were made for other purposes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from core.credential import CredentialState
from server.provenance.read_manifest import ReadSigner
from server.provenance.trust import Trust, TrustList

UNTRUSTED, SIGNER_TRUSTED = "signingCredential.untrusted", "signingCredential.trusted"
EXPIRY = frozenset({"signingCredential.expired", "claimSignature.outsideValidity"})
PURPOSE = "signingCredential.invalid"
INACCESSIBLE = "manifest.inaccessible"
UNREADABLE = "general.error"
UNEXAMINED = "org.countersign.signerUnexamined"
"""The one code that C2PA does not define: the file is intact, but its signer's certificate could not be examined."""
# An ingredient by a signer we do not know, or with a manifest elsewhere, is unproven; it is not broken.
UNPROVEN = frozenset({UNTRUSTED, INACCESSIBLE})


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a state follows from.

    failures: status codes on the manifest itself. deeper: on whatever it was made from. trusted, intact: what the
    library says of the signer, and of the whole. signer: None where its certificate could not be examined.
    """

    failures: Collection[str]
    deeper: Collection[str]
    trusted: bool
    intact: bool
    signer: ReadSigner | None


def verdict(evidence: Evidence, trust: Trust) -> tuple[CredentialState, tuple[str, ...]]:
    """The state, and codes of ours that explain it. The worst thing found decides."""
    broken = set(evidence.failures) - {UNTRUSTED}
    beneath = set(evidence.deeper) - UNPROVEN
    if broken and broken <= EXPIRY:
        return CredentialState.EXPIRED_NO_TIMESTAMP, ()
    if broken or not evidence.intact:
        return CredentialState.INVALID, ()
    if misused(evidence.signer, trust):
        return CredentialState.INVALID, (PURPOSE,)
    if beneath:
        return CredentialState.INGREDIENT_FAILED, ()
    if not evidence.trusted or UNTRUSTED in evidence.failures:
        return CredentialState.VALID_UNTRUSTED, ()
    if evidence.signer is None:
        return CredentialState.VALID_UNTRUSTED, (UNEXAMINED,)
    if voucher(evidence.signer, trust) is None:
        return CredentialState.VALID_UNTRUSTED, (UNTRUSTED,)
    return CredentialState.TRUSTED, ()


def misused(signer: ReadSigner | None, trust: Trust) -> bool:
    """Whether a certificate signed that was made for other purposes."""
    return signer is not None and not trust.claim_purposes.intersection(signer.purposes)


def voucher(signer: ReadSigner | None, trust: Trust) -> TrustList | None:
    """The list that vouches for a signer with such purposes; None where none does.

    A root of an authority of time vouches for no signer, and a list only for the purposes that it was given.
    """
    named = (trust.vouching(uri) for uri in signer.lists) if signer is not None else ()
    fit = (one for one in named if one is not None and signer is not None and set(one.purposes) & set(signer.purposes))
    return next(fit, None)
