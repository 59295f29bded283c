"""Identities that sign as Countersign does not (strangers, expired, of another purpose), and signing without checks.

The parsers are called in this process here: the media is the tests' own.
"""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from core.credential import Credential
from core.limits import Limits
from core.media import View
from core.sandbox import Request
from server.provenance import Binding, Claim, Identity, Trust, parse
from server.provenance.answers import Answers, Stamps
from server.provenance.certificates import Issued, claim_signer, intermediate_authority, pem, root_authority
from server.provenance.definition import definition
from server.provenance.ingredients import ingredient
from server.provenance.judge import judge
from server.provenance.signatures import signer

TIME_STAMPING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.8")

CLAIM = Claim(
    title="output",
    source_type="trainedAlgorithmicMedia",
    model="painter",
    model_version="1.0",
    action="created",
    binding=Binding(policy_digest="sha256:" + "0" * 64, intent_index=7, request_id="request-1"),
    parameters={"scale": 2, "strength": 0.5, "mode": "fast"},
    made_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
)
EDIT = replace(CLAIM, action="enhanced", source_type="compositeWithTrainedAlgorithmicMedia")


def stranger(
    life: timedelta = timedelta(days=90),
    purpose: x509.ObjectIdentifier | None = None,
    name: tuple[str, str] | None = None,
) -> Identity:
    """An identity under a root of its own, whose leaf expires `life` from now and may have another key purpose.

    name: of the person or thing, and of the organisation.
    """
    root = root_authority()
    intermediate = intermediate_authority(root)
    day = timedelta(days=1)
    leaf = claim_signer(intermediate, datetime.now(UTC) - day, day + life)
    if purpose is not None or name is not None:
        leaf = Issued(reissued(leaf.certificate, intermediate, purpose, name), leaf.key)
    return Identity(
        chain_pem=pem(leaf.certificate, intermediate.certificate),
        algorithm="es256",
        sign=signer(leaf.key),
        root_pem=pem(root.certificate),
        not_after=leaf.certificate.not_valid_after_utc,
        is_development=False,
    )


def reissued(
    old: x509.Certificate,
    issuer: Issued,
    purpose: x509.ObjectIdentifier | None,
    name: tuple[str, str] | None = None,
) -> x509.Certificate:
    """The same certificate, issued anew with another key purpose or to somebody else."""
    builder = x509.CertificateBuilder(
        issuer_name=old.issuer,
        subject_name=subject(*name) if name else old.subject,
        public_key=old.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=old.not_valid_before_utc,
        not_valid_after=old.not_valid_after_utc,
    )
    for extension in old.extensions:
        value = extension.value
        if purpose is not None and isinstance(value, x509.ExtendedKeyUsage):
            value = x509.ExtendedKeyUsage([purpose])
        builder = builder.add_extension(value, extension.critical)
    return builder.sign(issuer.key, hashes.SHA256())


def subject(name: str, organization: str) -> x509.Name:
    """A subject's name."""
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )


def embed(
    data: bytes,
    mime: str,
    identity: Identity,
    claim: Claim = CLAIM,
    parent: tuple[bytes, str] | None = None,
    stamper: Stamps | None = None,
) -> bytes:
    """Signed and not read back; parent: bytes and MIME type. stamper: who gives a time stamp."""
    options: dict[str, Any] = {
        **Trust(identity.root_pem).options(),
        "mime": mime,
        "definition": definition(claim, mime),
        "chain": identity.chain_pem,
        "algorithm": identity.algorithm,
        "ingredients": [{"definition": ingredient(parent[1]), "mime": parent[1]}] if parent else [],
        "timestamp": stamper is not None,
    }
    blobs = [data, parent[0]] if parent else [data]
    signed = io.BytesIO()
    parse.sign(Request(blobs, mime, Limits(), options, Answers(identity.sign, stamper), signed))
    return signed.getvalue()


def look(data: bytes, mime: str, trust: Trust) -> View:
    """What the parser sees."""
    return parse.credentials(Request([data], mime, Limits(), trust.options()))


def judged(data: bytes, mime: str, trust: Trust) -> Credential:
    """The credential of a file."""
    return judge(look(data, mime, trust), trust)
