"""Progress of long measurements: lines that say how far they are."""

from __future__ import annotations

import pytest

from training.evaluation import progress


def test_lines_come_at_once_and_then_no_oftener_than_every_ten_seconds() -> None:
    now, said = [0.0], list[str]()
    advance = progress.lines(40, "files", said.append, lambda: now[0])
    assert said == ["0 of 40 files"]
    for _ in range(5):
        now[0] += 4
        advance(8)
    assert said[1:] == [
        "8 of 40 files, 4 s",
        "32 of 40 files, 16 s, about 4 s left",
        "40 of 40 files, 20 s, about 0 s left",
    ]


def test_the_last_line_comes_once() -> None:
    said = list[str]()
    advance = progress.lines(2, "files", said.append, lambda: 0.0)
    for _ in range(4):
        advance(1)
    assert [line.split(",")[0] for line in said] == ["0 of 2 files", "1 of 2 files", "2 of 2 files"]


def test_items_count_when_the_next_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.shown(2, "pictures") as advance:
        items = progress.followed("ab", advance)
        assert (next(items), capsys.readouterr().err) == ("a", "0 of 2 pictures\n")
        assert list(items) == ["b"]
    out = capsys.readouterr()
    assert out.err.startswith("1 of 2 pictures, 0 s\n2 of 2 pictures")
    assert out.out == ""
