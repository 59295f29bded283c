"""The list of photographs that a corpus is made of, each with author, licence and source.

It knows which licences let a picture train a weight that we ship; it does not know how to fetch or decode one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from core.errors import ConfigurationError

Split: TypeAlias = Literal["train", "test"]

PERMITTED_LICENCES = frozenset(
    {
        "CC0-1.0",
        "LicenseRef-public-domain",
        "CC-BY-2.0",
        "CC-BY-3.0",
        "CC-BY-4.0",
        "CC-BY-SA-3.0",
        "CC-BY-SA-4.0",
        "GPL-2.0-or-later",
        "LGPL-3.0",
    }
)
"""SPDX identifiers of licences under which a photograph may train a shipped weight, with attribution."""


@dataclass(frozen=True, slots=True)
class Photograph:
    """One photograph inside a Debian package.

    member: path in the package; `container!inner` where the file sits in a Qt resource file. evidence: the path, in the
    same notation, of the file that states author and licence. sha256: of the picture's bytes, hex.
    """

    name: str
    split: Split
    package: str
    version: str
    member: str
    author: str
    licence: str
    source: str
    evidence: str
    sha256: str


COLUMNS = tuple(field.name for field in fields(Photograph))


def read_manifest(path: Path) -> tuple[Photograph, ...]:
    """The photographs listed in a tab-separated file with the columns of `Photograph`.

    Raises ConfigurationError for a missing column, an unknown licence or split, or a name or digest listed twice: one
    photograph in both splits would let a model be measured on what it has seen.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t")
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ConfigurationError(f"{path.name}: columns are {reader.fieldnames}, not {list(COLUMNS)}")
        photographs = tuple(_photograph(row) for row in reader)
    _refuse_duplicates("name", (photograph.name for photograph in photographs))
    _refuse_duplicates("sha256", (photograph.sha256 for photograph in photographs))
    return photographs


def _photograph(row: dict[str, str]) -> Photograph:
    name = row["name"]
    if empty := [column for column in COLUMNS if not row[column]]:
        raise ConfigurationError(f"{name}: no {', '.join(empty)}")
    if row["licence"] not in PERMITTED_LICENCES:
        raise ConfigurationError(f"{name}: licence {row['licence']!r} does not permit training")
    if row["split"] not in get_args(Split):
        raise ConfigurationError(f"{name}: split is {row['split']!r}, not train or test")
    split: Split = "train" if row["split"] == "train" else "test"
    return Photograph(split=split, **{column: row[column] for column in COLUMNS if column != "split"})


def _refuse_duplicates(column: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ConfigurationError(f"{column} {value!r} is listed twice")
        seen.add(value)
