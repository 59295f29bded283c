"""Whose claims are believed, and for what: lists of root certificates, each with the key purposes that it vouches for.

Values only. Applying them to a file is `server.provenance.parse` and `server.provenance.judge`; reading lists from
files is `server.provenance.trustfiles`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.media import digest_of

CLAIM_SIGNING = "1.3.6.1.4.1.62558.2.1"
EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4"  # what certificates from before the C2PA purpose carry
DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"  # RFC 9336
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
PURPOSES = (CLAIM_SIGNING, EMAIL_PROTECTION, DOCUMENT_SIGNING)
NEVER = frozenset({TIME_STAMPING, OCSP_SIGNING})
"""Purposes that no list of claim signers may allow: such keys answer whoever asks."""
OWN_NAME = "own"


class ListKind(StrEnum):
    """What a list vouches for. TSA vouches for time alone, all others for signers of claims."""

    OWN = "own"
    C2PA = "c2pa"
    LEGACY = "legacy"
    TSA = "tsa"


DEFAULT_PURPOSES: Mapping[ListKind, tuple[str, ...]] = {
    ListKind.OWN: PURPOSES,
    ListKind.C2PA: (CLAIM_SIGNING,),
    ListKind.LEGACY: PURPOSES,
    ListKind.TSA: (TIME_STAMPING,),
}


@dataclass(frozen=True, slots=True)
class TrustList:
    """One list. purposes: dotted object identifiers, of which a certificate under one of the roots must carry one."""

    name: str
    kind: ListKind
    anchors_pem: str
    purposes: tuple[str, ...]

    @classmethod
    def of(cls, name: str, kind: ListKind, anchors_pem: str) -> TrustList:
        """With the purposes that are usual for its kind."""
        return cls(name, kind, anchors_pem, DEFAULT_PURPOSES[kind])

    @property
    def signs(self) -> bool:
        """Whether it vouches for signers of claims."""
        return self.kind is not ListKind.TSA

    @property
    def uri(self) -> str:
        """By which c2pa names it."""
        return f"urn:countersign:trust:{self.name}"

    @property
    def text(self) -> str:
        """Certificates, then purposes, one a line."""
        return "\n".join((self.anchors_pem, *self.purposes))

    @property
    def digest(self) -> str:
        """Digest of its text."""
        return digest_of(self.text.encode())

    def options(self) -> Mapping[str, Any]:
        """The list as c2pa's settings have it."""
        kind = "manifest" if self.signs else "tsa"
        return {"trust_anchors": self.anchors_pem, "trust_uri": self.uri, "trust_kind": kind}


@dataclass(frozen=True, slots=True)
class Trust:
    """All that is believed: our own root, which always is, and further lists.

    anchors_pem: our roots, PEM. purposes: what certificates under them must carry one of. lists: of other names than
    "own", each once.
    """

    anchors_pem: str
    purposes: tuple[str, ...] = PURPOSES
    lists: tuple[TrustList, ...] = ()

    @property
    def own(self) -> TrustList:
        """The list of our own roots."""
        return TrustList(OWN_NAME, ListKind.OWN, self.anchors_pem, self.purposes)

    @property
    def claim_purposes(self) -> frozenset[str]:
        """Every purpose that some list of signers allows."""
        return frozenset(purpose for one in (self.own, *self.lists) if one.signs for purpose in one.purposes)

    @property
    def text(self) -> str:
        """The whole of it; each further list under a line that names it, its kind and its digest."""
        further = (f"# {one.name}, {one.kind}, {one.digest}\n{one.text}" for one in self.lists)
        return "\n".join((self.own.text, *further))

    @property
    def digest(self) -> str:
        """Digest of the text, so that a decision can say under which lists it was taken."""
        return digest_of(self.text.encode())

    def vouching(self, uri: str) -> TrustList | None:
        """The list of signers that c2pa names `uri`; None where it is one of authorities of time, or none of ours."""
        return next((one for one in (self.own, *self.lists) if one.signs and one.uri == uri), None)

    def options(self) -> Mapping[str, Any]:
        """All of it in the form in which it travels to the sandboxed parsers.

        c2pa believes a signer under any root that it is given, authorities of time included, and names the first list
        that has it. So lists of signers come first, and `judge` looks at the name.
        """
        ordered = sorted((self.own, *self.lists), key=lambda one: not one.signs)
        return {
            "lists": [one.options() for one in ordered],
            "purposes": sorted(self.claim_purposes),
            "trust": self.digest,
        }
