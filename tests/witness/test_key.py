"""The witness's key: made once, kept from others, and known under one name."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from countersign.errors import ConfigurationError
from countersign.verify.note import WitnessKey
from countersign.witness.key import KEY_FILE, VERIFIER_FILE, load_or_create


def test_a_key_is_made_once_and_stays(tmp_path: Path) -> None:
    first = load_or_create(tmp_path, "witness.example/w1").key
    assert load_or_create(tmp_path).key == first == load_or_create(tmp_path, "witness.example/w1").key
    assert WitnessKey.parse((tmp_path / VERIFIER_FILE).read_text().strip()) == first
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_without_a_name_it_makes_one_that_no_other_key_has(tmp_path: Path) -> None:
    names = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        names.append(load_or_create(tmp_path / folder).key.name)
    assert all(re.fullmatch(r"countersign-witness/[0-9a-f]{16}", name) for name in names)
    assert names[0] != names[1]


def test_of_two_that_start_at_once_both_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: str(load_or_create(tmp_path, "w").key), range(8)))
    assert len(keys) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [KEY_FILE, VERIFIER_FILE]


@pytest.mark.parametrize("name", ["", "with space", "a+b", "new\nline"])
def test_names_that_no_note_can_carry_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot name"):
        load_or_create(tmp_path, name)


def test_another_name_for_the_same_key_is_refused(tmp_path: Path) -> None:
    load_or_create(tmp_path, "one")
    with pytest.raises(ConfigurationError, match="named one already"):
        load_or_create(tmp_path, "two")


def test_a_key_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    load_or_create(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        load_or_create(tmp_path)


def other_kind_of_key() -> bytes:
    key = generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize("content", [b"", b"garbage", other_kind_of_key()])
def test_a_file_that_is_no_ed25519_key_is_not_used(tmp_path: Path, content: bytes) -> None:
    with os.fdopen(os.open(tmp_path / KEY_FILE, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
        file.write(content)
    with pytest.raises(ConfigurationError, match="is not a"):
        load_or_create(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff", b"w+00000000+AAAA\n"])
def test_a_damaged_verifier_file_is_said_to_be(tmp_path: Path, content: bytes) -> None:
    load_or_create(tmp_path)
    (tmp_path / VERIFIER_FILE).write_bytes(content)
    with pytest.raises(ConfigurationError, match=VERIFIER_FILE):
        load_or_create(tmp_path)


def test_the_verifier_of_another_key_is_noticed(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        load_or_create(tmp_path / folder)
    (tmp_path / "a" / VERIFIER_FILE).replace(tmp_path / "b" / VERIFIER_FILE)
    with pytest.raises(ConfigurationError, match="not that of"):
        load_or_create(tmp_path / "b")


def test_a_folder_that_is_missing_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        load_or_create(tmp_path / "no")
