"""Cosigning in the background, with real witness processes and with strangers that do anything."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from core.errors import ConfigurationError
from countersign.verify.consistency import ConsistencyProof
from countersign.verify.cosignature import sign_cosignature
from countersign.verify.note import WitnessKey, parse_note
from server.audit import AuditLog
from server.audit.outside.cosigner import Cosigner
from server.audit.outside.watch import Watch
from server.audit.outside.witness import WitnessClient
from server.audit.store import open_store, sqlite_path
from tests.audit.making import VKEY, decision, new_database, opened
from tests.outside.processes import WitnessProcess
from tests.outside.sides import Outside, grow, names
from tests.outside.strangers import KEY, PRIVATE, SIZE, Answer, Behaviour, cosigned, stranger, willing


async def test_one_witness_twice_is_refused(sqlite_log_url: str) -> None:
    clients = [WitnessClient(f"http://127.0.0.1:{port}", str(KEY)) for port in (1, 2)]
    async with opened(sqlite_log_url) as log:
        with pytest.raises(ConfigurationError, match="twice"):
            Cosigner(log, clients, Watch(CollectorRegistry()))


@pytest.mark.parametrize("key", ["", "no key", VKEY])
def test_a_witness_needs_a_witnesss_key(key: str) -> None:
    with pytest.raises(ConfigurationError, match="key of the witness"):
        WitnessClient("http://127.0.0.1:1", key)


async def test_the_newest_checkpoint_is_cosigned_once(url: str, witness: WitnessProcess) -> None:
    async with opened(url) as log:
        outside = Outside(log, (witness.url, witness.key))
        assert await outside.round() == [], "an empty log is not shown to anybody"
        assert outside.newest() is None
        await grow(log, *range(5))
        assert [line["event"] for line in await outside.round()] == ["cosigned"]
        first = outside.newest()
        assert first is not None
        assert first.size == 5
        assert names(first.note, witness.key) == {"witness.example/one"}
        assert await outside.round() == []
        assert outside.newest() == first
        await grow(log, *range(5, 300))
        assert await outside.round() == [], "what goes on as before is not news"
        second = outside.newest()
        assert second is not None
        assert second.size == 300
        assert outside.metric("countersign_witnessed_entries", "witness.example/one") == 300
        assert outside.metric("countersign_witness_age_seconds", "witness.example/one") < 30
        assert outside.metric("countersign_split_view", "witness.example/one") == 0


async def test_a_cosigner_that_was_restarted_goes_on_where_it_was(url: str) -> None:
    with stranger(willing) as witness:
        async with opened(url) as log:
            await grow(log, 1, 2, 3)
            await Outside(log, (witness.url, str(KEY))).round()
        async with opened(url) as log:
            outside = Outside(log, (witness.url, str(KEY)))
            await outside.round()
            await grow(log, 4)
            await outside.round()
            assert outside.metric("countersign_witnessed_entries", KEY.name) == 4
    assert witness.sizes == [0, 3]


async def test_a_witness_that_goes_away_and_comes_back(url: str, witness: WitnessProcess) -> None:
    async with opened(url) as log:
        outside = Outside(log, (witness.url, witness.key))
        await grow(log, 1)
        await outside.round()
        witness.stop()
        await grow(log, 2)
        assert [line["event"] for line in await outside.round()] == ["not witnessed"]
        assert await outside.round() == [], "the same trouble is told once"
        await grow(log, 3)
        witness.start()
        assert [line["event"] for line in await outside.round()] == ["cosigned"]
        newest = outside.newest()
        assert newest is not None
        assert newest.size == 3


async def test_the_lines_of_all_come_under_one_checkpoint(url: str, tmp_path: Path, witness: WitnessProcess) -> None:
    with WitnessProcess(tmp_path / "two", "witness.example/two") as second:
        async with opened(url) as log:
            outside = Outside(log, (witness.url, witness.key), (second.url, second.key))
            await grow(log, 1)
            await outside.round()
            second.stop()
            await grow(log, 2)
            await outside.round()
            found = outside.newest()
            assert found is not None
            assert names(found.note, witness.key, second.key) == {"witness.example/one"}
            second.start()
            await outside.round()
            found = outside.newest()
            assert found is not None
            assert found.size == 2
            assert names(found.note, witness.key, second.key) == {"witness.example/one", "witness.example/two"}


async def test_recording_waits_for_no_witness(url: str, witness: WitnessProcess) -> None:
    def hang(body: bytes) -> Answer:
        time.sleep(1.5)
        return 200, "text/plain", b""

    with stranger(hang) as slow:
        async with opened(url) as log:
            outside = Outside(log, (slow.url, str(KEY)), (witness.url, witness.key), timeout=0.3)
            running = asyncio.create_task(outside.cosigner.run())
            began = time.monotonic()
            for start in range(0, 400, 20):
                await grow(log, *range(start, start + 20))
                await asyncio.sleep(0.05)
            assert time.monotonic() - began < 15
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            found = outside.newest()
            assert found is not None, "the other witness is not kept from its work"
            assert names(found.note, witness.key) == {"witness.example/one"}
        assert len(slow.asked) > 1


async def test_once_it_is_stopped_the_log_is_left_alone(url: str) -> None:
    """Whoever waits for a witness then comes back to a log that may be closed."""
    answered = threading.Event()

    def hesitate(body: bytes) -> Answer:
        time.sleep(0.5)
        answered.set()
        return willing(body)

    with stranger(hesitate) as witness:
        async with opened(url) as log:
            outside = Outside(log, (witness.url, str(KEY)))
            await grow(log, 1)
            running = asyncio.create_task(outside.cosigner.run())
            while not witness.asked:
                await asyncio.sleep(0.01)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            assert not answered.is_set(), "stopping waits for no witness"
            while not answered.is_set():
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            assert outside.newest() is None


async def test_a_process_that_may_not_write_asks_nobody(sqlite_log_url: str) -> None:
    async with opened(sqlite_log_url) as log:
        await grow(log, 1)
        reader = open_store(sqlite_log_url)
        with stranger(willing) as witness:
            client = WitnessClient(witness.url, str(KEY))
            await Cosigner(reader, [client], Watch(CollectorRegistry())).round()
            assert witness.asked == []
        reader.close()


def other_text(body: bytes) -> Answer:
    note = ConsistencyProof.parse(body.decode()).checkpoint
    text = parse_note(note).text + "an extension that the log did not sign\n"
    return 200, "text/plain", str(sign_cosignature(text, KEY, PRIVATE.sign, 1_800_000_000)).encode()


def by_another(body: bytes) -> Answer:
    text = parse_note(ConsistencyProof.parse(body.decode()).checkpoint).text
    other = WitnessKey("witness.example/other", PRIVATE.public_key().public_bytes_raw())
    return 200, "text/plain", str(sign_cosignature(text, other, PRIVATE.sign, 1_800_000_000)).encode()


def alternating(*sizes: int) -> Behaviour:
    turns: Iterator[int] = iter(sizes * 100)
    return lambda body: (409, SIZE, b"%d\n" % next(turns))


LIARS: dict[str, Behaviour] = {
    "no line": lambda body: (200, "text/plain", b""),
    "no note": lambda body: (200, "text/plain", b"\xff\x00 nonsense"),
    "a line cut short": lambda body: (200, "text/plain", cosigned(body)[:-8]),
    "without a newline": lambda body: (200, "text/plain", cosigned(body)[:-1]),
    "another checkpoint": other_text,
    "another witness": by_another,
    "one good and one forged line": lambda body: (200, "text/plain", cosigned(body) + other_text(body)[2]),
    "too many lines": lambda body: (200, "text/plain", cosigned(body, tuple(range(100)))),
    "a flood": lambda body: (200, "text/plain", b"x" * 1_000_000),
    "moved": lambda body: (308, "text/plain", b""),
    "not signed": lambda body: (403, "text/plain", b"go\x1b[31m away\n"),
    "unknown log": lambda body: (404, "text/plain", b""),
    "its own trouble": lambda body: (500, "text/plain", b""),
    "overloaded": lambda body: (503, "text/plain", b""),
    "409 without a size": lambda body: (409, "text/plain", b"no\n"),
    "409 with nonsense": lambda body: (409, SIZE, b"-1\n"),
    "409 with a size that changes": alternating(1, 2),
    "409 with the size that it was asked with": lambda body: (409, SIZE, b"0\n"),
}


@pytest.mark.parametrize("behave", LIARS.values(), ids=LIARS.keys())
async def test_what_does_not_hold_is_not_kept(sqlite_log_url: str, behave: Behaviour) -> None:
    with stranger(behave) as witness:
        async with opened(sqlite_log_url) as log:
            outside = Outside(log, (witness.url, str(KEY)))
            await grow(log, 1, 2, 3)
            lines = await outside.round()
            assert [line["event"] for line in lines] == ["not witnessed"]
            assert "\x1b" not in lines[0]["why"]
            assert outside.newest() is None
            assert len(witness.asked) <= 3
            await grow(log, 4)
            await outside.round()
            assert outside.metric("countersign_witnessed_entries", KEY.name) == 0
            assert outside.metric("countersign_split_view", KEY.name) == 0


async def test_of_many_lines_by_one_witness_one_is_kept(sqlite_log_url: str) -> None:
    with stranger(lambda body: (200, "text/plain", cosigned(body, tuple(range(1, 50))))) as witness:
        async with opened(sqlite_log_url) as log:
            outside = Outside(log, (witness.url, str(KEY)))
            await grow(log, 1)
            await outside.round()
            found = outside.newest()
            assert found is not None
            assert len(parse_note(found.note).signatures) == 2


async def test_a_witness_that_forgot_begins_anew(sqlite_log_url: str) -> None:
    """It was put back from nothing: that is its operator's concern, and proves nothing against the log."""
    known = 0

    def behave(body: bytes) -> Answer:
        nonlocal known
        proof = ConsistencyProof.parse(body.decode())
        if proof.old_size != known:
            return 409, SIZE, b"%d\n" % known
        known = int(proof.checkpoint.split("\n")[1])
        return willing(body)

    with stranger(behave) as witness:
        async with opened(sqlite_log_url) as log:
            outside = Outside(log, (witness.url, str(KEY)))
            await grow(log, 1, 2, 3)
            await outside.round()
            known = 0
            await grow(log, 4)
            await outside.round()
            known = 2
            await grow(log, 5)
            await outside.round()
            assert outside.metric("countersign_witnessed_entries", KEY.name) == 5
            assert outside.metric("countersign_split_view", KEY.name) == 0
    assert witness.sizes == [0, 3, 0, 4, 2]


