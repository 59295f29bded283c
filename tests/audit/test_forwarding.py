"""One process writes an SQLite log; whoever else opens it forwards to that one. Here both live in one process."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ConfigurationError, Conflict, LimitExceeded, NotFound, Unavailable
from server.audit import AuditLog
from server.audit.forwarding import forwarder, sockets
from server.audit.forwarding.frames import frame_of
from server.audit.forwarding.messages import VERSION
from server.audit.store import open_store, sqlite_path
from server.audit.tree.keys import load_or_create
from server.audit.writing.backlog import GroupLimits
from tests.audit.making import ORIGIN, SIGNER, blob, decision, intent, new_database, opened, review


def socket_of(url: str) -> Path:
    return sqlite_path(url).with_name("log.db.socket")


async def until_writer(log: AuditLog) -> None:
    async with asyncio.timeout(10):
        while not log.is_writer:
            await asyncio.sleep(0.01)


async def test_what_is_forwarded_is_recorded_as_if_it_were_not(sqlite_log_url: str) -> None:
    async with opened(sqlite_log_url) as writing, opened(sqlite_log_url) as forwarding:
        assert (writing.is_writer, forwarding.is_writer) == (True, False)
        first = await forwarding.append(decision(1))
        second = await writing.append(intent(2))
        assert (first.index, first.fresh, second.index) == (0, True, 1)
        # Everything that a leaf commits to, and evidence, crossed the socket too.
        assert await writing.get("acme", first.decision_id) == replace(first, fresh=False)
        assert await forwarding.evidence("acme", blob(b"mask 1").digest) == blob(b"mask 1")
        reviewed = await forwarding.perform(review(first))
        assert (reviewed.index, reviewed.kind) == (2, "review")
        assert [event.index for event in (await forwarding.history("acme", first.decision_id)).events] == [2]
        assert (await forwarding.receipt_for(first)).log_index == 0
        await forwarding.ping()


async def test_errors_come_back_as_what_they_are(sqlite_log_url: str) -> None:
    async with opened(sqlite_log_url) as writing, opened(sqlite_log_url) as forwarding:
        first = await writing.append(decision(1))
        outcomes = await asyncio.gather(
            forwarding.append(decision(1)),
            forwarding.append(decision(1, request_digest="other")),
            forwarding.perform(review(replace(first, decision_id="0" * 32))),
            forwarding.append(decision(2)),
            return_exceptions=True,
        )
    again, conflict, missing, fresh = outcomes
    assert again == replace(first, fresh=False)
    assert isinstance(conflict, Conflict)
    assert "request-1" in str(conflict)
    assert isinstance(missing, NotFound)
    assert not isinstance(fresh, BaseException)


async def test_racing_callers_of_both_sides_get_one_record(sqlite_log_url: str) -> None:
    async with opened(sqlite_log_url) as writing, opened(sqlite_log_url) as forwarding:
        logs = (writing, forwarding)
        recorded = await asyncio.gather(*(logs[n % 2].append(decision(n % 50)) for n in range(400)))
        assert len({record.decision_id for record in recorded}) == 50
        assert sorted({record.index for record in recorded}) == list(range(50))
        assert (await forwarding.checkpoint()).size == 50


async def test_a_writer_that_closes_is_followed_by_another(sqlite_log_url: str) -> None:
    async with opened(sqlite_log_url) as second:
        pass
    async with opened(sqlite_log_url) as first:
        async with opened(sqlite_log_url) as second, opened(sqlite_log_url) as third:
            waiting = [asyncio.create_task(log.append(decision(n))) for n, log in enumerate([second, third] * 50)]
            await asyncio.sleep(0)
            await first.close()
            # What was taken is answered; what was not, is told so.
            outcomes = await asyncio.gather(*waiting, return_exceptions=True)
            assert all(not isinstance(each, BaseException) or isinstance(each, Unavailable) for each in outcomes)
            async with asyncio.timeout(10):
                while not (second.is_writer or third.is_writer):
                    await asyncio.sleep(0.01)
            assert second.is_writer != third.is_writer
            new, old = (second, third) if second.is_writer else (third, second)
            await retried(old, 1000)
            # Each retry is safe: it is recorded once.
            for number, outcome in enumerate(outcomes):
                again = await new.append(decision(number))
                if not isinstance(outcome, BaseException):
                    assert (again.index, again.decision_id) == (outcome.index, outcome.decision_id)
            assert (await new.checkpoint()).size == 101
        assert not socket_of(sqlite_log_url).exists()


async def retried(log: AuditLog, number: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                await log.append(decision(number))
            except Unavailable as error:
                await asyncio.sleep(min(error.retry_after, 0.05))
            else:
                return


async def test_trouble_of_the_writer_is_the_forwarder_s_trouble_and_passes(sqlite_log_url: str) -> None:
    async with opened(sqlite_log_url) as _, opened(sqlite_log_url) as forwarding:
        await forwarding.append(decision(1))
        path = sqlite_path(sqlite_log_url)
        path.rename(path.with_suffix(".away"))
        with pytest.raises(Unavailable, match="removed or replaced"):
            await forwarding.append(decision(2))
        with pytest.raises(Unavailable):
            await forwarding.ping()
        path.with_suffix(".away").rename(path)
        await forwarding.ping()
        assert (await forwarding.append(decision(2))).index == 1


async def test_who_may_not_take_over_says_why_and_goes_on_trying(
    sqlite_log_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = sqlite_path(sqlite_log_url)
    async with opened(sqlite_log_url) as first, opened(sqlite_log_url) as second:
        await first.append(decision(1))
        async with asyncio.timeout(10):
            mark = path.with_name("log.db.checkpoint").read_text()
            away = path.with_suffix(".away")
            path.rename(away)
            await first.close()
            while "cannot take over" not in caplog.text:
                await asyncio.sleep(0.01)
        with pytest.raises(Unavailable):
            await second.append(decision(2))
        away.rename(path)
        await until_writer(second)
        assert (await second.append(decision(2))).index == 1
        assert mark != path.with_name("log.db.checkpoint").read_text()


async def test_another_key_cannot_join(sqlite_log_url: str, tmp_path: Path) -> None:
    async with opened(sqlite_log_url) as log:
        with pytest.raises(ConfigurationError, match="not signed by"):
            await AuditLog.open(sqlite_log_url, load_or_create(tmp_path, ORIGIN), ORIGIN)
        assert (await log.append(decision(1))).fresh


async def test_a_log_for_one_process_alone_does_not_forward(sqlite_log_url: str) -> None:
    async with opened(sqlite_log_url):
        with pytest.raises(ConfigurationError, match="another process writes"):
            await AuditLog.open(sqlite_log_url, SIGNER, ORIGIN, share=False)


async def test_a_writer_that_does_not_answer_keeps_nobody_waiting_for_ever(
    sqlite_log_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "_PATIENCE", 0.2)
    monkeypatch.setattr(forwarder, "_PING_PATIENCE", 0.1)
    async with opened(sqlite_log_url):
        pass
    async with impostor(sqlite_log_url, ["countersign audit log", VERSION]), opened(sqlite_log_url) as log:
        with pytest.raises(Unavailable, match="does not answer"):
            await log.ping()
        with pytest.raises(Unavailable, match="went away"):
            await log.append(decision(1))


@asynccontextmanager
async def impostor(url: str, greeting: object) -> AsyncIterator[None]:
    """A process that has the right to write, greets, and says nothing more."""
    served: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, stream: asyncio.StreamWriter) -> None:
        stream.write(frame_of(greeting))
        while await reader.read(1 << 16):
            pass
        stream.close()
        await stream.wait_closed()

    def connected(reader: asyncio.StreamReader, stream: asyncio.StreamWriter) -> None:
        served.append(asyncio.create_task(serve(reader, stream)))

    with closing(open_store(url)) as store:
        assert store.claim()
        server = await asyncio.start_unix_server(connected, sock=sockets.listen(socket_of(url)))
        yield
        server.close()
        await asyncio.gather(*served)


@pytest.mark.parametrize("greeting", [["countersign audit log", 99], "hello", None])
async def test_processes_that_speak_otherwise_do_not_work_together(sqlite_log_url: str, greeting: object) -> None:
    async with impostor(sqlite_log_url, greeting):
        with pytest.raises(OSError, match="other releases"):
            await forwarder.Forwarder.connect(socket_of(sqlite_log_url), GroupLimits())


@pytest.mark.parametrize("data", [b"\xff" * 12, frame_of("what?"), frame_of([[1, {"draft": {"kind": "decision"}}]])])
async def test_nonsense_ends_its_connection_and_nothing_else(sqlite_log_url: str, data: bytes) -> None:
    async with opened(sqlite_log_url) as log, opened(sqlite_log_url) as forwarding:
        reader, stream = await asyncio.open_unix_connection(sock=sockets.connect(socket_of(sqlite_log_url)))
        stream.write(frame_of(["countersign audit log", VERSION]) + data)
        async with asyncio.timeout(10):
            await reader.read()
        stream.close()
        assert (await forwarding.append(decision(1))).fresh
        assert (await log.append(decision(2))).fresh


async def test_evidence_that_no_frame_holds_is_refused(sqlite_log_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarder, "_MAX_WORK", 10_000)
    async with opened(sqlite_log_url), opened(sqlite_log_url) as forwarding:
        with pytest.raises(LimitExceeded):
            await forwarding.append(decision(1, evidence=(blob(b"x" * 10_000),)))
        assert (await forwarding.append(decision(2))).index == 0


async def test_too_much_that_waits_is_turned_away(sqlite_log_url: str) -> None:
    limits = GroupLimits(waiting=10)
    async with opened(sqlite_log_url), opened(sqlite_log_url, limits=limits) as forwarding:
        outcomes = await asyncio.gather(*(forwarding.append(decision(n)) for n in range(50)), return_exceptions=True)
        assert sum(isinstance(each, Unavailable) for each in outcomes) == 40
        assert (await forwarding.append(decision(99))).fresh


async def test_a_socket_may_lie_deep(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-directory-with-a-long-name"] * 8)
    deep.mkdir(parents=True)
    url = new_database(deep)
    assert len(str(socket_of(url))) > 200
    async with opened(url), opened(url) as forwarding:
        assert (await forwarding.append(decision(1))).fresh
        assert socket_of(url).stat().st_mode & 0o777 == 0o600


def test_a_process_of_another_user_is_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        sockets.assert_same_user(ours)
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
        with pytest.raises(ConnectionError, match="runs as user"):
            sockets.assert_same_user(ours)
