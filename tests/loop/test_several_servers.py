"""Four servers on one PostgreSQL under load, one of them killed on the way: they end with one consistent log."""

from __future__ import annotations

import asyncio
import io
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from countersign import Client
from countersign.errors import Conflict, CountersignError
from countersign.receipts import receipt_json
from countersign.results import Screening
from countersign.verify.checks import passed
from countersign.verify.consistency import ConsistencyProof
from countersign.verify.note import VerifierKey
from countersign.verify.receipt import verify_receipt
from countersign.verify.tlog_proof import TlogProof
from server.audit.fsck import fsck
from server.audit.hammer.checkpoints import CheckpointRecord
from server.audit.hammer.findings import Findings
from server.audit.tree.keys import VERIFIER_FILE
from server.audit.tree.receipts import ConsistencyParts
from tests.audit.stores import PostgresServer
from tests.loop.several import OneOfSeveral

SERVERS = 4
THREADS = 16
SECONDS = 40.0
PICTURES = 6

pytestmark = pytest.mark.slow


def pictures() -> list[bytes]:
    """Small ones, so that the log is what is tried."""
    return [picture(number) for number in range(PICTURES)]


def picture(number: int) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 10 + 10 * number).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def servers(postgres: PostgresServer, tmp_path: Path) -> Iterator[list[OneOfSeveral]]:
    with postgres.database() as url:
        every = [OneOfSeveral(tmp_path / str(number), url) for number in range(SERVERS)]
        try:
            every[0].start()
            for other in every[1:]:
                other.take_key(every[0])
                other.start()
            yield every
        finally:
            for each in every:
                each.stop()


@dataclass
class Kept:
    """What callers were told. screenings: by request id. refused: answers that were none."""

    screenings: dict[str, list[Screening]] = field(default_factory=dict)
    conflicts: int = 0
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, request_id: str, screening: Screening) -> None:
        with self.lock:
            self.screenings.setdefault(request_id, []).append(screening)


def call(servers: list[OneOfSeveral], media: list[bytes], kept: Kept, caller: int, end: float) -> None:
    """Sends requests that other callers send as well, to any of the servers, now and then with another picture."""
    chance = random.Random(caller)
    while time.monotonic() < end:
        number = int(time.monotonic() * 4) * 3 + chance.randrange(3)
        request_id = f"request-{number}"
        shown = number if chance.random() < 0.9 else number + 1
        try:
            with Client(chance.choice(servers).address, timeout=20.0) as client:
                kept.add(request_id, client.screen(media[shown % PICTURES], request_id=request_id))
        except Conflict:
            with kept.lock:
                kept.conflicts += 1
        except CountersignError:  # the server that was killed
            with kept.lock:
                kept.refused += 1


def load(servers: list[OneOfSeveral]) -> Kept:
    """Load for a while; in its middle, one server is killed and started again."""
    kept, media, end = Kept(), pictures(), time.monotonic() + SECONDS
    with ThreadPoolExecutor(THREADS) as pool:
        running = [pool.submit(call, servers, media, kept, caller, end) for caller in range(THREADS)]
        time.sleep(SECONDS / 3)
        servers[1].kill()
        time.sleep(1)
        servers[1].start()
        for each in running:
            each.result()
    return kept


async def compare(notes: list[str], key: str, client: Client) -> Findings:
    """Every checkpoint that any caller was given, against each other."""
    findings = Findings()
    record = CheckpointRecord(VerifierKey.parse(key), findings)
    for note in notes:
        record.add(note)

    async def prove(first: int, second: int) -> ConsistencyParts:
        text = await asyncio.to_thread(client.consistency, first, second)
        return ConsistencyParts(first, second, ConsistencyProof.parse(text).hashes)

    await record.compare(prove)
    return findings


async def test_four_servers_under_load_keep_one_log(servers: list[OneOfSeveral]) -> None:
    url = servers[0].config.read_text().split('database_url = "')[1].split('"')[0]
    key = (servers[0].data / VERIFIER_FILE).read_text().strip()
    kept = await asyncio.to_thread(load, servers)

    # 1. One request, one decision, at one index, whoever answered; and every receipt holds offline.
    told = [each for answers in kept.screenings.values() for each in answers]
    assert len(kept.screenings) > 20
    assert len(told) > len(kept.screenings)
    assert kept.conflicts
    for answers in kept.screenings.values():
        assert len({(each.decision.decision_id, each.receipt.log_index) for each in answers}) == 1
    for each in told:
        checks = verify_receipt(receipt_json(each.receipt), None, key)
        assert passed(checks), checks

    # 2. Every checkpoint is the beginning of the next, by proofs of any server.
    notes = [TlogProof.parse(each.receipt.proof).checkpoint for each in told]
    with Client(servers[2].address) as client:
        findings = await compare(notes, key, client)
    assert findings.violations == []
    assert findings.checks["consistency"] > 20

    # 3. Every server shows the same record, and all that was acknowledged is in it.
    listed = [list_of(each) for each in servers]
    assert all(each == listed[0] for each in listed)
    assert {each.decision.decision_id for each in told} <= set(listed[0])

    # 4. The database is whole.
    report = fsck(url, key, notes[:50])
    assert report.ok, report.damages


def list_of(server: OneOfSeveral) -> list[str]:
    with Client(server.address) as client:
        return [decision.decision_id for decision in client.list_decisions(page_size=100)]
