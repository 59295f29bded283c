"""Signers for a moment, under roots that nobody keeps: for tests of what is trusted, at start-up and elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from server.provenance.certificates import claim_signer, intermediate_authority, pem, root_authority
from server.provenance.identity import Identity
from server.provenance.signatures import signer
from server.provenance.trust import CLAIM_SIGNING, EMAIL_PROTECTION


def passing_identity(purposes: Sequence[str] = (CLAIM_SIGNING, EMAIL_PROTECTION)) -> Identity:
    """A new signer under a new root. purposes: of its key, dotted identifiers."""
    root = root_authority()
    intermediate = intermediate_authority(root)
    leaf = claim_signer(intermediate, purposes=purposes)
    return Identity(
        chain_pem=pem(leaf.certificate, intermediate.certificate),
        algorithm="es256",
        sign=signer(leaf.key),
        root_pem=pem(root.certificate),
        not_after=leaf.certificate.not_valid_after_utc,
        is_development=False,
    )
