"""The development authority on disk: what it leaves there, what it refuses, and when it renews."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from core.errors import ConfigurationError
from server.provenance import development_identity
from server.provenance.certificates import POLICY, claim_signer, issued_by
from server.provenance.development import INTERMEDIATE, ROOT, SIGNER, load, save
from server.provenance.trust import CLAIM_SIGNING, EMAIL_PROTECTION


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data" / "provenance"
    development_identity(made)
    return made


def test_first_start_leaves_three_files_that_only_the_owner_reads(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {ROOT, INTERMEDIATE, SIGNER}
    assert [path.name for path in folder.parent.iterdir()] == ["provenance"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in (INTERMEDIATE, SIGNER)} == {0o600}


def test_the_roots_private_key_is_nowhere(folder: Path) -> None:
    assert b"PRIVATE KEY" not in (folder / ROOT).read_bytes()
    root = x509.load_pem_x509_certificate((folder / ROOT).read_bytes())
    assert load(folder / INTERMEDIATE).certificate.public_key() != root.public_key()


def test_the_leaf_follows_the_profile(folder: Path) -> None:
    leaf = load(folder / SIGNER).certificate
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
    policies = leaf.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert {one.dotted_string for one in purposes} == {CLAIM_SIGNING, EMAIL_PROTECTION}
    assert [one.policy_identifier for one in policies] == [POLICY]
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=366)
    assert isinstance(leaf.public_key(), ec.EllipticCurvePublicKey)
    assert leaf.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)


def test_a_second_start_uses_the_same_identity(folder: Path) -> None:
    before = (folder / SIGNER).read_bytes()
    again = development_identity(folder)
    assert (folder / SIGNER).read_bytes() == before
    assert again.is_development
    assert again.root_pem == (folder / ROOT).read_text()
    assert again.chain_pem.count("BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize("left", [timedelta(days=30), timedelta(days=-1)])
def test_a_leaf_close_to_expiry_is_renewed_under_the_same_root(folder: Path, left: timedelta) -> None:
    intermediate = load(folder / INTERMEDIATE)
    start = datetime.now(UTC) - timedelta(days=100)
    old = claim_signer(intermediate, start, timedelta(days=100) + left)
    save(folder / SIGNER, old)
    renewed = development_identity(folder)
    leaf = load(folder / SIGNER).certificate
    assert leaf.serial_number != old.certificate.serial_number
    assert issued_by(leaf, intermediate.certificate)
    assert renewed.not_after == leaf.not_valid_after_utc > datetime.now(UTC) + timedelta(days=300)


@pytest.mark.parametrize("name", [SIGNER, INTERMEDIATE, "."])
def test_what_other_users_can_read_is_refused_with_the_remedy(folder: Path, name: str) -> None:
    (folder / name).chmod(0o755)
    with pytest.raises(ConfigurationError, match=r"mode 0755.*chmod"):
        development_identity(folder)


@pytest.mark.parametrize("name", [SIGNER, INTERMEDIATE, ROOT])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ConfigurationError, match=name):
        development_identity(folder)


@pytest.mark.parametrize("name", [SIGNER, INTERMEDIATE])
def test_a_key_of_another_certificate_is_refused(folder: Path, name: str) -> None:
    stranger = claim_signer(load(folder / INTERMEDIATE))
    issued = load(folder / name)
    save(folder / name, type(issued)(issued.certificate, stranger.key))
    with pytest.raises(ConfigurationError, match="does not belong"):
        development_identity(folder)


def test_parts_of_two_authorities_are_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    development_identity(other)
    (folder / INTERMEDIATE).write_bytes((other / INTERMEDIATE).read_bytes())
    with pytest.raises(ConfigurationError, match="was not issued by"):
        development_identity(folder)


@pytest.mark.parametrize("name", [SIGNER, INTERMEDIATE, ROOT])
def test_garbage_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"-----BEGIN CERTIFICATE-----\n!\n")
    with pytest.raises(ConfigurationError, match=name):
        development_identity(folder)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = tmp_path / "provenance"
    file.write_text("in the way")
    for unusable in (file, file / "below"):
        with pytest.raises(ConfigurationError, match="provenance"):
            development_identity(unusable)


def test_an_empty_folder_made_by_the_operator_becomes_private(tmp_path: Path) -> None:
    folder = tmp_path / "provenance"
    folder.mkdir(mode=0o755)
    assert development_identity(folder).is_development
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_servers_that_start_together_share_one_authority(tmp_path: Path) -> None:
    folder = tmp_path / "provenance"
    with ThreadPoolExecutor(4) as pool:
        roots = {identity.root_pem for identity in pool.map(development_identity, [folder] * 4)}
    assert len(roots) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["provenance"]
