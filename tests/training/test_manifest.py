"""The corpus names author, licence and source of every photograph, and no photograph is on both sides."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from tests.training.conftest import manifest_line, write_manifest
from training.corpora.manifest import PERMITTED_LICENCES, read_manifest
from training.corpora.photographs import MANIFEST

MEDIA = Path(__file__).parent.parent / "media"


def test_every_photograph_has_a_permitted_licence_an_author_and_evidence() -> None:
    for photograph in read_manifest(MANIFEST):
        assert photograph.licence in PERMITTED_LICENCES
        assert photograph.author.strip()
        assert photograph.evidence
        assert len(photograph.sha256) == 64


def test_the_splits_share_no_photograph() -> None:
    photographs = read_manifest(MANIFEST)
    train = {photograph.sha256 for photograph in photographs if photograph.split == "train"}
    test = {photograph.sha256 for photograph in photographs if photograph.split == "test"}
    assert len(train) >= 100
    assert len(test) >= 20
    assert not train & test


def test_the_pictures_of_the_tests_were_never_trained_on() -> None:
    test = {photograph.member for photograph in read_manifest(MANIFEST) if photograph.split == "test"}
    with (MEDIA / "LICENSES.tsv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file, delimiter="\t"))
    assert {row["member"] for row in listed} <= test
    assert {row["file"] for row in listed} <= {path.name for path in MEDIA.iterdir()}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"licence": "CC-BY-NC-4.0"}, "does not permit"),
        ({"licence": ""}, "no licence"),
        ({"author": ""}, "no author"),
        ({"split": "validation"}, "not train or test"),
    ],
)
def test_a_photograph_that_may_not_be_used_stops_the_build(
    tmp_path: Path, changes: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_manifest(write_manifest(tmp_path / "manifest.tsv", manifest_line(**changes)))


def test_a_photograph_listed_in_both_splits_is_refused(tmp_path: Path) -> None:
    path = write_manifest(tmp_path / "manifest.tsv", manifest_line(name="a"), manifest_line(name="b", split="test"))
    with pytest.raises(ConfigurationError, match="sha256 'some sha256' is listed twice"):
        read_manifest(path)


def test_a_missing_column_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "manifest.tsv"
    path.write_text("name\tsplit\na\ttrain\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="columns"):
        read_manifest(path)