SPLITS: dict[str, Behaviour] = {
    "a larger tree": lambda body: (409, SIZE, b"9\n"),
    "another tree of this size": lambda body: (409, SIZE, b"3\n"),
    "another tree of this size, without words": lambda body: (
        (409, "text/plain", b"two faces\n") if body.startswith(b"old 3\n") else (409, SIZE, b"3\n")
    ),
    "no beginning of ours": lambda body: (422, "text/plain", b"") if b"old 2\n" in body else (409, SIZE, b"2\n"),
}


@pytest.mark.parametrize("behave", SPLITS.values(), ids=SPLITS.keys())
async def test_a_witness_of_another_history_is_told_of(sqlite_log_url: str, behave: Behaviour) -> None:
    with stranger(behave) as witness:
        async with opened(sqlite_log_url) as log:
            outside = Outside(log, (witness.url, str(KEY)))
            await grow(log, 1, 2, 3)
            for _ in range(2):  # as long as it lasts
                (line,) = await outside.round()
                assert (line["event"], line["log_level"], line["witness"]) == ("split_view", "error", KEY.name)
                assert line["checkpoint"] == (await log.checkpoint()).text
            assert outside.metric("countersign_split_view", KEY.name) == 1
            assert outside.newest() is None
            await log.ping()
            await grow(log, 4)


