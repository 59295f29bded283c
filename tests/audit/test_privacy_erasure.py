"""What an erasure takes, what it leaves, and that everything still verifies; on both stores."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, NullPool, create_engine, select

from core.errors import Conflict, InvalidInput
from countersign.verify.receipt import verify_receipt
from server.audit import AuditLog, Durable, Filter, ReceiptParts, Recorded
from server.audit.fsck import fsck
from server.audit.operations import Erase, erase
from server.audit.privacy.erasure import Aftercare, Erasure, erase_subject
from server.audit.privacy.scrub import scrubber
from server.audit.store import sqlite_path
from server.audit.tree.membership import digest_of_set
from tests.audit.making import VKEY, appeal, blob, decision, execute, intent, opened, review

NAME = "anna-lena.schmidt@example.org"
SECRETS = [
    NAME,
    "Lena painted this",
    "she is a minor",
    "a castle by Lena",
    "face of Lena",
    "Issuer Lena",
    "urn:lena",
    "signed by Lena",
    "Lena, small",
]


class Outputs:
    """Signed files that are kept, by digest."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    def aftercare(self, url: str) -> Aftercare:
        return Aftercare(self.forgotten.append, scrubber(url))


@pytest.fixture
def outputs() -> Outputs:
    return Outputs()


def about(number: int, **changes: Any) -> Any:
    """A decision about the person, full of what has to go."""
    values = {
        "subject": NAME,
        "private": {"credential": {"issuer": "Issuer Lena"}},
        "evidence": (blob(b"face of Lena %d" % number),),
        "durable": Durable((("pdq", b"Lena by PDQ"),), "urn:lena", b"signed by Lena", b"Lena, small"),
    }
    return decision(number, **{**values, **changes})


async def fill(log: AuditLog) -> list[Recorded]:
    """Six decisions: three about the person, three about others."""
    await log.append(intent(1, subject=NAME, private={"prompt": "a castle by Lena"}))
    decided = [await log.append(about(1, direction="outbound")), await log.append(about(3)), await log.append(about(5))]
    decided += [await log.append(decision(number)) for number in (2, 4, 6)]
    await log.perform(appeal(decided[0], statement="Lena painted this", appellant=NAME))
    await log.perform(review(decided[0], note="she is a minor", actor="reviewer"))
    return decided


async def erased(log: AuditLog, url: str, outputs: Outputs, **changes: Any) -> Erasure:
    values = {"tenant": "acme", "actor": "staff", "request_id": "erase-0001", "subject": NAME, **changes}
    return await erase_subject(log, outputs.aftercare(url), **values)


