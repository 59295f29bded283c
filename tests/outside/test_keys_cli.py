"""`countersign log rotate-key` and `log keys`, in processes of their own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from sqlalchemy import update

from server.audit import AuditLog
from server.audit.sql.tables import log_keys
from server.audit.store import open_store
from server.audit.tree.generations import read_generations
from server.audit.tree.keys import FileSigner, load_or_create

ROOT = Path(__file__).parents[2]


def test_the_commands_rotate_and_list(sqlite_log_url: str, tmp_path: Path) -> None:
    def run(*words: str, expected: int = 0) -> str:
        environment = {"COUNTERSIGN_DATA_DIR": str(tmp_path), "COUNTERSIGN_DATABASE_URL": sqlite_log_url, "PATH": ""}
        command = [sys.executable, "-m", "countersign", "log", *words]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == expected, done.stderr
        return done.stdout

    assert "no key yet" in run("keys")
    run("rotate-key", expected=2)
    make_head(sqlite_log_url, load_or_create(tmp_path, "countersign.local/log"))
    assert "log.key.0" in run("rotate-key")
    listed = json.loads(run("keys", "--json"))
    assert listed["ok"]
    assert [each["generation"] for each in listed["keys"]] == [0, 1]
    assert listed["keys"][1]["key"] == (tmp_path / "log.vkey").read_text().strip()
    assert "generation 1 signs now" in run("keys")
    store = open_store(sqlite_log_url)
    assert store.claim()
    with store.writing() as connection:
        connection.execute(update(log_keys).where(log_keys.c.generation == 1).values(since_size=7))
        assert read_generations(connection)[1].since_size == 7
    store.close()
    assert not json.loads(run("keys", "--json", expected=1))["ok"]


def make_head(url: str, signer: FileSigner) -> None:
    """A server's first start."""

    async def start() -> None:
        await (await AuditLog.open(url, signer, "countersign.local/log")).close()

    asyncio.run(start())
