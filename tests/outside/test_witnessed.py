"""Receipts against checkpoints that others vouch for, through everything that happens to a log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import delete, insert, update
from structlog.testing import capture_logs

from core.errors import IntegrityError, NotFound, PreconditionFailed
from countersign.verify.checks import Check, passed
from countersign.verify.cosignature import sign_cosignature
from countersign.verify.note import VerifierKey, parse_note
from countersign.verify.policy import Trust
from countersign.verify.receipt import verify_receipt
from server.audit import AuditLog, ReceiptParts
from server.audit.operations.erase import Erase
from server.audit.outside.cosigner import Cosigner
from server.audit.outside.rotation import rotate_key_file
from server.audit.outside.watch import Watch
from server.audit.outside.witness import WitnessClient
from server.audit.sql.tables import log_keys, witnessed
from server.audit.tree.generations import read_standing, read_stored_generations
from server.audit.tree.head import HeadSigner, read_head
from server.audit.tree.keys import load_or_create
from server.audit.tree.witnessed import add_cosignatures, add_timestamp, newest_cosigned, newest_stamped
from tests.audit.making import ORIGIN, SIGNER, VKEY, decision, opened
from tests.outside.processes import WitnessProcess
from tests.outside.strangers import KEY, PRIVATE, stranger, willing


def checked(parts: ReceiptParts, trust: Trust) -> list[Check]:
    receipt: dict[str, Any] = parts.as_json()
    return verify_receipt(json.loads(json.dumps(receipt)), None, trust)


async def cosign(log: AuditLog, witness: WitnessProcess) -> list[str]:
    """One round; what it left in the logs."""
    with capture_logs() as lines:
        await Cosigner(log, [WitnessClient(witness.url, witness.key)], Watch(CollectorRegistry())).round()
    return [line["event"] for line in lines]


async def test_receipts_hold_through_rotation_and_erasure(url: str, tmp_path: Path) -> None:
    """Taken before and after, against own and witnessed checkpoints, checked offline with one pinned key."""
    signer = load_or_create(tmp_path, ORIGIN, read_standing(url))
    pinned = (tmp_path / "log.vkey").read_text().strip()
    kept: dict[str, ReceiptParts] = {}
    with WitnessProcess(tmp_path / "witness", "witness.example/one", pinned) as witness:
        # 1. Under the first key.
        log = await AuditLog.open(url, signer, ORIGIN, mark_dir=tmp_path)
        first = await log.append(decision(1, subject="Ada"))
        assert await cosign(log, witness) == ["cosigned"]
        kept["before, own"] = await log.receipt("acme", first.decision_id)
        kept["before, witnessed"] = await log.witnessed_receipt("acme", first.decision_id)
        await log.close()
        # 2. The key is rotated, and the witness is not told.
        async for _ in rotate_key_file(url, tmp_path, ORIGIN):
            pass
        log = await AuditLog.open(url, load_or_create(tmp_path, ORIGIN, read_standing(url)), ORIGIN, mark_dir=tmp_path)
        kept["rotated, witnessed before"] = await log.witnessed_receipt("acme", first.decision_id)
        second = await log.append(decision(2, subject="Ada"))
        assert await cosign(log, witness) == ["cosigned", "not witnessed"], "it knows what it cosigned; now it refuses"
        with pytest.raises(PreconditionFailed, match="yet"):
            await log.witnessed_receipt("acme", second.decision_id)
        # 3. It is told.
        witness.stop()
        witness.rotations = [tmp_path / "log.rotation.1"]
        witness.start()
        await cosign(log, witness)
        kept["rotated, witnessed"] = await log.witnessed_receipt("acme", first.decision_id)
        # 4. The person is forgotten.
        await log.perform(Erase("acme", "operator", "forget-1", "Ada"))
        assert "subject" not in (await log.get("acme", first.decision_id)).private
        await cosign(log, witness)
        for name, recorded in (("first", first), ("second", second)):
            kept[f"erased, own, {name}"] = await log.receipt("acme", recorded.decision_id)
            kept[f"erased, witnessed, {name}"] = await log.witnessed_receipt("acme", recorded.decision_id)
        await log.close()
    statements = tuple(each.statement for each in read_stored_generations(url)[1:])
    for name, parts in kept.items():
        assert passed(checked(parts, Trust((pinned,), statements))), name
        asked = Trust((pinned,), statements, (witness.key,))
        assert passed(checked(parts, asked)) is ("witnessed" in name), name
    assert {parts.log_key for parts in kept.values()} == {each.vkey for each in read_stored_generations(url)}


async def test_a_receipt_waits_for_its_witness(url: str) -> None:
    async with opened(url) as log:
        recorded = await log.append(decision(1))
        with pytest.raises(PreconditionFailed, match="yet"):
            await log.witnessed_receipt("acme", recorded.decision_id)
        assert (await log.checkpoint()).witnessed == ""
        with stranger(willing) as witness:
            client = WitnessClient(witness.url, str(KEY))
            await Cosigner(log, [client], Watch(CollectorRegistry())).round()
        parts = await log.witnessed_receipt("acme", recorded.decision_id)
        assert passed(checked(parts, Trust((VKEY,), (), (str(KEY),))))
        later = await log.append(decision(2))
        with pytest.raises(PreconditionFailed, match="yet"):
            await log.witnessed_receipt("acme", later.decision_id)
        signed = await log.checkpoint()
        assert signed.size == 2
        assert parse_note(signed.witnessed).text.split("\n")[1] == "1"
        with pytest.raises(NotFound):
            await log.witnessed_receipt("somebody-else", recorded.decision_id)
        assert [each.vkey for each in await log.keys()] == [VKEY]


async def test_what_comes_in_is_gathered_under_one_note(url: str) -> None:
    async with opened(url) as log:
        await log.append(decision(1))
        with log.writing() as connection:
            head = read_head(connection)
            text = parse_note(head.checkpoint).text
            lines = [sign_cosignature(text, KEY, PRIVATE.sign, time) for time in (5, 6)]
            assert newest_stamped(connection) is None
            add_timestamp(connection, head, b"first")
            assert newest_cosigned(connection) is None
            add_cosignatures(connection, head, [lines[0]])
            add_cosignatures(connection, head, [lines[1]])
            add_timestamp(connection, head, b"second")
        with log.reading() as connection:
            found = newest_cosigned(connection)
            assert found == newest_stamped(connection)
        assert found is not None
        assert found.timestamp == b"first", "the older one says more"
        assert parse_note(found.note).signatures[1:] == (lines[0],)
        assert found.has(KEY)


async def test_two_trees_of_one_size_are_never_mixed(url: str) -> None:
    async with opened(url) as log:
        await log.append(decision(1))
        with log.writing() as connection:
            add_timestamp(connection, read_head(connection), b"token")
        forged = HeadSigner(SIGNER, ORIGIN).head(1, bytes(32))
        with pytest.raises(IntegrityError, match="another tree"), log.writing() as connection:
            add_cosignatures(connection, forged, [])


async def test_a_checkpoint_of_no_key_gives_no_receipt(url: str) -> None:
    async with opened(url) as log:
        recorded = await log.append(decision(1))
        with log.writing() as connection:
            head = read_head(connection)
            line = sign_cosignature(parse_note(head.checkpoint).text, KEY, PRIVATE.sign, 5)
            add_cosignatures(connection, head, [line])
        for vkey in (str(VerifierKey("log.elsewhere", SIGNER.public_key)), "no key"):
            with log.writing() as connection:
                connection.execute(update(log_keys).values(vkey=vkey))
            with pytest.raises(IntegrityError, match="key"):
                await log.witnessed_receipt("acme", recorded.decision_id)


async def test_timestamps_alone_do_not_hide_the_cosigned(url: str) -> None:
    async with opened(url) as log:
        recorded = await log.append(decision(1))
        with log.writing() as connection:
            head = read_head(connection)
            line = sign_cosignature(parse_note(head.checkpoint).text, KEY, PRIVATE.sign, 5)
            add_cosignatures(connection, head, [line])
        for number in range(2, 6):
            await log.append(decision(number))
            with log.writing() as connection:
                add_timestamp(connection, read_head(connection), b"token %d" % number)
        parts = await log.witnessed_receipt("acme", recorded.decision_id)
        assert passed(checked(parts, Trust((VKEY,), (), (str(KEY),))))
        with log.writing() as connection:
            row = newest_stamped(connection)
            connection.execute(delete(witnessed))
            assert row is not None
            connection.execute(insert(witnessed).values(size=row.size, note=row.note, timestamp=row.timestamp))
        with pytest.raises(PreconditionFailed):
            await log.witnessed_receipt("acme", recorded.decision_id)
