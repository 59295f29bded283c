"""What a log finds when it is opened: it goes on from what it acknowledged, or not at all. On both stores."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigurationError, IntegrityError
from countersign.verify.checkpoint import open_checkpoint
from countersign.verify.note import VerifierKey
from server.audit.fsck import fsck
from tests.audit.making import VKEY, decision, execute, opened


async def test_a_changed_edge_tile_is_not_signed_over(url: str) -> None:
    async with opened(url) as log:
        await log.append(decision(0))
    execute(url, "UPDATE tiles SET hashes = :hashes", hashes=bytes(32))
    with pytest.raises((ConfigurationError, IntegrityError), match="damaged|root"):
        async with opened(url) as log:
            await log.append(decision(1))


async def test_a_missing_edge_tile_is_not_signed_over(url: str) -> None:
    async with opened(url) as log:
        await log.append(decision(0))
    execute(url, "DELETE FROM tiles")
    with pytest.raises((ConfigurationError, IntegrityError), match="damaged|missing"):
        async with opened(url) as log:
            await log.append(decision(1))


async def test_entries_beyond_the_head_are_not_taken_for_the_log(url: str) -> None:
    """What the head does not sign was never acknowledged: nothing is put upon it."""
    async with opened(url) as log:
        await log.append(decision(0))
        execute(
            url,
            "INSERT INTO entries (log_index, request_key, decision_id, kind, tenant, recorded_at, leaf) "
            "SELECT 1, :key, :id, kind, tenant, recorded_at, leaf FROM entries",
            key=bytes(16),
            id="0" * 32,
        )
        with pytest.raises(IntegrityError, match="beyond its head"):
            await log.append(decision(1))
        assert (await log.checkpoint()).size == 1
        execute(url, "DELETE FROM entries WHERE log_index = 1")
        assert (await log.append(decision(1))).index == 1
    assert fsck(url, VKEY).ok


async def test_a_head_that_was_set_back_is_not_signed_over(url: str, tmp_path: Path) -> None:
    async with opened(url) as log:
        await log.append(decision(0))
        earlier = (await log.checkpoint()).text
        await log.append(decision(1))
        execute(
            url,
            "UPDATE log_head SET size = 1, root = :root, checkpoint = :checkpoint",
            root=open_checkpoint(earlier, VerifierKey.parse(VKEY)).root,
            checkpoint=earlier,
        )
        for _ in range(2):
            with pytest.raises(IntegrityError, match="no longer holds"):
                await log.append(decision(2))
    # Nor by a process that remembers nothing, and has no mark: the entries that were acknowledged stand in its way.
    forget_marks(tmp_path)
    async with opened(url) as log:
        for _ in range(2):
            with pytest.raises(IntegrityError, match="beyond its head"):
                await log.append(decision(2))
    assert not fsck(url, VKEY).ok


def forget_marks(folder: Path) -> None:
    for mark in folder.glob("*.checkpoint"):
        mark.unlink()


async def test_a_schema_of_another_release_is_refused(url: str) -> None:
    execute(url, "UPDATE alembic_version SET version_num = '9999'")
    execute(url, "UPDATE compatibility SET oldest = '9999'")
    with pytest.raises(ConfigurationError, match="db upgrade|release"):
        async with opened(url):
            pass
