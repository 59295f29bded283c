"""The operator's commands: what they find, how they end, and how little hanging them on costs."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

import detectors.catalog
import generators.catalog
from countersign.cli.app import COMMANDS, build_app
from detectors.hash_list import HashList
from policies.schema import json_schema
from server.audit.entries.entry import Entry
from server.audit.log import AuditLog
from server.audit.sql import schema
from server.audit.tree import keys

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = "countersign.local/log"
HOOK = EntryPoint("server", "server.cli:attach", COMMANDS)
Command = Callable[..., Any]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Types one command line of an operator whose data lies in the test's own folder."""

    def run(*arguments: str | Path) -> Any:
        settings = {"COUNTERSIGN_DATA_DIR": str(tmp_path), "COUNTERSIGN_CONFIG": None, "COUNTERSIGN_DATABASE_URL": None}
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(build_app([HOOK]), words, env=settings, catch_exceptions=False)

    return run


async def record(folder: Path, count: int) -> str:
    """A log with some entries, closed again; returns its verifier key."""
    url = f"sqlite:///{folder / 'countersign.db'}"
    await asyncio.to_thread(schema.upgrade, url)
    log = await AuditLog.open(url, keys.load_or_create(folder, ORIGIN), ORIGIN)
    for number in range(count):
        entry = Entry("decision", "local", "test", f"request-{number}", "", {"number": number}, action=1)
        await log.append(entry)
    await log.close()
    return (folder / keys.VERIFIER_FILE).read_text()


def test_all_commands_are_there(command: Command) -> None:
    for words in ("serve", "demo", "db upgrade", "policy check", "log fsck", "models verify"):
        assert command(*words.split(), "--help").exit_code == 0
    assert command("log", "list", "--help").exit_code == 0


def test_upgrade_makes_the_database_and_may_be_repeated(command: Command, tmp_path: Path) -> None:
    for _ in range(2):
        assert command("db", "upgrade").exit_code == 0
    assert (tmp_path / "countersign.db").exists()


async def test_fsck_passes_an_untouched_log(command: Command, tmp_path: Path) -> None:
    key = await record(tmp_path, 3)
    result = await asyncio.to_thread(command, "log", "fsck", "--log-key", key, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    view = json.loads(result.stdout)
    assert (view["ok"], view["size"], view["damages"]) == (True, 3, [])


async def test_fsck_finds_one_changed_byte_and_says_that_the_key_was_not_pinned(
    command: Command, tmp_path: Path
) -> None:
    await record(tmp_path, 3)
    database = sqlite3.connect(tmp_path / "countersign.db")
    with database:
        changed = "CAST(replace(leaf, 'request-1', 'request-9') AS BLOB)"
        database.execute(f"UPDATE entries SET leaf = {changed} WHERE log_index = 1")  # noqa: S608 - a constant
    database.close()
    result = await asyncio.to_thread(command, "log", "fsck", "--json")
    assert result.exit_code == 1
    view = json.loads(result.stdout)
    assert (view["ok"], view["first_bad"]) == (False, 1)
    assert "NOT PINNED" in result.stderr
    assert "at entry 1" in (await asyncio.to_thread(command, "log", "fsck")).stdout


def test_fsck_without_a_log_is_unusable_not_damaged(command: Command, tmp_path: Path) -> None:
    result = command("log", "fsck", "--json")
    assert result.exit_code == 2
    assert "cannot read" in json.loads(result.stdout)["error"]["message"]


def test_the_shipped_policy_is_good(command: Command) -> None:
    result = command("policy", "check", "--json")
    assert (result.exit_code, json.loads(result.stdout)["problems"]) == (0, [])
    assert command("policy", "check").stdout.startswith("✓ ")


def test_a_bad_policy_is_told_with_its_place(command: Command, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("nonsense: true\n")
    result = command("policy", "check", policy, "--json")
    assert result.exit_code == 1
    (first, *_) = json.loads(result.stdout)["problems"]
    assert first["line"] >= 1
    assert first["message"]
    assert command("policy", "check", policy).stdout.startswith(f"✗ {policy}:")


def test_a_policy_that_cannot_be_read_is_unusable(command: Command, tmp_path: Path) -> None:
    assert command("policy", "check", tmp_path / "no.yaml").exit_code == 2


def test_the_schema_of_policies_is_printed(command: Command) -> None:
    result = command("policy", "schema")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == json_schema()


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A weight file with its manifest, in place of the shipped ones."""
    path = tmp_path / "tiny.safetensors"
    save_file({"w": torch.zeros(2)}, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest = f'[tiny]\nfile = "{path.name}"\nsha256 = "{digest}"\narchitecture = "None"\n'
    (tmp_path / "weights.toml").write_text(manifest)
    monkeypatch.setattr(generators.catalog, "WEIGHTS", tmp_path)
    return path


def test_pinned_weights_verify(command: Command, weights: Path) -> None:
    result = command("models", "verify", "--json")
    assert result.exit_code == 0
    view = json.loads(result.stdout)
    assert [(model["name"], model["ok"]) for model in view["models"]] == [
        *(("tiny", True), ("watermark", True), ("generated_image", True), ("generated_image_clip", True)),
        *(("generated_video", True), ("manipulation", True), ("generated_artefact", True), ("near_duplicate", True)),
        ("scene_clip", True),
    ]


def test_models_have_the_names_that_the_list_of_models_shows(command: Command) -> None:
    shown = {each["name"]: each["model"] for each in json.loads(command("models", "verify", "--json").stdout)["models"]}
    listed = set(generators.catalog.build(generators.catalog.WEIGHTS, "cpu").names())
    listed |= {*detectors.catalog.build(HashList()).names(), "near_duplicate"}  # which is an extra
    assert {name for name in shown.values() if name} <= listed
    assert {name for name, model in shown.items() if not model} == {"generated_artefact", "scene_clip"}
    assert (shown["upscale_x2"], shown["denoise"]) == ("compact", "nafnet")
    lines = command("models", "verify").stdout
    assert "✓ compact (upscale_x4) sha256:" in lines
    assert "✓ manipulation sha256:" in lines


def test_one_changed_byte_of_weights_is_found(command: Command, weights: Path) -> None:
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    result = command("models", "verify")
    assert result.exit_code == 1
    assert result.stdout.startswith("✗ tiny")


def test_a_manifest_without_weights_proves_nothing(command: Command, weights: Path) -> None:
    weights.with_name("weights.toml").write_text("")
    result = command("models", "verify", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["ok"] is False


def python(code: str, *arguments: str) -> Any:
    """A fresh interpreter."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", code, *arguments]
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)


HEAVY = ("torch", "numpy", "sqlalchemy", "alembic", "cv2", "structlog")
HANG_ON = """
import sys
from importlib.metadata import EntryPoint
from countersign.cli.app import COMMANDS, build_app
app = build_app([EntryPoint("server", "server.cli:attach", COMMANDS)])
"""


def test_hanging_the_commands_on_imports_nothing_heavy() -> None:
    result = python(HANG_ON + f"print([name for name in {HEAVY} if name in sys.modules])")
    assert (result.stdout.strip(), result.stderr) == ("[]", "")


@pytest.mark.parametrize("words", [["serve"], ["demo"], ["db", "upgrade"], ["policy", "check"], ["models", "verify"]])
def test_a_client_without_the_server_is_told_what_to_install(words: list[str]) -> None:
    missing = f"import sys\nsys.modules.update(dict.fromkeys({HEAVY!r}))\n"
    result = python(missing + HANG_ON + "app(args=sys.argv[1:])", *words)
    assert result.returncode == 2
    assert "pip install 'countersign[server]'" in result.stderr
