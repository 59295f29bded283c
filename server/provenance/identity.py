"""Who signs: a certificate chain, and a function that makes signatures.

The key behind `Identity.sign` may lie in this process, in a KMS or in an HSM; nothing else needs to know. This module
checks an identity before the server starts with it. It signs no media.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509

from core.errors import ConfigurationError
from server.provenance.certificates import fits, issued_by, pem
from server.provenance.keyfiles import parse_certificates, parse_key, read_public, read_secret
from server.provenance.keys import LocalKey, SigningKey
from server.provenance.signatures import algorithm_of
from server.provenance.trust import PURPOSES


@dataclass(frozen=True, eq=False, slots=True)
class Identity:
    """A claim signer.

    chain_pem: the leaf first, then its issuers, without the root. algorithm: "es256", "es384", "es512", "ed25519" or
    "ps256". sign: from the bytes to be signed to a COSE signature; called from another thread, and what it raises
    reaches the operator as the cause. root_pem: the root that the chain ends in. not_after: when the leaf expires.
    is_development: nobody else trusts this identity; the composition root MUST warn loudly.
    """

    chain_pem: str
    algorithm: str
    sign: Callable[[bytes], bytes]
    root_pem: str
    not_after: datetime
    is_development: bool


def load_identity(chain: Path, key: Path, root: Path) -> Identity:
    """The identity in an operator's PEM files.

    Raises ConfigurationError for unreadable files, a key open to other users or of another certificate, a broken
    chain, an expired or not yet valid leaf, and a leaf that may not sign claims.
    """
    return identity_with(chain, LocalKey(parse_key(read_secret(key), key)), root)


def identity_with(chain: Path, key: SigningKey, root: Path) -> Identity:
    """The identity of a chain and its root in an operator's PEM files, and a key that lies elsewhere.

    Raises ConfigurationError as `load_identity` does.
    """
    certificates = parse_certificates(read_public(chain), chain)
    roots = parse_certificates(read_public(root), root)
    return identity_of(certificates, key, roots[0], source=chain, is_development=False)


def identity_of(
    chain: Sequence[x509.Certificate],
    key: SigningKey,
    root: x509.Certificate,
    *,
    source: Path,
    is_development: bool,
) -> Identity:
    """Checks that the parts belong together and may sign today; `source` is named in errors."""
    leaf = chain[0]
    if not fits(leaf, key.public_key):
        raise ConfigurationError(f"the private key does not belong to the first certificate of {source}")
    check_chain([*without_root(chain, root), root], source)
    check_dates(leaf, source)
    check_purpose(leaf, source)
    return Identity(
        chain_pem=pem(*without_root(chain, root)),
        algorithm=algorithm_of(key.public_key),
        sign=key.sign,
        root_pem=pem(root),
        not_after=leaf.not_valid_after_utc,
        is_development=is_development,
    )


def without_root(chain: Sequence[x509.Certificate], root: x509.Certificate) -> list[x509.Certificate]:
    """C2PA embeds the chain without its root, which verifiers must have from elsewhere."""
    return [certificate for certificate in chain if certificate != root]


def check_chain(chain: Sequence[x509.Certificate], source: Path) -> None:
    """Each certificate must be signed by the next."""
    if len(chain) < 2:
        raise ConfigurationError(f"{source}: C2PA refuses self-signed signers; the root must issue a leaf")
    for certificate, issuer in pairwise(chain):
        if not issued_by(certificate, issuer):
            raise ConfigurationError(
                f"{source}: {certificate.subject.rfc4514_string()} was not issued by "
                f"{issuer.subject.rfc4514_string()}, the next certificate up to the root"
            )


def check_dates(leaf: x509.Certificate, source: Path) -> None:
    """The leaf must be valid now."""
    now = datetime.now(UTC)
    if now > leaf.not_valid_after_utc:
        raise ConfigurationError(f"the signing certificate in {source} expired on {leaf.not_valid_after_utc:%Y-%m-%d}")
    if now < leaf.not_valid_before_utc:
        raise ConfigurationError(
            f"the signing certificate in {source} is not valid before {leaf.not_valid_before_utc:%Y-%m-%d}"
        )


def check_purpose(leaf: x509.Certificate, source: Path) -> None:
    """The leaf must carry a key purpose that readers accept of a claim signer."""
    try:
        found = {
            purpose.dotted_string for purpose in leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        }
    except x509.ExtensionNotFound:
        found = set()
    if not found & set(PURPOSES):
        raise ConfigurationError(
            f"the signing certificate in {source} has the key purposes {sorted(found)}, none of {list(PURPOSES)}"
        )
