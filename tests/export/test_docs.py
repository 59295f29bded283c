"""docs/exports.md tells of every column and every field, and its example is a mapping."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from server.audit.export.columns import COLUMNS
from server.audit.export.dsa.mapping import DsaMapping, Grounds, Restrictions
from server.audit.export.dsa.statement import Statement

TEXT = (Path(__file__).parents[2] / "docs/exports.md").read_text()


def named_in(table: str) -> list[str]:
    """The names in the first column of the table after a heading."""
    section = TEXT.split(table)[1].split("\n#")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`(\w+)`", row)]


def test_every_column_is_told_of_and_no_other() -> None:
    assert sorted(named_in("## Parquet")) == sorted(column.name for column in COLUMNS)


def test_every_field_is_told_of_and_no_other() -> None:
    assert sorted(named_in("### Where each field comes from")) == sorted(field.name for field in fields(Statement))


def test_the_example_is_a_mapping_that_shows_every_key() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    mapping = DsaMapping.model_validate(tomllib.loads(example))
    shown = set(re.findall(r"^(\w+) =", example, re.MULTILINE))
    known = {*Restrictions.model_fields, *Grounds.model_fields, "territory", "outbound"}
    assert shown == known - {"other"}
    assert mapping.codes["known_content"].illegal
