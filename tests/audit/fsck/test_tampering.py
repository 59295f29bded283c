"""Whoever changes the database is found, and so is the entry: one way of tampering after the other, on both stores."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest
from sqlalchemy import select, text, update

from countersign.verify.commitments import Disclosure, read_disclosures, write_disclosures
from countersign.verify.merkle import leaf_hash
from server.audit.sql.tables import metadata
from server.audit.sql.terms import term
from server.audit.store import open_store
from tests.audit.fsck.conftest import Log
from tests.audit.fsck.everything import SIZE
from tests.audit.making import execute


def change(log: Log, table: str, column: str, where: str, how: Callable[[bytes], bytes]) -> None:
    """Replace one value by something made of it."""
    of = metadata.tables[table]
    with closing(open_store(log.url, readers=1)) as store:
        store.claim()
        with store.writing() as connection:
            (old,) = connection.execute(select(of.c[column]).where(text(where))).one()
            connection.execute(update(of).where(text(where)).values({column: how(old)}))


def flip(place: int) -> Callable[[bytes], bytes]:
    return lambda value: value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]


# Names in braces are places of `everything.Places`.
ROWS = [
    ("UPDATE entries SET decision_id = 'x' WHERE log_index = {plain}", "row", "plain"),
    ("UPDATE entries SET request_key = leaf WHERE log_index = {plain}", "row", "plain"),
    ("UPDATE entries SET kind = 'intent' WHERE log_index = {plain}", "row", "plain"),
    ("UPDATE entries SET tenant = 'other' WHERE log_index = {plain}", "row", "plain"),
    ("UPDATE entries SET recorded_at = recorded_at + 1 WHERE log_index = {plain}", "row", "plain"),
    ("UPDATE entries SET leaf = {other} WHERE log_index = {plain}", "leaf", "plain"),
    ("DELETE FROM entries WHERE log_index = {plain}", "order", "plain"),
    ("DELETE FROM entries WHERE log_index = {last}", "order", "last"),
    ("DELETE FROM entries WHERE log_index > 100", "order", None),
    ("DELETE FROM entries", "order", None),
    ("UPDATE entries SET log_index = 5000 WHERE log_index = {plain}", "order", 5000),
    ("UPDATE entries SET log_index = -7 WHERE log_index = {plain}", "order", -7),
    ("DELETE FROM tiles WHERE level = 0 AND number = 0", "tile", 0),
    ("DELETE FROM tiles WHERE level = 0 AND number = 1", "tile", 256),
    ("DELETE FROM tiles WHERE level = 1", "tile", None),
    ("UPDATE tiles SET number = 7 WHERE level = 1", "tile", None),
    ("UPDATE tiles SET level = 2 WHERE level = 1", "tile", None),
    ("INSERT INTO tiles SELECT 2, 0, hashes FROM tiles WHERE level = 1", "tile", None),
    ("UPDATE log_head SET size = size - 1", "head", None),
    ("UPDATE log_head SET checkpoint = replace(checkpoint, '300', '299')", "head", None),
    ("UPDATE log_head SET checkpoint = ''", "head", None),
    ("UPDATE log_head SET checkpoint = (SELECT note FROM witnessed)", "head", None),
    ("DELETE FROM log_head", "head", None),
    ("UPDATE postings SET term = term + 1 WHERE log_index = {plain} AND term = {posting}", "index", "plain"),
    ("UPDATE postings SET recorded_at = 0 WHERE log_index = {plain} AND term = {posting}", "index", "plain"),
    ("UPDATE postings SET log_index = {last} WHERE log_index = {plain} AND term = {posting}", "index", "last"),
    ("DELETE FROM postings WHERE log_index = {plain} AND term = {posting}", "index", "plain"),
    ("INSERT INTO postings SELECT 5, recorded_at, log_index FROM entries WHERE log_index = {last}", "index", "last"),
    ("INSERT INTO postings VALUES (5, 5, 5000)", "index", 5000),
    ("INSERT INTO postings VALUES (5, 5, -5)", "index", -5),
    # A decision that was appealed and then reviewed, shown as one that nobody looked at.
    ("DELETE FROM postings WHERE log_index = {decided} AND term = {state}", "index", "decided"),
    ("DELETE FROM events WHERE log_index = {review}", "row", "review"),
    ("UPDATE events SET decision_index = {plain} WHERE log_index = {review}", "row", "review"),
    ("UPDATE events SET log_index = {plain} WHERE log_index = {review}", "row", "decided"),
    ("INSERT INTO events VALUES ({plain}, {review})", "row", "plain"),
    ("INSERT INTO events VALUES ({plain}, 5000)", "row", "plain"),
    ("INSERT INTO events VALUES (5000, {review})", "order", 5000),
    ("DELETE FROM open_intents WHERE log_index = {last}", "row", "last"),
    ("UPDATE open_intents SET request_id = 'x' WHERE log_index = {last}", "row", "last"),
    ("UPDATE open_intents SET tenant = 'x' WHERE log_index = {last}", "row", "last"),
    ("UPDATE open_intents SET recorded_at = 0 WHERE log_index = {last}", "row", "last"),
    ("UPDATE open_intents SET log_index = {plain} WHERE log_index = {last}", "row", "plain"),
    ("UPDATE open_intents SET log_index = 5000 WHERE log_index = {last}", "order", 5000),
    ("INSERT INTO open_intents SELECT {plain}, tenant, 'x', recorded_at, request_key FROM {entry}", "row", "plain"),
    ("DELETE FROM private WHERE log_index = {plain}", "private", "plain"),
    ("UPDATE private SET tenant = 'other' WHERE log_index = {plain}", "private", "plain"),
    ("UPDATE private SET fields = replace(fields, 'Issuer', 'issuer') WHERE log_index = {plain}", "private", "plain"),
    ("UPDATE private SET fields = '{{}}' WHERE log_index = {plain}", "private", "plain"),
    ("UPDATE private SET fields = 'nothing' WHERE log_index = {plain}", "private", "plain"),
    ("UPDATE private SET fields = fields || ' ' WHERE log_index = {plain}", "private", "plain"),
    ("UPDATE private SET log_index = 5000 WHERE log_index = {plain}", "order", 5000),
    ("UPDATE private SET fields = {fields} WHERE log_index = {last}", "private", "last"),
    ("UPDATE evidence SET mime = 'text/html' WHERE log_index = {decided}", "evidence", "decided"),
    ("UPDATE evidence SET log_index = {plain} WHERE log_index = {decided}", "evidence", "plain"),
    ("UPDATE evidence SET digest = 'x' WHERE log_index = {decided}", "evidence", "decided"),
    ("UPDATE evidence SET tenant = 'other' WHERE log_index = {decided}", "evidence", "decided"),
    ("DELETE FROM evidence WHERE log_index = {decided}", "evidence", "decided"),
    ("INSERT INTO evidence SELECT 'other', digest, log_index, mime, data FROM {blob}", "evidence", "decided"),
    ("INSERT INTO evidence SELECT tenant, digest, 5000, mime, data FROM {blob}", "evidence", 5000),
    ("DELETE FROM erased WHERE log_index = {erased}", "erasure", "erasure"),
    ("UPDATE erased SET log_index = {plain} WHERE log_index = {erased}", "erasure", "plain"),
    ("UPDATE erased SET by_index = {last} WHERE log_index = {erased}", "erasure", "erased"),
    ("UPDATE erased SET by_index = by_index + 1 WHERE log_index = {erased}", "erasure", "erasure"),
    ("INSERT INTO erased VALUES ({plain}, {last})", "erasure", "plain"),
    ("INSERT INTO erased VALUES ({plain}, {erasure})", "erasure", "erasure"),
    ("INSERT INTO erased VALUES (5000, 5001)", "order", 5000),
    ("UPDATE private SET fields = {fields} WHERE log_index = {erased}", "private", "erased"),
    ("DELETE FROM documents WHERE name = 'moire'", "document", "configuration"),
    ("UPDATE documents SET mime = 'text/html' WHERE name = 'moire'", "document", "configuration"),
    ("UPDATE documents SET name = 'other' WHERE name = 'moire'", "document", "configuration"),
    ("UPDATE documents SET digest = 'x' WHERE name = 'moire'", "document", "configuration"),
    ("INSERT INTO documents SELECT 'x', mime, name, data FROM documents WHERE name = 'moire'", "document", None),
    ("UPDATE entries SET leaf = {other} WHERE log_index = {key}", "leaf", "key"),
    ("UPDATE entries SET leaf = {other} WHERE log_index = {retention}", "leaf", "retention"),
    ("UPDATE entries SET leaf = {other} WHERE log_index = {erasure}", "leaf", "erasure"),
    ("UPDATE entries SET leaf = {other} WHERE log_index = {configuration}", "leaf", "configuration"),
    ("UPDATE entries SET leaf = {other} WHERE log_index = {review}", "leaf", "review"),
    ("UPDATE entries SET leaf = root FROM log_head WHERE log_index = {key}", "leaf", "key"),
    ("UPDATE bindings SET value = leaf FROM entries WHERE bindings.log_index = {signed}", "binding", "signed"),
    ("UPDATE bindings SET kind = 'other' WHERE kind = 'pdq' AND log_index = {signed}", "binding", "signed"),
    ("DELETE FROM bindings WHERE kind = 'watermark' AND log_index = {signed}", "binding", "signed"),
    ("UPDATE bindings SET log_index = {plain} WHERE log_index = {signed}", "binding", "plain"),
    ("UPDATE bindings SET log_index = 5000 WHERE log_index = {signed}", "order", 5000),
    ("INSERT INTO bindings SELECT {erased}, kind, value FROM bindings", "binding", "erased"),
    ("UPDATE manifests SET manifest_id = 'x' WHERE log_index = {signed}", "binding", "signed"),
    ("UPDATE manifests SET data = sketches WHERE log_index = {signed}", "binding", "signed"),
    ("UPDATE manifests SET sketches = data WHERE log_index = {signed}", "binding", "signed"),
    ("UPDATE manifests SET log_index = {plain} WHERE log_index = {signed}", "binding", "plain"),
    ("UPDATE manifests SET log_index = 5000 WHERE log_index = {signed}", "order", 5000),
    ("INSERT INTO manifests SELECT {erased}, manifest_id, data, sketches FROM manifests", "binding", "erased"),
    ("DELETE FROM manifests WHERE log_index = {signed}", "binding", "signed"),
    ("DELETE FROM private WHERE log_index = {signed}", "binding", "signed"),
    ("DELETE FROM log_keys", "key", None),
    ("DELETE FROM log_keys WHERE generation = 0", "key", None),
    ("DELETE FROM log_keys WHERE generation = 1", "head", None),
    ("UPDATE log_keys SET generation = 2 WHERE generation = 1", "key", None),
    ("UPDATE log_keys SET vkey = (SELECT vkey FROM log_keys WHERE generation = 0) WHERE generation = 1", "key", None),
    ("UPDATE log_keys SET since_size = since_size + 1 WHERE generation = 1", "key", None),
    ("UPDATE log_keys SET since_size = 1 WHERE generation = 0", "key", None),
    ("UPDATE log_keys SET statement = '' WHERE generation = 1", "key", None),
    ("UPDATE log_keys SET statement = replace(statement, 'rotation', 'rotatiom') WHERE generation = 1", "key", None),
    ("UPDATE witnessed SET size = size + 1", "witness", None),
    ("UPDATE witnessed SET note = (SELECT checkpoint FROM log_head)", "witness", None),
    ("UPDATE witnessed SET note = ''", "witness", None),
    ("UPDATE witnessed SET timestamp = (SELECT root FROM log_head)", "witness", None),
    ("UPDATE compatibility SET oldest = '0001'", "schema", None),
    ("DELETE FROM compatibility", "schema", None),
    ("UPDATE alembic_version SET version_num = '9999'", "schema", None),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "what", "where"), ROWS)
def test_every_changed_row_is_found(copy: Log, statement: str, what: str, where: str | int | None) -> None:
    values = {
        "posting": term("acme", "all"),
        "state": term("acme", "state", "appealed"),
        "other": "(SELECT leaf FROM entries WHERE log_index = 1)",
        "fields": f"(SELECT fields FROM private WHERE log_index = {copy.at.plain})",  # noqa: S608
        "blob": f"evidence WHERE log_index = {copy.at.decided}",
        "entry": f"entries WHERE log_index = {copy.at.plain}",
    }
    assert execute(copy.url, statement.format(**vars(copy.at), **values)) > 0
    index = getattr(copy.at, where) if isinstance(where, str) else where
    report = copy.examine()
    assert (what, index) in {(each.what, each.index) for each in report.damages}, report.damages


@pytest.mark.parametrize(
    ("table", "column", "where", "place", "expected"),
    [
        ("entries", "leaf", "log_index = 7", 10, ("leaf", 7)),
        ("entries", "leaf", "log_index = 7", 200, ("leaf", 7)),
        ("entries", "request_key", "log_index = 7", 3, ("row", 7)),
        ("tiles", "hashes", "level = 0 AND number = 0", 224, ("tile", 7)),
        ("tiles", "hashes", "level = 0 AND number = 1", 0, ("tile", 256)),
        ("tiles", "hashes", "level = 1", 3, ("tile", None)),
        ("log_head", "root", "id = 1", 5, ("head", None)),
        ("documents", "data", "name = 'strict'", 0, ("document", 0)),
        ("witnessed", "timestamp", "size > 0", 40, ("witness", None)),
        ("witnessed", "timestamp", "size > 0", -1, ("witness", None)),
    ],
)
def test_every_changed_byte_is_found(
    copy: Log, table: str, column: str, where: str, place: int, expected: tuple[str, int | None]
) -> None:
    change(copy, table, column, where, lambda value: flip(place % len(value))(value))
    assert expected in copy.found()


def test_a_changed_blob_is_found(copy: Log) -> None:
    change(copy, "evidence", "data", f"log_index = {copy.at.decided}", flip(1))
    assert copy.found() == {("evidence", copy.at.decided)}


@pytest.mark.parametrize("name", ["actor", "subject", "credential"])
def test_every_missing_private_field_is_found(copy: Log, name: str) -> None:
    """Plaintext that was deleted, and nothing in the log says that it might."""
    change_fields(copy, copy.at.plain, lambda fields: {each: it for each, it in fields.items() if each != name})
    assert ("private", copy.at.plain) in copy.found()


def test_a_changed_salt_is_found(copy: Log) -> None:
    def salted(fields: dict[str, Disclosure]) -> dict[str, Disclosure]:
        return {**fields, "actor": Disclosure(flip(4)(fields["actor"].salt), fields["actor"].value)}

    change_fields(copy, copy.at.plain, salted)
    assert ("private", copy.at.plain) in copy.found()


def test_a_surplus_private_field_is_found(copy: Log) -> None:
    change_fields(copy, copy.at.plain, lambda fields: {**fields, "note": Disclosure(bytes(16), "x")})
    assert ("private", copy.at.plain) in copy.found()


def change_fields(log: Log, index: int, how: Callable[[dict[str, Disclosure]], dict[str, Disclosure]]) -> None:
    fields = read_disclosures(str(one(log, f"SELECT fields FROM private WHERE log_index = {index}")))  # noqa: S608
    execute(
        log.url,
        "UPDATE private SET fields = :fields WHERE log_index = :at",
        fields=write_disclosures(how(fields)),
        at=index,
    )


def one(log: Log, statement: str) -> object:
    with closing(open_store(log.url, readers=1)) as store, store.reading() as connection:
        return connection.execute(text(statement)).scalar_one()


def test_retention_covers_only_its_own_tenant_and_time(copy: Log) -> None:
    """The same deletion that was right for one entry is damage in another."""
    assert copy.examine().ok
    later = SIZE - 10
    execute(copy.url, "DELETE FROM private WHERE log_index = :at", at=later)
    assert ("private", later) in copy.found()


def test_a_retention_that_is_no_longer_found_covers_nothing(copy: Log) -> None:
    execute(copy.url, "DELETE FROM postings WHERE log_index = :at", at=copy.at.retention)
    assert {("index", copy.at.retention), ("private", copy.at.expired)} <= copy.found()


def test_two_exchanged_entries_are_found(copy: Log) -> None:
    for old, new in ((40, -1), (50, 40), (-1, 50)):
        execute(copy.url, "UPDATE entries SET log_index = :new WHERE log_index = :old", old=old, new=new)
    report = copy.examine()
    assert {("leaf", 40), ("leaf", 50)} <= {(each.what, each.index) for each in report.damages}
    assert report.first_bad == 40


def test_the_first_bad_entry_is_named_first(copy: Log) -> None:
    execute(copy.url, "UPDATE entries SET tenant = 'x' WHERE log_index IN (200, 31, 299)")
    report = copy.examine()
    assert report.first_bad == 31
    assert report.damages[0].index == 31


def test_a_rewritten_log_does_not_lead_to_the_signed_root(copy: Log) -> None:
    """The thorough forger: leaf and leaf hash changed together, so that only the root is left to tell."""
    forged: list[bytes] = []

    def forge(leaf: bytes) -> bytes:
        forged.append(leaf.replace(b"inbound", b"outward"))
        return forged[0]

    change(copy, "entries", "leaf", "log_index = 290", forge)
    place = (290 - 256) * 32
    change(
        copy,
        "tiles",
        "hashes",
        "level = 0 AND number = 1",
        lambda hashes: hashes[:place] + leaf_hash(forged[0]) + hashes[place + 32 :],
    )
    assert {("head", None), ("tile", None)} <= copy.found()


def test_a_log_damaged_everywhere_does_not_fill_the_memory(copy: Log) -> None:
    execute(copy.url, "UPDATE entries SET kind = 'x', tenant = 'x', recorded_at = 0")
    execute(copy.url, "UPDATE private SET tenant = 'x'")
    report = copy.examine()
    assert len(report.damages) == 1000
    assert report.further > 100


@pytest.mark.parametrize(
    "statement",
    [
        "DROP INDEX erased_by",
        "CREATE VIEW helpful AS SELECT * FROM entries",
        "DROP TABLE postings",
        "CREATE TABLE extra (x INTEGER)",
        "ALTER TABLE entries ADD COLUMN extra INTEGER",
    ],
)
def test_a_changed_schema_is_found(own_copy: Log, statement: str) -> None:
    execute(own_copy.url, statement)
    assert ("schema", None) in own_copy.found()


def test_what_acts_behind_the_logs_back_is_found(own_copy: Log) -> None:
    for statement in triggers(own_copy):
        execute(own_copy.url, statement)
    details = [each.detail for each in own_copy.examine().damages if each.what == "schema"]
    assert len(details) == len(triggers(own_copy)) - (not own_copy.is_sqlite), details


def triggers(log: Log) -> list[str]:
    if log.is_sqlite:
        return ["CREATE TRIGGER helpful AFTER INSERT ON entries BEGIN DELETE FROM evidence; END"]
    body = "CREATE FUNCTION help() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
    return [
        body,
        "CREATE TRIGGER helpful BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION help()",
        "CREATE RULE helpful AS ON DELETE TO evidence DO INSTEAD NOTHING",
        "CREATE POLICY helpful ON private USING (false)",
        "CREATE MATERIALIZED VIEW seen AS SELECT * FROM entries",
    ]
