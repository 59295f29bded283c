"""COSE signatures: the algorithm that fits a key, and signing with one that is held in this process.

Algorithms are those of C2PA Technical Specification 2.x, "Digital Signatures"; signatures are in COSE's own encoding
(RFC 9053). Knows no certificate and no file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from core.errors import ConfigurationError
from server.provenance.certificates import PrivateKey, PublicKey


@dataclass(frozen=True, slots=True)
class Curve:
    """How COSE signs on one curve: the algorithm's name, its hash, and the bytes of one coordinate."""

    algorithm: str
    digest: hashes.HashAlgorithm
    width: int


CURVES = {
    "secp256r1": Curve("es256", hashes.SHA256(), 32),
    "secp384r1": Curve("es384", hashes.SHA384(), 48),
    "secp521r1": Curve("es512", hashes.SHA512(), 66),
}
MINIMUM_RSA_BITS = 2048


def algorithm_of(key: PublicKey) -> str:
    """The COSE algorithm for `key`: "es256", "es384", "es512", "ed25519" or "ps256".

    Raises ConfigurationError for a curve or key size that C2PA does not allow.
    """
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < MINIMUM_RSA_BITS:
            raise ConfigurationError(f"the RSA signing key has {key.key_size} bits; C2PA asks for {MINIMUM_RSA_BITS}")
        return "ps256"
    return curve_of(key).algorithm


def signer(key: PrivateKey) -> Callable[[bytes], bytes]:
    """A function from the bytes to be signed to their COSE signature."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign
    if isinstance(key, rsa.RSAPrivateKey):
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        return lambda data: key.sign(data, scheme, hashes.SHA256())
    curve = curve_of(key)
    return lambda data: raw(key.sign(data, ec.ECDSA(curve.digest)), curve.width)


def curve_of(key: ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) -> Curve:
    """How to sign on the key's curve."""
    try:
        return CURVES[key.curve.name]
    except KeyError:
        raise ConfigurationError(f"C2PA does not allow signing keys on the curve {key.curve.name}") from None


def raw(signature: bytes, width: int) -> bytes:
    """R and s as big-endian integers of `width` bytes each (RFC 9053, section 2.1), from their DER form."""
    r, s = decode_dss_signature(signature)
    return r.to_bytes(width, "big") + s.to_bytes(width, "big")
