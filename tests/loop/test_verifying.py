"""Receipts checked with the server stopped, and a database that somebody edited."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from server.demo import files
from tests.loop.conftest import Served


@pytest.fixture(scope="module")
def folder(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo and its receipt; afterwards no server runs."""
    folder = tmp_path_factory.mktemp("receipt")
    (folder / "photo.jpg").write_bytes(files.photograph())
    (folder / "other.png").write_bytes(files.generator_chunk())
    (answer,) = served.json("screen", folder / "photo.jpg")
    served.json("screen", folder / "other.png")
    (folder / "receipt.json").write_text(json.dumps(answer["receipt"]))
    served.stop()
    return folder


def test_a_receipt_verifies_offline(served: Served, folder: Path) -> None:
    text = served.run("verify", folder / "receipt.json", "--media", folder / "photo.jpg")
    assert "inclusion" in text
    key = (served.data_dir / "log.vkey").read_text().strip()
    served.run("verify", folder / "receipt.json", "--media", folder / "photo.jpg", "--log-key", key)


@pytest.mark.parametrize("field", ["entry", "proof", "checkpoint", "log_key", "decision_id"])
def test_one_changed_character_fails(served: Served, folder: Path, field: str) -> None:
    receipt = json.loads((folder / "receipt.json").read_text())
    name = "proof" if field == "checkpoint" else field
    text = receipt[name]
    place = len(text) - 10 if field == "checkpoint" else len(text) // 2
    receipt[name] = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
    (folder / "forged.json").write_text(json.dumps(receipt))
    served.run("verify", folder / "forged.json", "--media", folder / "photo.jpg", code=1)


def test_one_changed_byte_of_the_media_fails(served: Served, folder: Path) -> None:
    (folder / "altered.jpg").write_bytes(files.altered((folder / "photo.jpg").read_bytes()))
    served.run("verify", folder / "receipt.json", "--media", folder / "altered.jpg", code=1)


def test_no_server_is_exit_code_three(served: Served, folder: Path) -> None:
    served.run("--timeout", "3", "screen", folder / "photo.jpg", code=3)


def test_fsck_accepts_the_log_and_finds_one_changed_byte(served: Served, folder: Path) -> None:
    served.run("log", "fsck")
    database = served.data_dir / "countersign.db"
    shutil.copy(database, folder / "kept.db")
    with sqlite3.connect(database) as connection:
        # Entry 0 is the configuration that the server started with.
        (leaf,) = connection.execute("SELECT leaf FROM entries WHERE log_index = 2").fetchone()
        changed = leaf.replace(b'"action":"LABEL"', b'"action":"ALLOW"')
        assert changed != leaf
        connection.execute("UPDATE entries SET leaf = ? WHERE log_index = 2", (changed,))
    connection.close()
    assert "entry 2" in served.run("log", "fsck", code=1)