async def test_two_servers_with_one_key_and_two_histories(tmp_path: Path, witness: WitnessProcess) -> None:
    """The witness refuses the second, and its own cosigner says so."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    async with opened(new_database(tmp_path / "one")) as first, opened(new_database(tmp_path / "two")) as second:
        honest, forked = (Outside(log, (witness.url, witness.key)) for log in (first, second))
        await grow(first, 1, 2, 3)
        await honest.round()
        for numbers in ((11, 12), (13,), (14, 15)):  # smaller, of one size, larger
            await grow(second, *numbers)
            lines = await forked.round()
            assert [line["event"] for line in lines] == ["split_view"], numbers
        assert forked.newest() is None
        await grow(first, 4)
        assert await honest.round() == []
        assert honest.metric("countersign_split_view", "witness.example/one") == 0
        assert forked.metric("countersign_split_view", "witness.example/one") == 1
    assert any((tmp_path / "witness" / "split-views").iterdir()), "the witness keeps the proof"


async def test_a_log_that_was_put_back_is_found(tmp_path: Path, witness: WitnessProcess) -> None:
    url = new_database(tmp_path)
    path = sqlite_path(url)
    async with opened(url) as log:
        await grow(log, 1, 2)
    backup = tmp_path / "backup"
    shutil.copy(path, backup)
    async with opened(url) as log:
        await grow(log, 3, 4, 5)
        await Outside(log, (witness.url, witness.key)).round()
    shutil.copy(backup, path)
    for leftover in (".checkpoint", "-wal", "-shm"):
        path.with_name(path.name + leftover).unlink(missing_ok=True)
    async with opened(url) as log:
        outside = Outside(log, (witness.url, witness.key))
        assert [line["event"] for line in await outside.round()] == ["split_view"]
        await grow(log, *range(20, 30))
        assert [line["event"] for line in await outside.round()] == ["split_view"]


async def test_two_servers_of_one_log_agree(postgres_log_url: str, witness: WitnessProcess) -> None:
    async with opened(postgres_log_url, lock_timeout=5) as one, opened(postgres_log_url, lock_timeout=5) as two:
        sides = [Outside(log, (witness.url, witness.key)) for log in (one, two)]

        async def work(log: AuditLog, side: Outside, numbers: range) -> None:
            for number in numbers:
                await log.append(decision(number))
                await side.cosigner.round()

        with capture_logs() as lines:
            await asyncio.gather(
                work(one, sides[0], range(25)),
                work(two, sides[1], range(100, 125)),
            )
        await asyncio.gather(*(side.cosigner.round() for side in sides))
        assert "split_view" not in {line["event"] for line in lines}
        found = sides[0].newest()
        assert found is not None
        assert found.size == 50
        assert names(found.note, witness.key) == {"witness.example/one"}


async def test_a_defect_ends_nothing(sqlite_log_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def defective(*_: Any) -> Any:
        raise ZeroDivisionError

    with stranger(willing) as witness:
        async with opened(sqlite_log_url) as log:
            outside = Outside(log, (witness.url, str(KEY)))
            await grow(log, 1)
            with monkeypatch.context() as patch:
                patch.setattr(WitnessClient, "ask", defective)
                assert [line["event"] for line in await outside.round()] == ["defect"]
            assert [line["event"] for line in await outside.round()] == ["cosigned"]


async def test_ages_are_told(sqlite_log_url: str) -> None:
    now = [1000.0]
    registry = CollectorRegistry()
    watch = Watch(registry, lambda: now[0])

    def age() -> float | None:
        return registry.get_sample_value("countersign_witness_age_seconds", {"witness": "w"})

    watch.expect("w")
    now[0] = 1010.0
    assert age() == 10, "one that never came is as old as the wait for it"
    watch.cosigned("w", 5)
    now[0] = 1012.0
    assert age() == 2
    watch.trouble("w", "gone")
    watch.cosigned("w", 6, when=1011.0)
    assert age() == 1
    assert registry.get_sample_value("countersign_witnessed_entries", {"witness": "w"}) == 6
