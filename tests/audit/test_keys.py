from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from core.errors import ConfigurationError
from countersign.verify.note import VerifierKey
from server.audit.tree.keys import load_or_create


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first, second = load_or_create(tmp_path, "log.example"), load_or_create(tmp_path, "log.example")
    assert first.public_key == second.public_key
    assert (tmp_path / "log.key").stat().st_mode & 0o777 == 0o600
    assert VerifierKey.parse((tmp_path / "log.vkey").read_text().strip()).public_key == first.public_key
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.key", "log.vkey"]


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    load_or_create(tmp_path, "log.example")
    (tmp_path / "log.key").chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod"):
        load_or_create(tmp_path, "log.example")


@pytest.mark.parametrize("content", [b"", b"not a key", "elliptic"])
def test_a_file_that_is_no_ed25519_key_is_refused(tmp_path: Path, content: bytes | str) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = tmp_path / "log.key"
    path.write_bytes(pem if isinstance(content, str) else content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError):
        load_or_create(tmp_path, "log.example")
