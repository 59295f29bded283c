"""Statements of reasons: which decisions are owed one, and where each field comes from."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import PreconditionFailed
from server.audit.export import Format
from server.audit.export.dsa.mapping import DsaMapping
from server.audit.export.dsa.vocabulary import (
    EEA,
    Visibility,
)
from tests.export import generated
from tests.export.making import MemoryLog, body, finding, lines, reason, refusal


async def statements(log: MemoryLog, **mapping: Any) -> list[dict[str, Any]]:
    return await lines(log, Format.DSA, mapping=DsaMapping.model_validate(mapping))


async def one(content: dict[str, Any], **mapping: Any) -> dict[str, Any]:
    """The statement about one decision."""
    log = MemoryLog()
    log.decide(content)
    (found,) = await statements(log, **mapping)
    return found


async def test_every_field_of_a_blocked_upload() -> None:
    log = MemoryLog()
    recorded = log.decide(body("BLOCK"))
    (found,) = await statements(log)
    assert found == {
        "puid": recorded.decision_id,
        "decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"],
        "decision_facts": (
            "The image was examined by automated means when it was received. "
            "Detected: copy_move (by copy_move, probability 0.938). "
            "The written policy 'platform-default' decided BLOCK for: copy_move."
        ),
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": "rule 'copied-region' of the policy 'platform-default'",
        "incompatible_content_explanation": "Part of the picture is a copy of another part.",
        "content_type": ["CONTENT_TYPE_IMAGE"],
        "category": "STATEMENT_CATEGORY_OTHER_VIOLATION_TC",
        "territorial_scope": ["DE"],
        "content_date": "2026-03-01",
        "application_date": "2026-03-01",
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "Yes",
        "automated_decision": "AUTOMATED_DECISION_FULLY",
    }


async def test_only_restrictions_are_stated() -> None:
    log = MemoryLog()
    for content in (body("ALLOW"), body("REVIEW"), body("LABEL"), body("BLOCK"), refusal()):
        log.decide(content)
    assert [each["decision_visibility"] for each in await statements(log)] == [
        ["DECISION_VISIBILITY_CONTENT_REMOVED"],
        ["DECISION_VISIBILITY_CONTENT_LABELLED"],
    ]


async def test_the_operator_says_what_an_action_means() -> None:
    log = MemoryLog()
    for action in ("LABEL", "REVIEW", "BLOCK"):
        log.decide(body(action))
    meaning = {"block": Visibility.OTHER, "other": "not published", "label": "", "review": Visibility.DISABLED}
    blocked, held = await statements(log, restrictions=meaning)
    assert blocked["decision_visibility"] == ["DECISION_VISIBILITY_OTHER"]
    assert blocked["decision_visibility_other"] == "not published"
    assert held["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_DISABLED"]
    assert "decision_visibility_other" not in held


async def test_media_made_here_is_nobody_elses_information() -> None:
    log = MemoryLog()
    log.decide(body("BLOCK", direction="outbound"))
    assert await statements(log) == []
    assert len(await statements(log, outbound=True)) == 1


@pytest.mark.parametrize(
    ("jurisdiction", "scope"),
    [("FR", ["FR"]), ("GR", ["GR"]), ("NO", ["NO"]), ("", list(EEA)), ("US", None), ("CH", None)],
)
async def test_where_a_decision_holds(jurisdiction: str, scope: list[str] | None) -> None:
    log = MemoryLog()
    log.decide(body(context={"surface": "", "jurisdiction": jurisdiction, "task": ""}))
    found = await statements(log)
    assert [each["territorial_scope"] for each in found] == ([] if scope is None else [scope])


async def test_the_operator_says_where_it_holds_when_nobody_did() -> None:
    nowhere = body(context={"surface": "", "jurisdiction": "", "task": ""})
    assert (await one(nowhere, territory=["DE", "AT"]))["territorial_scope"] == ["AT", "DE"]


async def test_entries_of_the_first_release_have_no_jurisdiction_of_their_own() -> None:
    content = body()
    del content["context"]
    assert len((await one(content))["territorial_scope"]) == 30


async def test_a_code_has_its_own_grounds() -> None:
    grounds: dict[str, Any] = {
        "illegal": True,
        "category": "STATEMENT_CATEGORY_PROTECTION_OF_MINORS",
        "keywords": ["KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL"],
        "ground": "Section 184b of the criminal code",
        "explanation": "It is on a list of known material.",
        "url": "https://law.example/184b",
        "source": "SOURCE_TRUSTED_FLAGGER",
    }
    found = await one(body(reasons=[reason(code="known_content")]), codes={"known_content": grounds})
    assert found["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    assert found["illegal_content_legal_ground"] == "Section 184b of the criminal code"
    assert found["illegal_content_explanation"] == "It is on a list of known material."
    assert (found["category"], found["category_specification"]) == (grounds["category"], grounds["keywords"])
    assert found["decision_ground_reference_url"] == "https://law.example/184b"
    assert found["source_type"] == "SOURCE_TRUSTED_FLAGGER"
    assert not [name for name in found if name.startswith("incompatible")]


@pytest.mark.parametrize(("also", "expected"), [(True, "Yes"), (False, "No"), (None, None)])
async def test_content_against_the_terms_may_be_illegal_too(also: bool | None, expected: str | None) -> None:
    found = await one(body(), default={"also_illegal": also})
    assert found.get("incompatible_content_illegal") == expected


async def test_the_leading_reason_decides_on_the_grounds() -> None:
    content = body(reasons=[reason(code="first", text="One."), reason(code="second", text="Two.")])
    found = await one(content, codes={"second": {"ground": "clause 2"}})
    assert found["incompatible_content_explanation"] == "One."
    assert "clause" not in found["incompatible_content_ground"]
    assert found["decision_facts"].endswith("decided BLOCK for: first, second.")


async def test_synthetic_media_is_named_where_the_operator_says_so() -> None:
    content = body("LABEL", reasons=[reason("LABEL", code="declared_ai")])
    found = await one(content, codes={"declared_ai": {"content_types": ["CONTENT_TYPE_SYNTHETIC_MEDIA"]}})
    assert found["content_type"] == ["CONTENT_TYPE_IMAGE", "CONTENT_TYPE_SYNTHETIC_MEDIA"]


async def test_facts_name_what_detected_and_nothing_from_the_media() -> None:
    silent = finding(verdict="not_detected", detector="metadata")
    uncalibrated = finding(detector="known_hash", label="known_content", explanation="for Jane Doe", codes=["jane"])
    del uncalibrated["probability"]
    content = body(findings=[silent, uncalibrated], reasons=[reason(operands={"issuer": "Jane Doe"})])
    facts = (await one(content))["decision_facts"]
    assert "Detected: known_content (by known_hash)." in facts
    assert not re.search("metadata|[Jj]ane", facts)


async def test_without_a_detection_the_facts_say_so() -> None:
    content = body(findings=[finding(verdict="abstained")])
    assert "No detector detected anything" in (await one(content))["decision_facts"]


async def test_long_texts_are_cut_to_what_the_database_takes() -> None:
    content = body(reasons=[reason(text="x" * 3000, rule="r" * 600, code="c" * 6000)])
    found = await one(content)
    assert len(found["incompatible_content_explanation"]) == 2000
    assert len(found["incompatible_content_ground"]) == 500
    assert len(found["decision_facts"]) == 5000
    assert all(found[name].endswith("…") for name in ("incompatible_content_explanation", "decision_facts"))


async def test_dates_are_those_of_utc() -> None:
    log = MemoryLog(datetime(2026, 12, 31, 20, 0, tzinfo=timezone(timedelta(hours=-5))))
    log.decide(body())
    assert (await statements(log))[0]["content_date"] == "2027-01-01"


class TestReviews:
    """Each act is stated by itself, under the id of the entry that imposed it."""

    async def test_a_person_who_blocks_what_waited(self) -> None:
        log = MemoryLog()
        decision = log.decide(body("REVIEW"))
        review = log.review(decision, "BLOCK", code="terms-4")
        (found,) = await statements(log, codes={"terms-4": {"ground": "clause 4"}})
        assert found["puid"] == review.decision_id
        assert found["automated_decision"] == "AUTOMATED_DECISION_PARTIALLY"
        assert (found["content_date"], found["application_date"]) == ("2026-03-01", "2026-03-04")
        assert found["incompatible_content_ground"] == "clause 4"
        assert found["decision_facts"].endswith("A person then decided BLOCK in place of REVIEW, for: terms-4.")

    async def test_an_overturned_block_had_its_time(self) -> None:
        log = MemoryLog()
        decision = log.decide(body("BLOCK"))
        log.review(decision, "ALLOW")
        (found,) = await statements(log)
        assert found["puid"] == decision.decision_id
        assert found["end_date_visibility_restriction"] == "2026-03-04"
        assert found["automated_decision"] == "AUTOMATED_DECISION_FULLY"

    async def test_another_restriction_is_another_statement(self) -> None:
        log = MemoryLog()
        decision = log.decide(body("LABEL"))
        review = log.review(decision, "BLOCK")
        labelled, blocked = await statements(log)
        assert (labelled["puid"], blocked["puid"]) == (decision.decision_id, review.decision_id)
        assert labelled["end_date_visibility_restriction"] == blocked["application_date"] == "2026-03-04"
        assert "end_date_visibility_restriction" not in blocked

    async def test_an_upheld_decision_stays_the_statement_it_was(self) -> None:
        log = MemoryLog()
        decision = log.decide(body("BLOCK"))
        before = await statements(log)
        log.review(decision, "BLOCK")
        assert await statements(log) == before

    async def test_what_was_held_back_and_let_go(self) -> None:
        log = MemoryLog()
        log.review(log.decide(body("REVIEW")), "ALLOW")
        assert await statements(log) == []
        (held,) = await statements(log, restrictions={"review": Visibility.DISABLED})
        assert held["end_date_visibility_restriction"] == "2026-03-04"

    async def test_a_clock_that_steps_back_ends_nothing_before_it_began(self) -> None:
        log = MemoryLog()
        log.review(log.decide(body("BLOCK")), "ALLOW", after=timedelta(days=-9))
        (found,) = await statements(log)
        assert found["end_date_visibility_restriction"] == found["application_date"] == "2026-03-01"


async def test_a_decision_that_cannot_be_stated_stops_the_export() -> None:
    log = MemoryLog(datetime(2019, 1, 1, tzinfo=UTC))
    recorded = log.decide(body())
    with pytest.raises(PreconditionFailed, match=f"{recorded.decision_id} cannot be stated.*2019-01-01"):
        await statements(log)


@given(st.lists(generated.decisions(), max_size=6), st.booleans())
@settings(max_examples=60)
def test_every_restriction_of_any_decision_can_be_stated(made: list[dict[str, Any]], outbound: bool) -> None:
    log = MemoryLog()
    for content in made:
        log.decide(content)
    found = asyncio.run(statements(log, outbound=outbound))
    owed = [
        each
        for each in made
        if each.get("action") in ("BLOCK", "LABEL")
        and each["context"]["jurisdiction"] != "US"
        and (outbound or each["direction"] == "inbound")
    ]
    assert len(found) == len(owed)
    assert len({each["puid"] for each in found}) == len(found)
    for each in found:
        # What the API calls mandatory, whatever the decision was.
        assert {
            "decision_visibility",
            "decision_facts",
            "decision_ground",
            "content_type",
            "category",
            "territorial_scope",
            "content_date",
            "application_date",
            "source_type",
            "automated_detection",
            "automated_decision",
            "puid",
        } <= each.keys()
