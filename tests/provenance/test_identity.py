"""An operator's own chain and key: every sound algorithm works, every unsound combination is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

from core.credential import CredentialState
from core.errors import ConfigurationError
from server.provenance import Identity, Trust, load_identity
from server.provenance.certificates import (
    Issued,
    PrivateKey,
    claim_signer,
    intermediate_authority,
    pem,
    root_authority,
)
from tests.provenance.files import make
from tests.provenance.signers import TIME_STAMPING, embed, judged, reissued


@dataclass(frozen=True)
class Files:
    """What an operator configures."""

    chain: Path
    key: Path
    root: Path

    def load(self) -> Identity:
        return load_identity(self.chain, self.key, self.root)

    def write_key(self, key: dsa.DSAPrivateKey | PrivateKey, password: bytes | None = None) -> None:
        hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)
        self.key.write_bytes(key.private_bytes(*form))
        self.key.chmod(0o600)


@pytest.fixture(scope="module")
def authority() -> tuple[Issued, Issued]:
    root = root_authority()
    return root, intermediate_authority(root)


@pytest.fixture
def files(tmp_path: Path, authority: tuple[Issued, Issued]) -> Files:
    root, intermediate = authority
    leaf = claim_signer(intermediate)
    made = Files(tmp_path / "chain.pem", tmp_path / "key.pem", tmp_path / "root.pem")
    made.chain.write_text(pem(leaf.certificate, intermediate.certificate))
    made.root.write_text(pem(root.certificate))
    made.write_key(leaf.key)
    return made


def certify(key: PrivateKey, issuer: Issued) -> x509.Certificate:
    """A leaf as `claim_signer` makes it, for a key of any kind."""
    template = claim_signer(issuer).certificate
    builder = x509.CertificateBuilder(
        issuer_name=template.issuer,
        subject_name=template.subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=template.not_valid_before_utc,
        not_valid_after=template.not_valid_after_utc,
    )
    for extension in template.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(issuer.key, hashes.SHA256())


@pytest.mark.parametrize(
    ("algorithm", "generate"),
    [
        ("es256", lambda: ec.generate_private_key(ec.SECP256R1())),
        ("es384", lambda: ec.generate_private_key(ec.SECP384R1())),
        ("es512", lambda: ec.generate_private_key(ec.SECP521R1())),
        ("ed25519", ed25519.Ed25519PrivateKey.generate),
        ("ps256", lambda: rsa.generate_private_key(65537, 2048)),
    ],
)
def test_every_algorithm_of_c2pa_signs(
    files: Files, authority: tuple[Issued, Issued], algorithm: str, generate: Callable[[], PrivateKey]
) -> None:
    key = generate()
    files.chain.write_text(pem(certify(key, authority[1]), authority[1].certificate))
    files.write_key(key)
    identity = files.load()
    signed = embed(make("image/png"), "image/png", identity)
    assert identity.algorithm == algorithm
    assert not identity.is_development
    assert judged(signed, "image/png", Trust(identity.root_pem)).state is CredentialState.TRUSTED


def test_a_chain_that_names_its_root_is_signed_without_it(files: Files) -> None:
    plain = files.load()
    files.chain.write_text(files.chain.read_text() + files.root.read_text())
    assert files.load().chain_pem == plain.chain_pem


def test_a_key_open_to_others_is_refused(files: Files) -> None:
    files.key.chmod(0o640)
    with pytest.raises(ConfigurationError, match=r"key\.pem.*mode 0640.*chmod 600"):
        files.load()


def test_a_key_of_another_certificate_is_refused(files: Files) -> None:
    files.write_key(ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(ConfigurationError, match="does not belong to the first certificate"):
        files.load()


def test_an_encrypted_key_is_refused(files: Files) -> None:
    files.write_key(ec.generate_private_key(ec.SECP256R1()), password=b"secret")
    with pytest.raises(ConfigurationError, match="is encrypted"):
        files.load()


def test_a_kind_of_key_that_c2pa_does_not_know_is_refused(files: Files) -> None:
    files.write_key(dsa.generate_private_key(2048))
    with pytest.raises(ConfigurationError, match="DSAPrivateKey"):
        files.load()


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP256K1()), rsa.generate_private_key(65537, 1024)])  # noqa: S505 - weak on purpose
def test_a_key_too_weak_for_c2pa_is_refused(files: Files, authority: tuple[Issued, Issued], key: PrivateKey) -> None:
    files.chain.write_text(pem(certify(key, authority[1]), authority[1].certificate))
    files.write_key(key)
    with pytest.raises(ConfigurationError, match="C2PA"):
        files.load()


@pytest.mark.parametrize(
    ("start", "message"), [(timedelta(days=-30), "expired on"), (timedelta(days=30), "is not valid before")]
)
def test_a_leaf_out_of_its_dates_is_refused(
    files: Files, authority: tuple[Issued, Issued], start: timedelta, message: str
) -> None:
    leaf = claim_signer(authority[1], datetime.now(UTC) + start, timedelta(days=10))
    files.chain.write_text(pem(leaf.certificate, authority[1].certificate))
    files.write_key(leaf.key)
    with pytest.raises(ConfigurationError, match=message):
        files.load()


def test_a_leaf_for_another_purpose_is_refused(files: Files, authority: tuple[Issued, Issued]) -> None:
    leaf = claim_signer(authority[1])
    certificate = reissued(leaf.certificate, authority[1], TIME_STAMPING)
    files.chain.write_text(pem(certificate, authority[1].certificate))
    files.write_key(leaf.key)
    with pytest.raises(ConfigurationError, match=r"key purposes \['1\.3\.6\.1\.5\.5\.7\.3\.8'\]"):
        files.load()


def test_a_chain_with_a_gap_is_refused(files: Files) -> None:
    leaf = files.chain.read_text().partition("-----END CERTIFICATE-----\n")
    files.chain.write_text(leaf[0] + leaf[1])
    with pytest.raises(ConfigurationError, match="was not issued by"):
        files.load()


def test_a_self_signed_signer_is_refused(files: Files, authority: tuple[Issued, Issued]) -> None:
    files.chain.write_text(files.root.read_text())
    files.write_key(authority[0].key)
    with pytest.raises(ConfigurationError, match="self-signed"):
        files.load()


@pytest.mark.parametrize("name", ["chain", "key", "root"])
def test_files_that_are_missing_or_garbage_are_named(files: Files, name: str) -> None:
    path: Path = getattr(files, name)
    path.write_text("nothing of use")
    with pytest.raises(ConfigurationError, match=path.name):
        files.load()
    path.unlink()
    with pytest.raises(ConfigurationError, match=path.name):
        files.load()
