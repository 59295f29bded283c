"""X.509 certificates in the shape that C2PA validators accept.

Issues and compares certificates in memory. Knows no file and no manifest.

The profile is that of C2PA Technical Specification 2.x, section "X.509 Certificates": the leaf carries the key purpose
of claim signing (1.3.6.1.4.1.62558.2.1) beside emailProtection, which older validators ask for, the key usages
digitalSignature and nonRepudiation, names C2PA's certificate policy (1.3.6.1.4.1.62558.1.1), and lives at most 366
days, as Assurance Level 1 demands. What only an assessment can give is left out: the assurance level itself, the record
in the list of conforming products, and the address of an OCSP responder. All keys are P-256: the chain need not be
stronger than its leaf, and P-384 above it doubles the time that reading a credential takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from server.provenance.trust import CLAIM_SIGNING, EMAIL_PROTECTION

POLICY = x509.ObjectIdentifier("1.3.6.1.4.1.62558.1.1")
ORGANIZATION = "Countersign development"
AUTHORITY_LIFE = timedelta(days=3650)
LEAF_LIFE = timedelta(days=365)
# A validator whose clock runs a little behind must not find the certificate "not yet valid".
CLOCK_SKEW = timedelta(minutes=5)

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, eq=False, slots=True)
class Issued:
    """A certificate together with its private key."""

    certificate: x509.Certificate
    key: PrivateKey


def root_authority() -> Issued:
    """A self-signed root that may sign one level of intermediates."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = named("Countersign development root")
    return Issued(authority(name, name, key, key, path_length=1), key)


def intermediate_authority(root: Issued) -> Issued:
    """An intermediate under `root` that may sign leaves only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = named("Countersign development intermediate")
    return Issued(authority(name, root.certificate.subject, key, root.key, path_length=0), key)


def claim_signer(
    issuer: Issued,
    start: datetime | None = None,
    life: timedelta = LEAF_LIFE,
    purposes: Sequence[str] = (CLAIM_SIGNING, EMAIL_PROTECTION),
) -> Issued:
    """An ES256 leaf that may sign claims, valid from `start` (default: now, less the clock skew) for `life`.

    purposes: of its key, dotted identifiers.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        draft(named("Countersign development signer"), issuer.certificate.subject, key, start, life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(purpose) for purpose in purposes]), critical=False)
        .add_extension(policies(), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public(issuer.key)), critical=False)
        .sign(issuer.key, hashes.SHA256())
    )
    return Issued(certificate, key)


def authority(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, issuer_key: PrivateKey, path_length: int
) -> x509.Certificate:
    """A certificate that may sign certificates, `path_length` levels of authorities below it."""
    return (
        draft(subject, issuer, key, None, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(usage(authority=True), critical=True)
        .add_extension(policies(), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public(issuer_key)), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def draft(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, start: datetime | None, life: timedelta
) -> x509.CertificateBuilder:
    """What all certificates here have in common."""
    start = start or datetime.now(UTC) - CLOCK_SKEW
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def named(common_name: str) -> x509.Name:
    """A distinguished name; C2PA requires the organization, which readers show as the issuer of the credential."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def policies() -> x509.CertificatePolicies:
    """The policy that every certificate of a chain has to name (RFC 5280, section 6.1)."""
    return x509.CertificatePolicies([x509.PolicyInformation(POLICY, None)])


def usage(*, authority: bool) -> x509.KeyUsage:
    """CertSign and cRLSign for an authority, digitalSignature and nonRepudiation for a leaf."""
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def public(key: PrivateKey) -> PublicKey:
    """The public half of a private key."""
    return key.public_key()


def fits(certificate: x509.Certificate, key: PublicKey) -> bool:
    """Whether `key` is the certificate's public key."""
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return certificate.public_key().public_bytes(*form) == key.public_bytes(*form)


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer`'s name and key are those that signed `certificate`."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def pem(*certificates: x509.Certificate) -> str:
    """The certificates one after another, in PEM."""
    return "".join(one.public_bytes(serialization.Encoding.PEM).decode("ascii") for one in certificates)
