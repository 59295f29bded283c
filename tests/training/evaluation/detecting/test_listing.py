"""Lists of pictures: what is read of them, and where they are wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from training.evaluation.detecting.listing import Label, not_read, read_listing, write_listing


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "list.tsv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_columns_may_stand_anywhere_and_others_are_ignored(tmp_path: Path) -> None:
    text = '\ufeffnote\tlabel\tfile\tgenerator\r\na "quote\tai\tsome/a.png\tFLUX\r\n\r\nb\treal\tb.jpg\r\n'
    first, second = read_listing(written(tmp_path, text))
    assert (first.line, first.path, first.label, first.generator) == (2, tmp_path / "some/a.png", Label.AI, "FLUX")
    assert (second.line, second.name, second.label, second.generator) == (4, "b.jpg", Label.REAL, "")
    assert (first.mask, first.photograph) == (None, "some/a.png")


def test_masks_and_photographs_are_read(tmp_path: Path) -> None:
    write_listing(tmp_path / "l.tsv", [{"file": "a", "label": "manipulated", "mask": "m.png", "photograph": "p"}])
    (row,) = read_listing(tmp_path / "l.tsv")
    assert (row.mask, row.photograph) == (tmp_path / "m.png", "p")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "line 1, column 1"),
        ("\n  \n", "line 1, column 1"),
        ("file\tkind\na\tai\n", "line 1, column 2: there is no column 'label'"),
        ("file\tlabel\tfile\na\tai\tb\n", "line 1, column 3: 'file' stands there twice"),
        ("file\tlabel\n", "line 2, column 1"),
        ("file\tlabel\na\tai\nb\tfake\n", "line 3, column 2: the label is one of real, ai, manipulated, not 'fake'"),
        ("label\tfile\n1\ta\n", "line 2, column 1: the label"),
        ("path\tclass\na\tai\n", "line 1, column 2: there is no column 'file'; there are: path, class. The first line"),
        (
            "file label\na ai\n",
            "line 1, column 1: there is no column 'file': spaces where tabs should part",
        ),
        ("file,label\na,ai\n", "line 1, column 1: there is no column 'file': commas where tabs should part"),
        ("file;label\na;ai\n", "line 1, column 1: there is no column 'file': semicolons where tabs should part"),
        ("file\n", "line 1, column 1: there is no column 'label': no tab parts this line"),
        (
            "file\tlabel\na ai\n",
            "line 2, column 2: the label is one of real, ai, manipulated, not '': spaces",
        ),
        ("file\tlabel\na\n", "line 2, column 2: the label is one of real, ai, manipulated, not ''"),
        ("label\tfile\nai\n", "line 2, column 2: no file"),
        (b"file\tlabel\na\tai\nb\xff\tai\n", "line 3, column 2: not UTF-8"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str | bytes, place: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(f"list.tsv, {place}")) as caught:
        read_listing(written(tmp_path, text))
    assert caught.value.field == "data"


def test_capitals_do_not_count(tmp_path: Path) -> None:
    rows = read_listing(written(tmp_path, "File\tLABEL\tgenerator\nA.png\tAI\tFLUX\nb.png\tReal\t\n"))
    assert [(row.name, row.label, row.generator) for row in rows] == [
        ("A.png", Label.AI, "FLUX"),
        ("b.png", Label.REAL, ""),
    ]


def test_columns_that_nobody_reads_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, "file\tlabel\tgenrator\tnote\t\nA.png\tai\tFLUX\tx\t\n")
    assert not_read(path) == ("genrator (is it generator?)", "note")
    assert not_read(written(tmp_path, "file\tlabel\n")) == ()


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.tsv", tmp_path):
        with pytest.raises(InvalidInput, match=f"{path.name}, cannot be read"):
            read_listing(path)


@given(st.lists(st.text(max_size=12), max_size=6).map("\t".join) | st.text(max_size=80) | st.binary(max_size=80))
def test_whatever_a_list_holds_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str | bytes) -> None:
    data = text.encode(errors="replace") if isinstance(text, str) else text
    path = written(tmp_path_factory.mktemp("lists"), b"file\tlabel\n" + data)
    assert re.search(r"line \d+, column \d+|\d+ rows", outcome(path))


def outcome(path: Path) -> str:
    try:
        rows = read_listing(path)
    except InvalidInput as error:
        return error.message
    assert all(row.name and row.label in tuple(Label) for row in rows)
    return f"{len(rows)} rows"
