"""RFC 3161 timestamps: asked for in the background, verified offline, and worth nothing when anything differs."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import rfc3161_client
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from core.errors import ConfigurationError, Unavailable
from countersign.verify.checkpoint import Checkpoint
from countersign.verify.errors import VerificationError
from countersign.verify.note import parse_note
from countersign.verify.timestamp import MAX_TOKEN, check_timestamp, open_timestamp
from server.audit import AuditLog
from server.audit.outside.authority import Authority
from server.audit.outside.stamping import Timestamper
from server.audit.outside.watch import Watch
from server.audit.tree.head import HeadSigner
from server.audit.tree.witnessed import newest_cosigned, newest_stamped, receipt_against
from tests.audit.making import ORIGIN, SIGNER, VKEY, decision, opened
from tests.outside.authority import REPLY, Tsa, serving
from tests.outside.strangers import Answer, stranger

NOTE = HeadSigner(SIGNER, ORIGIN).head(7, bytes(range(32))).checkpoint
TEXT = parse_note(NOTE).text


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Tsa:
    return Tsa.make(tmp_path_factory.mktemp("tsa") / "good")


@pytest.fixture(scope="module")
def token(tsa: Tsa) -> bytes:
    with serving(tsa) as server:
        return Authority(server.url, tsa.roots).stamp(NOTE)


def stamper(log: AuditLog, url: str, roots: bytes, registry: CollectorRegistry | None = None) -> Timestamper:
    authority = Authority(url, roots, timeout=2)
    return Timestamper(log, authority, Watch(registry or CollectorRegistry()), interval=3600)


def test_a_token_holds_for_its_note_and_openssl_agrees(tsa: Tsa, token: bytes) -> None:
    check = check_timestamp(token, NOTE, tsa.roots)
    assert check.ok
    assert "existed at 20" in check.detail
    assert tsa.holds(token, TEXT.encode())
    more = f"{NOTE}— witness.example AAAAAAAAAAAA\n"
    assert check_timestamp(token, more, tsa.roots).ok, "cosignatures that come later change nothing"


@pytest.mark.parametrize("other", [Checkpoint(ORIGIN, 8, bytes(range(32))), Checkpoint(ORIGIN, 7, bytes(32))])
def test_a_token_is_about_one_checkpoint(tsa: Tsa, token: bytes, other: Checkpoint) -> None:
    check = check_timestamp(token, NOTE.replace(TEXT, other.body()), tsa.roots)
    assert not check.ok
    assert not tsa.holds(token, other.body().encode())


def test_an_authority_that_nobody_trusts_proves_nothing(tsa: Tsa, token: bytes, tmp_path: Path) -> None:
    stranger_roots = Tsa.make(tmp_path / "other").roots
    assert not check_timestamp(token, NOTE, stranger_roots).ok
    assert check_timestamp(token, NOTE, stranger_roots + tsa.roots).ok


def test_a_certificate_for_another_purpose_proves_nothing(tsa: Tsa, token: bytes, tmp_path: Path) -> None:
    other = Tsa.make(tmp_path / "other", purpose="other_purpose")
    assert check_timestamp(tsa.sign_again(token), NOTE, tsa.roots).ok, "signed like this, a token is one"
    check = check_timestamp(other.sign_again(token), NOTE, other.roots)
    assert not check.ok


@pytest.mark.parametrize("damage", [b"", b"\x30", b"\x30\x80", b"no DER at all", b"\x30\x03\x02\x01\x00"])
def test_what_is_no_token_is_refused(tsa: Tsa, damage: bytes) -> None:
    assert not check_timestamp(damage, NOTE, tsa.roots).ok


def test_what_surrounds_a_token_is_refused(tsa: Tsa, token: bytes) -> None:
    for other in (token + b"\x00", token + token, b"\x00" + token, token * (MAX_TOKEN // len(token) + 2)):
        assert not check_timestamp(other, NOTE, tsa.roots).ok


def test_a_changed_token_fails_or_says_the_same(tsa: Tsa, token: bytes) -> None:
    """Some bytes of CMS are signed by nobody; whatever they become, the time stays what was signed."""
    time = open_timestamp(token, NOTE, tsa.roots)
    chance = random.Random(20261122)
    outcomes: set[bool | None] = set()
    for _ in range(3000):
        changed = bytearray(token)
        for _ in range(chance.randint(1, 3)):
            place = chance.randrange(len(changed))
            changed[place : place + chance.randint(0, 2)] = chance.randbytes(chance.randint(0, 2))
        try:
            outcomes.add(open_timestamp(bytes(changed), NOTE, tsa.roots) == time)
        except VerificationError:
            outcomes.add(None)
    assert None in outcomes
    assert False not in outcomes


def test_roots_that_are_none(token: bytes) -> None:
    for roots in (b"", b"no PEM"):
        check = check_timestamp(token, NOTE, roots)
        assert not check.ok
        assert "PEM" in check.detail
        with pytest.raises(ConfigurationError, match="PEM"):
            Authority("http://tsa.example", roots)


def test_what_nobody_asked_for_is_said_not_to_be_checked(token: bytes) -> None:
    check = check_timestamp(token, NOTE, None)
    assert check.ok
    assert check.detail.startswith("NOT CHECKED")


def test_without_the_library_the_check_says_so(tsa: Tsa, token: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    check = check_timestamp(token, NOTE, tsa.roots)
    assert not check.ok
    assert check.detail.startswith("NOT CHECKED")
    assert "pip install 'countersign[timestamps]'" in check.detail


async def test_the_newest_checkpoint_is_stamped_once(url: str, tsa: Tsa) -> None:
    registry = CollectorRegistry()
    with serving(tsa) as server:
        async with opened(url) as log:
            work = stamper(log, server.url, tsa.roots, registry)
            assert await work.round(), "there is nothing to stamp in an empty log"
            assert server.asked == []
            recorded = [await log.append(decision(number)) for number in range(3)]
            with capture_logs() as lines:
                assert await work.round()
            assert [line["event"] for line in lines] == ["timestamped"]
            assert await work.round()
            assert len(server.asked) == 1
            with log.reading() as connection:
                found = newest_stamped(connection)
                assert newest_cosigned(connection) is None, "a timestamp is no cosignature"
                assert found is not None
                parts = receipt_against(connection, recorded[0], found)
            assert found.size == 3
            assert parts.log_key == VKEY
            assert found.timestamp is not None
            assert check_timestamp(found.timestamp, found.note, tsa.roots).ok
            assert registry.get_sample_value("countersign_timestamp_age_seconds", {}) is not None
        async with opened(url) as log:  # restarted, and grown
            await stamper(log, server.url, tsa.roots).round()
            assert len(server.asked) == 1
            await log.append(decision(9))
            assert await stamper(log, server.url, tsa.roots).round()
            assert len(server.asked) == 2


def question(data: bytes) -> bytes:
    """A TimeStampReq over `data`, as another client would ask."""
    builder = rfc3161_client.TimestampRequestBuilder().data(data).hash_algorithm(rfc3161_client.HashAlgorithm.SHA256)
    return builder.build().as_bytes()


def replayed(tsa: Tsa) -> Callable[[bytes], Answer]:
    old = tsa.reply(question(b"something else"))
    return lambda _: (200, REPLY, old)


LIARS: dict[str, Callable[[Tsa], Callable[[bytes], Answer]]] = {
    "nothing": lambda tsa: lambda query: (200, REPLY, b""),
    "nonsense": lambda tsa: lambda query: (200, REPLY, b"nonsense"),
    "about something else": replayed,
    "refused": lambda tsa: lambda query: (200, REPLY, bytes.fromhex("30053003020102")),
    "a page": lambda tsa: lambda query: (200, "text/html", tsa.reply(query)),
    "an error": lambda tsa: lambda query: (500, REPLY, b""),
    "moved": lambda tsa: lambda query: (301, REPLY, b""),
    "a flood": lambda tsa: lambda query: (200, REPLY, b"\x30" * 10_000_000),
    "cut short": lambda tsa: lambda query: (200, REPLY, tsa.reply(query)[:-20]),
}


@pytest.mark.parametrize("lie", LIARS.values(), ids=LIARS.keys())
async def test_an_authority_that_fails_hinders_nothing(
    sqlite_log_url: str, tsa: Tsa, lie: Callable[[Tsa], Callable[[bytes], Answer]]
) -> None:
    with stranger(lie(tsa)) as server:
        async with opened(sqlite_log_url) as log:
            await log.append(decision(1))
            with capture_logs() as lines:
                assert not await stamper(log, server.url, tsa.roots).round()
            assert [line["event"] for line in lines] == ["not timestamped"]
            with log.reading() as connection:
                assert newest_stamped(connection) is None
            assert (await log.append(decision(2))).fresh


def test_a_stamp_by_an_untrusted_authority_is_not_kept(tsa: Tsa, tmp_path: Path) -> None:
    other = Tsa.make(tmp_path / "other")
    with serving(other) as server, pytest.raises(Unavailable, match="no usable timestamp"):
        Authority(server.url, tsa.roots).stamp(NOTE)


def test_an_answer_to_an_earlier_question_is_not_kept(tsa: Tsa) -> None:
    """About the same checkpoint, but with another nonce: somebody kept it."""
    old = tsa.reply(question(TEXT.encode()))
    with stranger(lambda _: (200, REPLY, old)) as server, pytest.raises(Unavailable, match="Nonce"):
        Authority(server.url, tsa.roots).stamp(NOTE)
