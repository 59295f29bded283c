"""Bundles of a real log, checked by the offline verifier."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.errors import NotFound
from core.media import digest_of
from countersign.verify.case import verify_case
from countersign.verify.case.archive import unpack
from countersign.verify.checks import Check, passed
from server.audit import AuditLog, Recorded
from server.audit.bundle import bundle
from server.audit.entries.leaf import to_microseconds
from server.audit.operations import Appeal, Configure, Review
from server.audit.operations.erase import Erase
from server.audit.operations.retain import Retain
from server.audit.privacy.plaintext import delete_evidence
from tests.audit.making import VKEY
from tests.bundle.story import CARDS, MASK, MEDIA, POLICY, TRUST, configuration_content, decision_entry, finding


def configure() -> Configure:
    cards = [("text/markdown", name, card.decode()) for name, card in CARDS.items()]
    return Configure(
        configuration_content(),
        [("application/yaml", "house-rules", POLICY.decode()), ("text/plain", "trust", TRUST.decode()), *cards],
    )


async def decided(log: AuditLog, **changes: Any) -> Recorded:
    await log.perform(configure())
    return await log.append(decision_entry(**changes))


def by_name(checks: list[Check]) -> dict[str, str]:
    return {check.name: check.detail for check in checks}


def failures(checks: list[Check]) -> list[str]:
    return [f"{check.name}: {check.detail}" for check in checks if not check.ok]


async def review(log: AuditLog, decision: Recorded, action: str, number: int) -> Recorded:
    return await log.perform(
        Review("acme", "reviewer-1", f"review-{number}", decision.decision_id, action, "looked", "A person looked.")
    )


async def test_a_case_of_a_reviewed_and_contested_decision_holds(log: AuditLog) -> None:
    decision = await decided(log)
    await review(log, decision, "BLOCK", 1)
    await log.append(decision_entry("another-order", action="ALLOW"))
    await log.perform(Appeal("acme", "front-end", "appeal-1", decision.decision_id, "mine", "My own picture.", "u-9"))
    await review(log, decision, "LABEL", 2)

    case = await bundle(log, "acme", decision.decision_id)
    checks = verify_case(case, VKEY, MEDIA)

    assert failures(checks) == []
    told = by_name(checks)
    assert told["state"] == "LABEL, review: overturned"
    assert told["history"].startswith("3 later entries")
    assert told["models"].startswith("2 took part")
    page = unpack(case)["summary.html"].decode()
    assert "My own picture." in page
    assert "What holds now" in page


async def test_the_same_log_gives_the_same_bytes(log: AuditLog) -> None:
    decision = await decided(log)
    assert await bundle(log, "acme", decision.decision_id) == await bundle(log, "acme", decision.decision_id)


async def test_a_decision_about_what_was_made_here_comes_with_its_intent(log: AuditLog) -> None:
    await log.perform(configure())
    order = decision_entry("order-9")
    intent = await log.append(
        type(order)(
            kind="intent",
            tenant="acme",
            actor="token-7",
            request_id="order-9",
            request_digest=order.request_digest,
            body={"direction": "outbound"},
            private={"prompt": "a jaguar at dusk"},
        )
    )
    making = {"model": "upscale", "version": digest_of(b"upscale"), "seed": 7, "intent_index": intent.index}
    decision = await log.append(decision_entry("order-9", direction="outbound", making=making))
    case = await bundle(log, "acme", decision.decision_id)
    checks = verify_case(case, VKEY, MEDIA)
    assert failures(checks) == []
    assert by_name(checks)["intent"] == f"announced in entry {intent.index}, before it was made"
    assert "a jaguar at dusk" in unpack(case)["summary.html"].decode()


async def test_a_refusal_has_a_case_too(log: AuditLog) -> None:
    refusal = {"error": "CorruptMedia", "message": "the JPEG ends early", "field": "media", "limit": "", "found": ""}
    nothing = dict.fromkeys(("action", "findings", "reasons", "shadow", "policy", "credential"))
    decision = await decided(log, refusal=refusal, **nothing)
    checks = verify_case(await bundle(log, "acme", decision.decision_id), VKEY, MEDIA)
    assert failures(checks) == []
    assert by_name(checks)["decision"] == "the media was refused: the JPEG ends early"


async def test_a_decision_of_an_older_release_says_what_is_not_bound(log: AuditLog) -> None:
    decision = await log.append(decision_entry(configuration=None))
    checks = verify_case(await bundle(log, "acme", decision.decision_id), VKEY, MEDIA)
    assert failures(checks) == []
    told = by_name(checks)
    assert told["configuration"].startswith("NOT BOUND")
    assert told["policy"].startswith("NOT IN THE CASE")
    assert told["models"].startswith("NOT BOUND")


async def test_what_was_erased_is_named_with_the_entry_that_erased_it(log: AuditLog) -> None:
    decision = await decided(log)
    await log.append(decision_entry("another-order", action="ALLOW"))
    await review(log, decision, "BLOCK", 1)
    erasure = await log.perform(Erase("acme", "privacy-officer", "erasure-1", "user-1234"))

    case = await bundle(log, "acme", decision.decision_id)
    checks = verify_case(case, VKEY, MEDIA)

    assert failures(checks) == []
    told = by_name(checks)
    assert f"subject of entry {decision.index}, by entry {erasure.index}" in told["disclosures"]
    assert told["evidence"].startswith(f"0 of 2 are there; REMOVED by entry {erasure.index}")
    page = unpack(case)["summary.html"].decode()
    assert "user-1234" not in page
    assert "What is missing" in page
    assert f"deleted by an erasure of personal data, entry {erasure.index} of the log" in page
    # That the other decision is of the same person is nobody's business.
    assert list(json.loads(unpack(case)["members/0001.json"])) == ["1", "3"]


async def test_an_erasure_of_somebody_else_is_no_part_of_the_case(log: AuditLog) -> None:
    decision = await decided(log)
    await log.perform(Erase("acme", "privacy-officer", "erasure-1", "user-9999"))
    case = await bundle(log, "acme", decision.decision_id)
    assert failures(verify_case(case, VKEY)) == []
    assert not [name for name in unpack(case) if name.startswith("removals/")]


async def test_what_expired_is_named_with_the_rule_that_let_it_go(log: AuditLog) -> None:
    decision = await decided(log)
    cutoff = to_microseconds(datetime.now(UTC) + timedelta(days=1))
    await log.perform(Retain("acme", "rules", "retain-0", cutoff, "private"))
    retention = await log.perform(Retain("acme", "rules", "retain-1", cutoff, "evidence"))
    with log.writing() as connection:
        delete_evidence(connection, [("acme", digest_of(MASK), decision.index)])
    checks = verify_case(await bundle(log, "acme", decision.decision_id), VKEY)
    assert failures(checks) == []
    assert by_name(checks)["evidence"] == f"1 of 2 are there; REMOVED by entry {retention.index}: {digest_of(MASK)}"


async def test_evidence_that_went_missing_unexplained_is_said_to_be_withheld(log: AuditLog) -> None:
    decision = await decided(log)
    with log.writing() as connection:
        delete_evidence(connection, [("acme", digest_of(MASK), decision.index)])
    checks = verify_case(await bundle(log, "acme", decision.decision_id), VKEY)
    assert failures(checks) == [f"evidence: WITHHELD: the evidence {digest_of(MASK)} is neither in the case nor erased"]


async def test_nobody_gets_the_case_of_another_tenant(log: AuditLog) -> None:
    decision = await decided(log)
    with pytest.raises(NotFound):
        await bundle(log, "rival", decision.decision_id)


async def test_only_decisions_have_cases(log: AuditLog) -> None:
    decision = await decided(log)
    made = await review(log, decision, "ALLOW", 1)
    with pytest.raises(NotFound):
        await bundle(log, "acme", made.decision_id)


async def test_a_model_that_the_configuration_does_not_name_is_found(log: AuditLog) -> None:
    decision = await decided(log, findings=[finding("copy_move", "not_detected", version="sha256:other")])
    checks = verify_case(await bundle(log, "acme", decision.decision_id), VKEY)
    assert not passed(checks)
    assert failures(checks) == ["models: the detector copy_move sha256:other is not in the configuration"]


async def test_a_restart_with_the_same_configuration_adds_nothing(log: AuditLog) -> None:
    first, second = await log.perform(configure()), await log.perform(configure())
    assert (first.index, first.fresh, second.index, second.fresh) == (0, True, 0, False)
