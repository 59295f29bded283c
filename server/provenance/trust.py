"""Whose claims are believed: root certificates and the key purposes that a claim signer must have.

A value only. Applying it to a file is `server.provenance.parse` and `server.provenance.judge`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.media import digest_of

PURPOSES = (
    "1.3.6.1.4.1.62558.2.1",  # C2PA claim signing
    "1.3.6.1.5.5.7.3.4",  # emailProtection, which certificates from before the C2PA purpose carry
    "1.3.6.1.5.5.7.3.36",  # documentSigning (RFC 9336)
)


@dataclass(frozen=True, slots=True)
class Trust:
    """A trust list.

    anchors_pem: root certificates, PEM. purposes: dotted object identifiers, of which a signer's certificate must
    carry one; timeStamping and OCSPSigning MUST NOT be among them.
    """

    anchors_pem: str
    purposes: tuple[str, ...] = PURPOSES

    @property
    def text(self) -> str:
        """The whole list: certificates, then purposes, one a line."""
        return "\n".join((self.anchors_pem, *self.purposes))

    @property
    def digest(self) -> str:
        """Digest of the list's text, so that a decision can say by which one it was taken."""
        return digest_of(self.text.encode())

    def options(self) -> Mapping[str, Any]:
        """The list in the form in which it travels to the sandboxed parsers."""
        return {"anchors": self.anchors_pem, "purposes": list(self.purposes), "trust": self.digest}