def cells(url: str) -> Iterator[tuple[str, Any]]:
    """Every value of every column of every table."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
    found = MetaData()
    with engine.connect() as connection:
        found.reflect(connection)
        for table in found.tables.values():
            for row in connection.execute(select(table)):
                yield from ((f"{table.name}.{name}", value) for name, value in row._mapping.items())


def tables_with(url: str, secret: str) -> set[str]:
    return {
        where
        for where, value in cells(url)
        if secret.encode() in (bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode())
    }


async def test_the_plaintext_is_gone_from_every_table(url: str, outputs: Outputs) -> None:
    async with opened(url) as log:
        await fill(log)
        assert all(tables_with(url, secret) for secret in SECRETS)
        done = await erased(log, url, outputs)
    assert done.count == 6  # three decisions, the intent, the appeal, and the note of the review
    assert {secret: tables_with(url, secret) for secret in SECRETS} == {secret: set() for secret in SECRETS}


async def test_no_byte_is_left_in_the_files_of_sqlite(sqlite_log_url: str, outputs: Outputs) -> None:
    path = sqlite_path(sqlite_log_url)
    async with opened(sqlite_log_url) as log:
        for number in range(7, 60):  # so that pages were split, and cells moved
            await log.append(about(number) if number % 3 else decision(number))
        await fill(log)
        await erased(log, sqlite_log_url, outputs)
        assert {secret: files_with(path, secret) for secret in SECRETS} == {secret: [] for secret in SECRETS}


def problems(parts: ReceiptParts) -> list[str]:
    receipt = parts.as_json()
    return [check.detail for check in verify_receipt(receipt, None, VKEY) if not check.ok]


def files_with(database: Path, secret: str) -> list[str]:
    return [file.name for file in database.parent.iterdir() if file.is_file() and secret.encode() in file.read_bytes()]


async def test_the_entry_binds_what_was_erased_and_names_nobody(url: str, outputs: Outputs) -> None:
    async with opened(url) as log:
        decided = await fill(log)
        done = await erased(log, url, outputs)
        events = (await log.history("acme", decided[0].decision_id)).events
    (recorded,) = done.recorded
    leaf = json.loads(recorded.leaf)
    indexes = sorted([0, *(each.index for each in (*decided[:3], *events))])
    assert leaf["entries"] == {"count": 6, "digest": digest_of_set(indexes)}
    assert (leaf["more"], leaf["kind"], leaf["tenant"]) == (False, "erasure", "acme")
    assert NAME not in recorded.leaf.decode()


async def test_what_is_about_others_stays(url: str, outputs: Outputs) -> None:
    async with opened(url) as log:
        decided = await fill(log)
        await erased(log, url, outputs)
        own = await log.get("acme", decided[0].decision_id)
        other = await log.get("acme", decided[3].decision_id)
        appealed, reviewed = (await log.history("acme", decided[0].decision_id)).events
        assert await log.evidence("acme", blob(b"face of Lena 1").digest) is None
    assert {name: each.value for name, each in own.private.items()} == {"actor": "uploader"}
    assert set(other.private) == {"actor", "subject", "credential"}
    assert {name: each.value for name, each in appealed.private.items()} == {"actor": "front-end"}
    # The reviewer did the work, and is nobody's data subject here; the words about the person go.
    assert {name: each.value for name, each in reviewed.private.items()} == {
        "actor": "reviewer",
        "subject": "reviewer",
    }


async def test_a_reviewer_can_be_erased_too(url: str, outputs: Outputs) -> None:
    async with opened(url) as log:
        decided = await fill(log)
        done = await erased(log, url, outputs, subject="reviewer")
        decision_after = await log.get("acme", decided[0].decision_id)
        _, reviewed = (await log.history("acme", decided[0].decision_id)).events
    assert done.count == 1
    assert dict(reviewed.private) == {}
    assert "subject" in decision_after.private
    assert tables_with(url, "reviewer") == set()


async def test_an_actor_who_is_the_subject_goes_as_well(url: str, outputs: Outputs) -> None:
    async with opened(url) as log:
        recorded = await log.append(decision(1, actor=NAME, subject=NAME))
        await erased(log, url, outputs, actor=NAME)
        assert dict((await log.get("acme", recorded.decision_id)).private) == {}
    assert tables_with(url, NAME) == set()


async def test_the_same_picture_of_another_person_stays(url: str, outputs: Outputs) -> None:
    shown = blob(b"the same mask")
    async with opened(url) as log:
        await log.append(decision(1, subject=NAME, evidence=(shown,)))
        await log.append(decision(2, subject="somebody else", evidence=(shown,)))
        await erased(log, url, outputs)
        assert await log.evidence("acme", shown.digest) == shown


async def test_receipts_from_before_and_from_after_verify(url: str, outputs: Outputs) -> None:
    async with opened(url) as log:
        decided = await fill(log)
        before = await log.receipt_for(decided[0])
        done = await erased(log, url, outputs)
        after = await log.receipt("acme", decided[0].decision_id)
        own = await log.receipt_for(done.recorded[0])
    assert [problems(parts) for parts in (before, after, own)] == [[], [], []]
    assert before.leaf == after.leaf


async def test_fsck_tells_an_erasure_from_a_loss(url: str, outputs: Outputs) -> None:
    async with opened(url) as log:
        decided = await fill(log)
        await erased(log, url, outputs)
        report = fsck(url, VKEY)
        assert (report.damages, report.summary.erased) == ((), 6)
        # Nobody asked for this one.
        execute(url, "DELETE FROM private WHERE log_index = :at", at=decided[3].index)
        found = {(each.what, each.index) for each in fsck(url, VKEY).damages}
    assert found == {("private", decided[3].index), ("index", decided[3].index)}


async def test_plaintext_that_came_back_from_a_backup_is_found(url: str, outputs: Outputs) -> None:
    async with opened(url) as log:
        recorded = await log.append(decision(2, subject=NAME))
        (backup,) = [value for where, value in cells(url) if where == "private.fields"]
        await erased(log, url, outputs)
        execute(url, "UPDATE private SET fields = :fields WHERE log_index = :at", fields=backup, at=recorded.index)
        found = {(each.what, each.index) for each in fsck(url, VKEY).damages}
    assert ("erasure", recorded.index) in found


async def test_the_person_is_no_longer_found(url: str, outputs: Outputs) -> None:
    async with opened(url) as log:
        await fill(log)
        assert len((await log.list("acme", Filter(subject=NAME))).items) == 3
        await erased(log, url, outputs)
        assert (await log.list("acme", Filter(subject=NAME))).items == ()
        assert len((await log.list("acme", Filter())).items) == 6


async def test_signed_outputs_are_forgotten(url: str, outputs: Outputs) -> None:
    async with opened(url) as log:
        decided = await fill(log)
        await erased(log, url, outputs)
    assert outputs.forgotten == [json.loads(decided[0].leaf)["media_digest"]]


async def test_a_repeated_erasure_gives_the_same_answer_and_one_record(url: str, outputs: Outputs) -> None:
    async with opened(url) as log:
        await fill(log)
        first = await erased(log, url, outputs)
        size = (await log.checkpoint()).size
        again = await erased(log, url, outputs)
        assert (await log.checkpoint()).size == size
    assert [each.index for each in again.recorded] == [each.index for each in first.recorded]
    assert (again.count, again.recorded[0].fresh) == (6, False)


async def test_what_comes_later_is_new(url: str, outputs: Outputs) -> None:
    async with opened(url) as log:
        await fill(log)
        await erased(log, url, outputs)
        later = await log.append(about(9))
        with pytest.raises(Conflict, match="use another"):  # no effect, and nobody takes it for one
            await erased(log, url, outputs)
        assert "subject" in (await log.get("acme", later.decision_id)).private
        assert (await erased(log, url, outputs, request_id="erase-0002")).count == 1


async def test_one_request_id_for_two_persons_is_a_conflict(url: str, outputs: Outputs) -> None:
    """Though the entry does not say whom it was about."""
    async with opened(url) as log:
        await fill(log)
        await erased(log, url, outputs)
        with pytest.raises(Conflict):
            await erased(log, url, outputs, subject="person-0")


async def test_a_person_who_came_after_the_request_id_was_used_is_not_taken_for_erased(
    url: str, outputs: Outputs
) -> None:
    async with opened(url) as log:
        await erased(log, url, outputs, subject="somebody")
        await fill(log)
        with pytest.raises(Conflict):
            await erased(log, url, outputs)


async def test_nothing_found_is_recorded_too(url: str, outputs: Outputs) -> None:
    async with opened(url) as log:
        await fill(log)
        done = await erased(log, url, outputs, subject="nobody that we know")
    assert done.count == 0
    assert json.loads(done.recorded[0].leaf)["entries"] == {"count": 0, "digest": digest_of_set([])}


async def test_tenants_are_apart(url: str, outputs: Outputs) -> None:
    async with opened(url) as log:
        await fill(log)
        foreign = await log.append(about(1, tenant="zeta"))
        await erased(log, url, outputs)
        assert "subject" in (await log.get("zeta", foreign.decision_id)).private
        assert (await erased(log, url, outputs, tenant="zeta")).count == 1


async def test_a_colliding_term_erases_nobody_else(url: str, outputs: Outputs) -> None:
    """Terms are hashes: what the index proposes is held against the disclosed name."""
    async with opened(url) as log:
        recorded = await log.append(about(1))
        other = await log.append(decision(2, subject="somebody else"))
        colliding = "INSERT INTO postings SELECT term, recorded_at, :other FROM postings WHERE log_index = :own"
        execute(url, colliding, own=recorded.index, other=other.index)
        assert (await erased(log, url, outputs)).count == 1
        assert "subject" in (await log.get("acme", other.decision_id)).private


async def test_a_large_erasure_is_done_in_pieces(url: str, outputs: Outputs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erase, "MOST", 2)
    async with opened(url) as log:
        for number in range(5):
            await log.append(about(number))
        done = await erased(log, url, outputs)
        again = await erased(log, url, outputs)
    assert [each.request_id for each in done.recorded] == ["erase-0001", "erase-0001/2", "erase-0001/3"]
    assert (done.count, again.count) == (5, 5)
    assert tables_with(url, NAME) == set()


async def test_an_erasure_that_was_cut_short_goes_on(
    url: str, outputs: Outputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erase, "MOST", 2)
    async with opened(url) as log:
        for number in range(5):
            await log.append(about(number))
        await log.perform(Erase("acme", "staff", "erase-0001", NAME))  # and then the server was killed
        assert tables_with(url, NAME)
        done = await erased(log, url, outputs)
    assert (done.count, tables_with(url, NAME)) == (5, set())


@pytest.mark.parametrize(("subject", "request_id"), [("", "erase-0001"), (NAME, f"erase {NAME}"), ("a", "a")])
async def test_an_erasure_that_would_keep_the_name_is_refused(log: AuditLog, subject: str, request_id: str) -> None:
    with pytest.raises(InvalidInput):
        await log.perform(Erase("acme", "staff", request_id, subject))


def test_an_operation_does_not_show_the_name_in_logs() -> None:
    assert NAME not in repr(Erase("acme", "staff", "erase-0001", NAME))
