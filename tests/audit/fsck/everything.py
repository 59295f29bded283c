"""A log with one of everything in it, small enough to be copied for every test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.media import digest_of
from countersign.verify.cosignature import sign_cosignature
from countersign.verify.note import VerifierKey, WitnessKey, parse_note
from server.audit import AuditLog
from server.audit.fsck import Outside
from server.audit.operations import Configure, Erase
from server.audit.outside.rotation import Change, announce, take_over
from server.audit.privacy.retention import RetentionKeeper, RetentionRule
from server.audit.tree.head import read_head
from server.audit.tree.keys import FileSigner
from server.audit.tree.witnessed import add_cosignatures, add_timestamp
from tests.audit.making import ORIGIN, SIGNER, appeal, blob, decision, durable, intent, review
from tests.outside.authority import Tsa

START = datetime(2026, 1, 1, tzinfo=UTC)
NEW_SIGNER = FileSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
NEW_VKEY = str(VerifierKey(ORIGIN, NEW_SIGNER.public_key))
_WITNESS = FileSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34))))
WITNESS = WitnessKey("witness.example", _WITNESS.public_key)
SIZE = 300


@dataclass(frozen=True)
class Places:
    """Log indexes. decided: a decision with evidence that was reviewed and appealed."""

    configuration: int
    plain: int
    decided: int
    review: int
    appeal: int
    erased: int
    expired: int
    erasure: int
    retention: int
    key: int
    closed_intent: int
    open_intent: int
    signed: int
    last: int = SIZE - 1


class Clock:
    """Moved by hand; every look at it takes a second."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@asynccontextmanager
async def opened_by(signer: FileSigner, url: str, clock: Clock) -> AsyncIterator[AuditLog]:
    log = await AuditLog.open(url, signer, ORIGIN, clock=clock)
    try:
        yield log
    finally:
        await log.close()


def configuration() -> Configure:
    policy, card, trust = "rules: []\n", "# A detector\n", "nobody\n"
    content = {
        "policy": {"id": "strict", "digest": digest_of(policy.encode())},
        "models": [{"role": "detector", "name": "moire", "version": "1", "card": digest_of(card.encode())}],
        "trust": digest_of(trust.encode()),
        "release": "0.2",
    }
    documents = [
        ("application/yaml", "strict", policy),
        ("text/markdown", "moire", card),
        ("text/plain", "trust list", trust),
    ]
    return Configure(content, documents)


async def fill(url: str, tsa: Tsa) -> Places:
    """Everything there is, under two keys."""
    clock = Clock()
    async with opened_by(SIGNER, url, clock) as log:
        places = await _first_part(log, clock)
        await asyncio.to_thread(_witness, log, tsa)
        change = Change(SIGNER, NEW_SIGNER, ORIGIN)
        key = await announce(log, change)
        with log.writing() as connection:
            take_over(connection, change)
    async with opened_by(NEW_SIGNER, url, clock) as log:
        size = (await log.checkpoint()).size
        rest = [decision(number) for number in range(100, 100 + SIZE - size - 5)]
        await asyncio.gather(*(log.append(each) for each in rest))
        opened = [await log.append(intent(number)) for number in range(900, 905)]
        assert opened[-1].index == SIZE - 1
    return Places(**places, key=key.index, open_intent=opened[0].index)


async def _first_part(log: AuditLog, clock: Clock) -> dict[str, int]:
    configured = await log.perform(configuration())
    expired = [await log.append(decision(number, "zeta", durable=durable(number))) for number in (1, 3)]
    clock.now += timedelta(days=40)
    keeper = RetentionKeeper(log, [RetentionRule("zeta", 30, 30)], clock, lambda: None)
    assert await keeper.keep() == 4
    retention = await log.find("zeta", *_retention_of(clock))
    assert retention is not None
    decided = [await log.append(decision(number)) for number in range(10)]
    closed = await log.append(intent(0))
    reviewed = await log.perform(review(decided[3]))
    appealed = await log.perform(appeal(decided[3], appellant="appellant"))
    await log.perform(review(decided[6], "BLOCK", 2))  # action 3: waits for a person
    gone = await log.append(decision(11, subject="gone", evidence=(blob(b"a face"),), durable=durable(11)))
    signed = await log.append(decision(12, durable=durable(12)))
    erasure = await log.perform(Erase("acme", "staff", "erase-1", "gone"))
    await log.perform(Erase("acme", "staff", "erase-2", "nobody"))
    return {
        "configuration": configured.index,
        "plain": decided[2].index,
        "decided": decided[3].index,
        "review": reviewed.index,
        "appeal": appealed.index,
        "erased": gone.index,
        "expired": expired[0].index,
        "erasure": erasure.index,
        "retention": retention.index,
        "closed_intent": closed.index,
        "signed": signed.index,
    }


def _retention_of(clock: Clock) -> tuple[str, str]:
    cutoff = (clock.now - timedelta(days=30)).replace(minute=0, second=0, microsecond=0)
    return f"retention-private-{int(cutoff.timestamp()) * 1_000_000}", "retention"


def _witness(log: AuditLog, tsa: Tsa) -> None:
    import rfc3161_client

    with log.writing() as connection:
        head = read_head(connection)
        text = parse_note(head.checkpoint).text
        add_cosignatures(connection, head, [sign_cosignature(text, WITNESS, _WITNESS.sign, 1_800_000_000)])
        builder = rfc3161_client.TimestampRequestBuilder().data(text.encode())
        request = builder.hash_algorithm(rfc3161_client.HashAlgorithm.SHA256).build()
        response = rfc3161_client.decode_timestamp_response(tsa.reply(request.as_bytes()))
        add_timestamp(connection, head, response.time_stamp_token())


def outside(tsa: Tsa) -> Outside:
    """Whom fsck believes about checkpoints."""
    return Outside([WITNESS], tsa.roots)
