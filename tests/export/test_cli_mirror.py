"""`countersign log mirror` and `countersign log audit-mirror`: the operator writes, anybody checks."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from countersign.cli.app import COMMANDS, build_app
from countersign.verify.note import WitnessKey
from server.audit import AuditLog
from server.audit.sql import schema
from server.audit.tree import keys
from tests.audit.making import SIGNER, decision, execute

ORIGIN = "countersign.local/log"
HOOK = EntryPoint("server", "server.cli:attach", COMMANDS)
Command = Callable[..., Any]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Types one command line of an operator whose data lies in `data`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()

    def run(*arguments: str | Path, plugins: tuple[EntryPoint, ...] = (HOOK,)) -> Any:
        settings = {"COUNTERSIGN_DATA_DIR": "data", "COUNTERSIGN_CONFIG": None, "COUNTERSIGN_DATABASE_URL": None}
        words = ["log", *(str(argument) for argument in arguments)]
        return CliRunner().invoke(build_app(plugins), words, env=settings, catch_exceptions=False)

    return run


def record(*numbers: int) -> str:
    """A server's life: decisions, and its end; returns the log's verifier key."""

    async def run() -> None:
        url = "sqlite:///data/countersign.db"
        await asyncio.to_thread(schema.upgrade, url)
        log = await AuditLog.open(url, keys.load_or_create(Path("data"), ORIGIN), ORIGIN)
        await asyncio.gather(*(log.append(decision(number)) for number in numbers))
        await log.close()

    asyncio.run(run())
    return Path("data", keys.VERIFIER_FILE).read_text().strip()


def test_a_mirror_is_written_brought_up_to_date_and_audited(command: Command) -> None:
    key = record(*range(300))
    made = command("mirror", "public", "--log-key", key)
    assert (made.exit_code, made.stdout) == (
        0,
        "public mirrors 300 entries, 300 of them new (hashes only: no tenant's content)\n",
    )
    kept = Path("public/checkpoint").read_text()
    record(*range(300, 305))
    again = json.loads(command("mirror", "public", "--log-key", key, "--json").stdout)
    assert again == {"ok": True, "before": 300, "size": 305, "files": 2, "entries": False}
    Path("earlier").write_text(kept)
    # An outsider has the client only.
    audited = command("audit-mirror", "public", "--log-key", key, "--checkpoint", "earlier", plugins=())
    assert audited.exit_code == 0
    assert "✓ checkpoint: countersign.local/log signed the tree of 305 entries, root " in audited.stdout
    assert "✓ tiles: they lead to this root" in audited.stdout
    assert "! entries: NOT CHECKED: this mirror holds hashes only" in audited.stdout


def test_entries_are_audited_where_they_are(command: Command) -> None:
    key = record(*range(5))
    assert "entries and hashes" in command("mirror", "public", "--entries", "--log-key", key).stdout
    answer = json.loads(command("audit-mirror", "public", "--log-key", key, "--json").stdout)
    assert answer["ok"]
    assert answer["checks"][-1] == {
        "name": "entries",
        "ok": True,
        "detail": "all 5 are those that the tiles hash",
    }


def test_what_is_at_fault_is_named(command: Command) -> None:
    key = record(*range(300))
    command("mirror", "public", "--entries", "--log-key", key)
    tile = Path("public/tile/0/000")
    tile.write_bytes(tile.read_bytes()[::-1])
    audited = command("audit-mirror", "public", "--log-key", key)
    assert audited.exit_code == 1
    assert audited.stdout.startswith("✗ tile/0/000: its hash is not the one in tile/1/000.p/1")
    assert "✓" not in audited.stdout


def test_without_a_pinned_key_it_says_so(command: Command) -> None:
    record(1)
    made = command("mirror", "public")
    assert made.exit_code == 0
    assert "NOT PINNED" in made.stderr
    audited = command("audit-mirror", "public")
    assert audited.exit_code == 0
    assert "! key: NOT PINNED: nobody's signature was checked" in audited.stdout
    assert "names the tree of 1 entries" in audited.stdout


def test_a_witness_can_be_demanded(command: Command) -> None:
    key = record(1)
    command("mirror", "public", "--log-key", key)
    witness = WitnessKey("witness.example/one", SIGNER.public_key)
    audited = command("audit-mirror", "public", "--log-key", key, "--witness", str(witness))
    assert audited.exit_code == 1
    assert "✗ witness: 1 of 1 witnesses must have cosigned, found: none" in audited.stdout
    refused = command("mirror", "public", "--log-key", key, "--witnessed")
    assert (refused.exit_code, "no witness has cosigned" in refused.stderr) == (2, True)


def test_a_log_against_its_own_mirror_is_a_failed_check(command: Command) -> None:
    key = record(*range(5))
    command("mirror", "public", "--log-key", key)
    shutil.rmtree("data")
    Path("data").mkdir()
    other = record(*range(9))
    for words in ([], ["--json"]):
        refused = command("mirror", "public", "--log-key", other, *words)
        assert refused.exit_code == 1
        assert "does not begin with the 5 entries of its mirror" in refused.stderr
    assert not json.loads(refused.stdout)["ok"]
    assert command("audit-mirror", "public", "--log-key", key).exit_code == 0


def test_a_damaged_database_is_a_failed_check(command: Command) -> None:
    key = record(*range(5))
    execute("sqlite:///data/countersign.db", "UPDATE entries SET leaf = :bad WHERE log_index = 3", bad=b"{}")
    refused = command("mirror", "public", "--entries", "--log-key", key)
    assert (refused.exit_code, "entry 3 is not the one" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["mirror", "public", "--log-key", "no key"], "the log's verifier key cannot be used"),
        (["mirror", "data"], "which is no part of a mirror"),
        (["audit-mirror", "nothing"], "nothing is not a directory"),
        (["audit-mirror", "data", "--log-key", "no key"], "does not read name"),
        (["audit-mirror", "data", "--checkpoint", "none"], "none"),
    ],
)
def test_what_cannot_be_used(command: Command, words: list[str], message: str) -> None:
    record(1)
    refused = command(*words)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert message in refused.stderr


def test_a_folder_that_is_no_mirror_is_found_at_fault(command: Command) -> None:
    record(1)
    audited = command("audit-mirror", "data")
    assert (audited.exit_code, audited.stdout) == (1, "✗ checkpoint: it is missing\n")
