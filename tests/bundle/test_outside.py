"""Cases of logs that others vouch for: witnesses, time stamps, and keys that were replaced."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from countersign.verify.case import verify_case
from countersign.verify.case.archive import unpack
from countersign.verify.checks import Check
from countersign.verify.cosignature import sign_cosignature
from countersign.verify.note import WitnessKey, parse_note
from countersign.verify.policy import Trust
from server.audit import AuditLog
from server.audit.bundle import bundle
from server.audit.outside.rotation import rotate_key_file
from server.audit.tree.generations import read_standing
from server.audit.tree.head import read_head
from server.audit.tree.keys import load_or_create
from server.audit.tree.witnessed import add_cosignatures, add_timestamp
from tests.audit.making import ORIGIN, VKEY, new_database
from tests.bundle.story import decision_entry

WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
WITNESS_KEY = WitnessKey("witness.example/w1", WITNESS.public_key().public_bytes_raw())
TRUST = Trust((VKEY,), witnesses=(str(WITNESS_KEY),))


def failures(checks: list[Check]) -> dict[str, str]:
    return {check.name: check.detail for check in checks if not check.ok}


def cosign(log: AuditLog) -> None:
    with log.writing() as connection:
        head = read_head(connection)
        line = sign_cosignature(parse_note(head.checkpoint).text, WITNESS_KEY, WITNESS.sign, 1_800_000_000)
        add_cosignatures(connection, head, [line])


async def test_a_case_is_against_the_checkpoint_that_a_witness_saw(log: AuditLog) -> None:
    decision = await log.append(decision_entry(configuration=None))
    cosign(log)
    await log.append(decision_entry("later", configuration=None))
    case = await bundle(log, "acme", decision.decision_id)
    checks = verify_case(case, TRUST)
    assert failures(checks) == {}
    told = {check.name: check.detail for check in checks}
    assert "cosigned by witness.example/w1" in told["witness"]
    assert told["inclusion"] == "the entry is number 0 of 1"
    assert "witness.example/w1" in unpack(case)["summary.html"].decode()


async def test_a_case_that_no_witness_saw_yet_says_so_to_who_asks(log: AuditLog) -> None:
    await log.append(decision_entry("earlier", configuration=None))
    cosign(log)
    decision = await log.append(decision_entry(configuration=None))
    case = await bundle(log, "acme", decision.decision_id)
    assert failures(verify_case(case, VKEY)) == {}
    assert list(failures(verify_case(case, TRUST))) == ["witness"]


async def test_a_time_stamp_comes_along(log: AuditLog) -> None:
    decision = await log.append(decision_entry(configuration=None))
    with log.writing() as connection:
        add_timestamp(connection, read_head(connection), b"no token at all")
    case = await bundle(log, "acme", decision.decision_id)
    checks = verify_case(case, VKEY)
    assert failures(checks) == {}
    assert "NOT CHECKED" in {check.name: check.detail for check in checks}["timestamp"]
    assert list(failures(verify_case(case, VKEY, timestamp_roots=b"roots"))) == ["timestamp"]


async def test_whoever_pinned_the_key_before_a_rotation_can_check_a_case_of_today(tmp_path: Path) -> None:
    url = new_database(tmp_path)

    async def opened() -> AuditLog:
        return await AuditLog.open(url, load_or_create(tmp_path, ORIGIN, read_standing(url)), ORIGIN, mark_dir=tmp_path)

    log = await opened()
    decision = await log.append(decision_entry(configuration=None))
    old = (await log.checkpoint()).log_key
    await log.close()
    async for _ in rotate_key_file(url, tmp_path, ORIGIN):
        pass
    log = await opened()
    try:
        await log.append(decision_entry("later", configuration=None))
        case = await bundle(log, "acme", decision.decision_id)
        new = (await log.checkpoint()).log_key
    finally:
        await log.close()

    assert new != old
    for pinned in (old, new):
        checks = verify_case(case, pinned)
        assert failures(checks) == {}
        assert {check.name: check.detail for check in checks}["keys"] == "the log has had 2 keys"
    assert "key" in failures(verify_case(case, VKEY))
