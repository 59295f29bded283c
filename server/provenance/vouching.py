"""Which trust lists vouch for a signer: those with a root that its certificate chain ends under.

c2pa says that a signer is trusted, but by which list only in prose; and it takes the roots of authorities of time for
roots of signers too. So the chain is followed here once more, by names and signatures alone: dates, purposes and all
else remain c2pa's to check. Runs in the sandbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.backends.openssl import backend as _backend

from server.provenance.certificates import issued_by

MAX_CHAIN = 8
# Loaded here, because verifying a certificate imports it at its first use, which is too late once we are confined.
BACKEND = _backend


@dataclass(frozen=True, slots=True)
class Roots:
    """The roots of one list, which is named by `uri`."""

    uri: str
    certificates: tuple[x509.Certificate, ...]

    def end(self, certificate: x509.Certificate) -> bool:
        """Whether a chain ends here: at a certificate of the list, or at one that such a certificate issued."""
        return certificate in self.certificates or any(issued(certificate, root) for root in self.certificates)


def roots_of(lists: Iterable[Mapping[str, Any]]) -> tuple[Roots, ...]:
    """The roots in `TrustList.options()` of each list."""
    return tuple(Roots(each["trust_uri"], certificates(each["trust_anchors"])) for each in lists)


@lru_cache(maxsize=32)  # lists are the same for every file until the server is started anew
def certificates(pem: str) -> tuple[x509.Certificate, ...]:
    """The certificates in a list; none where its text holds none."""
    try:
        return tuple(x509.load_pem_x509_certificates(pem.encode()))
    except ValueError:
        return ()


def vouching(chain: Sequence[x509.Certificate], lists: Sequence[Roots]) -> list[str]:
    """The lists, by their addresses, under which `chain` ends; the leaf comes first in it, the others in any order.

    Only issuers of the leaf count, not whatever else a hostile chain brings along.
    """
    certificate: x509.Certificate | None = chain[0]
    for _ in range(MAX_CHAIN):
        if certificate is None:
            return []
        if found := [each.uri for each in lists if each.end(certificate)]:
            return found
        certificate = next((each for each in chain[1:MAX_CHAIN] if issued(certificate, each)), None)
    return []


@lru_cache(maxsize=512)  # the same few issuers sign most files, and a signature costs more than all else here
def issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether another certificate, `issuer`, issued this one; names first, because they cost nothing to compare."""
    return certificate.issuer == issuer.subject and certificate != issuer and issued_by(certificate, issuer)
