"""What the Transparency Database would refuse is no statement, and what makes no sense is no mapping."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigurationError, InvalidInput
from server.audit.export.dsa.mapping import DsaMapping, read_mapping
from server.audit.export.dsa.statement import Statement
from server.audit.export.dsa.vocabulary import (
    Automation,
    Category,
    ContentType,
    Ground,
    Source,
    Visibility,
    YesNo,
)

SOUND = Statement(
    puid="0a-Z_9",
    decision_visibility=(Visibility.REMOVED,),
    decision_facts="facts",
    decision_ground=Ground.INCOMPATIBLE,
    incompatible_content_ground="clause",
    incompatible_content_explanation="why",
    content_type=(ContentType.IMAGE,),
    category=Category.OTHER_VIOLATION_TC,
    territorial_scope=("DE",),
    content_date=date(2026, 1, 1),
    application_date=date(2026, 1, 1),
    source_type=Source.VOLUNTARY,
    automated_detection=YesNo.YES,
    automated_decision=Automation.FULLY,
)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("puid", {"puid": "a b"}),
        ("puid", {"puid": ""}),
        ("puid", {"puid": "a" * 501}),
        ("decision_visibility", {"decision_visibility": ()}),
        ("decision_visibility_other", {"decision_visibility": (Visibility.OTHER,)}),
        ("decision_visibility_other", {"decision_visibility_other": "something"}),
        ("decision_facts", {"decision_facts": ""}),
        ("decision_facts", {"decision_facts": "a" * 5001}),
        ("incompatible_content_ground", {"incompatible_content_ground": None}),
        ("incompatible_content_ground", {"incompatible_content_ground": " \n"}),
        ("incompatible_content_explanation", {"incompatible_content_explanation": ""}),
        ("incompatible_content_explanation", {"incompatible_content_explanation": "a" * 2001}),
        ("illegal_content_legal_ground", {"illegal_content_legal_ground": "law"}),
        ("illegal_content_legal_ground", {"decision_ground": Ground.ILLEGAL}),
        ("content_type", {"content_type": ()}),
        ("territorial_scope", {"territorial_scope": ()}),
        ("territorial_scope", {"territorial_scope": ("DE", "US")}),
        ("content_date", {"content_date": date(1999, 12, 31)}),
        ("application_date", {"application_date": date(2038, 1, 2)}),
        ("end_date_visibility_restriction", {"end_date_visibility_restriction": date(2025, 12, 31)}),
    ],
)
def test_what_the_database_would_refuse_is_no_statement(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        replace(SOUND, **changes)
    assert refused.value.field == field


def test_illegal_content_is_not_also_illegal() -> None:
    grounds: dict[str, Any] = {
        "decision_ground": Ground.ILLEGAL,
        "incompatible_content_ground": None,
        "incompatible_content_explanation": None,
        "illegal_content_legal_ground": "law",
        "illegal_content_explanation": "why",
    }
    assert replace(SOUND, **grounds).decision_ground is Ground.ILLEGAL
    with pytest.raises(InvalidInput, match="incompatible_content_illegal"):
        replace(SOUND, **grounds, incompatible_content_illegal=YesNo.NO)


MAPPING = """
territory = ["DE"]
[restrictions]
review = "DECISION_VISIBILITY_CONTENT_DISABLED"
label = ""
[codes.known_content]
illegal = true
ground = "a law"
"""


def test_a_mapping_is_read_from_toml(tmp_path: Path) -> None:
    path = tmp_path / "dsa.toml"
    path.write_text(MAPPING)
    mapping = read_mapping(path)
    assert mapping.restrictions.review is Visibility.DISABLED
    assert (mapping.restrictions.label, mapping.restrictions.block) == (None, Visibility.REMOVED)
    assert mapping.grounds("other", "known_content").ground == "a law"
    assert mapping.grounds("other") == mapping.default
    path.write_text("")
    assert read_mapping(path) == DsaMapping()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("territory = ['US']", "territory.0"),
        ("territory = []", "territory"),
        ("teritory = ['DE']", "teritory"),
        ("[restrictions]\nblock = 'REMOVED'", "restrictions.block"),
        ("[restrictions]\nblock = 'DECISION_VISIBILITY_OTHER'", "'other' describes"),
        ("[restrictions]\nother = 'nothing'", "'other' describes"),
        ("[codes.a]\nillegal = true", "has to be named"),
        ("[codes.a]\nillegal = true\nground = 'law'\nalso_illegal = true", "also_illegal"),
        ("[codes.a]\nkeywords = ['none']", "codes.a.keywords.0"),
        ("[default]\ncategory = 'STATEMENT_CATEGORY_PIRACY'", "default.category"),
        ("no toml", "is not TOML"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "dsa.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        read_mapping(path)


def test_a_mapping_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot read"):
        read_mapping(tmp_path / "none.toml")
