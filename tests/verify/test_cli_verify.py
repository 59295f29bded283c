"""`countersign verify` with a policy: several keys, rotation statements, witnesses and their quorum."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from countersign.cli.app import build_app
from tests.verify.world import ENTRIES, FIRST, ONE, SECOND, TWO, receipt, rotation

WITNESSED = receipt(3, ENTRIES, 12, ONE.cosign(SECOND.checkpoint(12, ENTRIES)), SECOND)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "receipt").write_text(json.dumps(WITNESSED))
    (tmp_path / "statement").write_text(rotation(FIRST, SECOND, 6))
    return tmp_path


def verify(folder: Path, *words: object) -> Any:
    line = ["verify", str(folder / "receipt"), *map(str, words)]
    return CliRunner().invoke(build_app(), line, env={"COLUMNS": "200"}, catch_exceptions=False)


def test_keys_may_be_several(folder: Path) -> None:
    assert verify(folder, "--log-key", FIRST.key).exit_code == 1
    assert verify(folder, "--log-key", FIRST.key, "--log-key", SECOND.key).exit_code == 0


def test_a_rotation_statement_leads_from_the_old_key_to_the_new_one(folder: Path) -> None:
    assert verify(folder, "--log-key", FIRST.key, "--rotation", folder / "statement").exit_code == 0
    missing = verify(folder, "--log-key", FIRST.key, "--rotation", folder / "no")
    assert (missing.exit_code, "does not exist" in missing.stderr) == (2, True)
    (folder / "statement").write_bytes(b"\xff")
    assert verify(folder, "--log-key", FIRST.key, "--rotation", folder / "statement").exit_code == 2


def test_witnesses_and_quorum(folder: Path) -> None:
    words = ("--log-key", SECOND.key, "--witness", ONE.witness, "--witness", TWO.witness)
    assert verify(folder, *words).exit_code == 1
    assert verify(folder, *words, "--quorum", 2).exit_code == 1
    result = verify(folder, *words, "--quorum", 1)
    assert result.exit_code == 0
    assert "✓ witness: cosigned by witness.example/one at 2023-11-14T22:13:20Z" in result.stdout
    assert verify(folder, *words, "--quorum", 0).exit_code == 2
    assert verify(folder, "--quorum", 1).exit_code == 1
