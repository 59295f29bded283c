"""A table of scores becomes the calibration that `fit` makes of it, and the lines that a configuration needs."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from core.errors import InvalidInput
from detectors.base import Verdict
from detectors.verdicts.calibration import Calibration
from training.evaluation.detecting.calibrate import main, read
from training.evaluation.detecting.fit import fit


def table(folder: Path) -> tuple[Path, list[float], list[bool], list[str]]:
    rng = np.random.default_rng(8)
    labels = [number % 2 == 1 for number in range(200)]
    scores = [round(float(rng.normal(3 if label else -3)), 4) for label in labels]
    photographs = [f"photo {number // 2}" for number in range(200)]
    lines = [f"{score},{int(label)},{name}" for score, label, name in zip(scores, labels, photographs, strict=True)]
    file = folder / "scores.csv"
    file.write_text("\n".join(["score,label,photograph", *lines]))
    return file, scores, labels, photographs


def test_the_file_is_the_fit_and_pinned_by_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, scores, labels, photographs = table(tmp_path)
    output = tmp_path / "house.calibration.json"
    main([str(file), "-o", str(output)])
    printed = tomllib.loads(capsys.readouterr().out)
    made = Calibration.read(Path(printed["calibration"]), printed["calibration_sha256"])
    assert made == fit(scores, labels, photographs)
    assert (made.judge(9).verdict, made.judge(-9).verdict) == (Verdict.DETECTED, Verdict.NOT_DETECTED)


@pytest.mark.parametrize(
    ("text", "field", "says"),
    [
        ("score,label\n1,1", "photograph", "no column"),
        ("", "score", "no column"),
        ("score,label,photograph\n1,1,a\nhigh,1,b", "score", "line 3"),
        ("score,label,photograph\nnan,1,b", "score", "line 2"),
        ("score,label,photograph\n1,yes,b", "label", "neither 0 nor 1"),
        ("score,label,photograph\n1,1,", "photograph", "empty"),
        ("score,label,photograph\n1", "label", "line 2"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_by_line_and_column(
    tmp_path: Path, text: str, field: str, says: str
) -> None:
    file = tmp_path / "scores.csv"
    file.write_text(text)
    with pytest.raises(InvalidInput, match=says) as caught:
        read(file)
    assert caught.value.field == field


def test_too_few_photographs_write_nothing(tmp_path: Path) -> None:
    file = tmp_path / "scores.csv"
    file.write_text("score,label,photograph\n1,1,a\n0,0,b\n")
    output = tmp_path / "made.json"
    with pytest.raises(SystemExit, match="photographs"):
        main([str(file), "-o", str(output)])
    with pytest.raises(SystemExit, match="cannot be read"):
        main([str(tmp_path / "no.csv"), "-o", str(output)])
    assert not output.exists()
