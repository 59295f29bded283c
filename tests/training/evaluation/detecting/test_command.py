"""`python -m training.evaluate detectors`: any list of files, real sandbox, figures beside baselines, refusals."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.errors import InvalidInput
from core.media import Media
from detectors.base import Detector
from detectors.catalog import build
from detectors.hash_list import HashList
from detectors.verdicts.learned import Reading
from tests.detectors.making import A1111, coded, film_of, halved, with_chunks
from tests.training.evaluation.detecting.making import Marking, Reddish, listed, plain
from training import evaluate
from training.evaluation.detecting import plots, tables
from training.evaluation.detecting.baselines import BASELINES, SIZE_AND_FORMAT
from training.evaluation.detecting.command import measured
from training.evaluation.detecting.deliveries import DELIVERIES
from training.evaluation.detecting.report import Report, to_json, told
from training.evaluation.detecting.tasks import GENERATED, chosen


def called(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluate", "detectors", *map(str, words)])
    evaluate.main()


@pytest.fixture(scope="module")
def reddish(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve real pictures as JPEG, ten red ones as PNG by two generators; and what cannot be used."""
    folder = tmp_path_factory.mktemp("reddish")
    files: dict[str, bytes] = {}
    rows: list[dict[str, str]] = []
    for number in range(12):
        files[f"real{number}.jpg"] = coded(plain(0.1 + 0.04 * number, number), "JPEG", quality=95)
        rows.append({"file": f"real{number}.jpg", "label": "real"})
    for number in range(10):
        files[f"made{number}.png"] = coded(plain(0.45 + 0.05 * number, 50 + number, 64, 64))
        rows.append({"file": f"made{number}.png", "label": "ai", "generator": f"G{number % 2}"})
    files |= {"small.png": coded(plain(0.9, 3, 20, 20)), "cut.png": files["made0.png"][:60], "text.jpg": b"no picture"}
    files |= {"film.mp4": film_of(*[np.zeros((32, 32, 3), np.uint8)] * 2)}
    rows.append({"file": "small.png", "label": "ai"})
    rows += [{"file": name, "label": "ai"} for name in ("cut.png", "text.jpg", "film.mp4", "none.png", "\0.png", ".")]
    rows.append({"file": "manipulated.png", "label": "manipulated"})  # nobody is for it: it is not even opened
    return listed(folder, rows, files)


@pytest.fixture(scope="module")
def report(reddish: Path) -> Report:
    return measured(reddish, [Reddish()], robustness=True, normalise=False)


def test_what_cannot_be_used_is_named_with_its_line_and_counted(report: Report) -> None:
    assert [(each.line, each.file) for each in report.left_out] == [
        (25, "cut.png"),
        (26, "text.jpg"),
        (27, "film.mp4"),
        (28, "none.png"),
        (29, "\0.png"),
        (30, "."),
    ]
    assert all(each.reason for each in report.left_out)
    assert report.counts == {"real": 12, "ai": 11, "manipulated": 0}
    assert sum(line.startswith("left out, line ") for line in told(report)) == 6


def test_figures_stand_beside_baselines_and_hold_together(report: Report) -> None:
    (found,) = report.evaluations
    whole = found.whole.figures
    assert (whole.positives, whole.negatives) == (11, 12)
    assert whole.auc.low < whole.auc.value < whole.auc.high
    # The small picture is not dropped: it ranks at the even score, .5, below real pictures that are redder.
    scores = [0.45 + 0.05 * number for number in range(10)] + [0.5]
    real = [0.1 + 0.04 * number for number in range(12)]
    above = np.mean([[one > other for other in real] for one in scores])
    assert whole.auc.value == pytest.approx(float(above), abs=0.02)
    assert whole.unread.value == pytest.approx(1 / 23)
    assert set(found.whole.baselines) == set(BASELINES)
    assert found.whole.baselines[SIZE_AND_FORMAT].auc.value > 0.85  # as the files are, their formats say it all
    assert {name: part.figures.positives for name, part in found.generators.items()} == {"G0": 5, "G1": 5}
    assert all(part.figures.negatives == 12 for part in found.generators.values())
    assert whole.sound is not None
    assert whole.sound.cllr_min <= whole.sound.cllr
    assert sum(each.count for each in whole.sound.bins) == 23


def test_deliveries_are_of_all_files_and_count_what_flips(report: Report) -> None:
    (found,) = report.evaluations
    assert list(found.steps) == list(DELIVERIES)
    for step in found.steps.values():
        assert (step.part.figures.positives, step.part.figures.negatives) == (11, 12)
        assert step.flipped.value <= step.changed.value
        assert step.changed.count == 23
    assert found.steps["jpeg_95"].changed.value < 0.1  # red stays red
    assert found.steps["resize_0.25"].part.figures.unread.value == 1.0  # 16 pixels: too small, and none is dropped
    assert found.steps["resize_0.25"].part.figures.auc.value == 0.5


def test_in_the_normal_form_nothing_but_the_picture_speaks(reddish: Path) -> None:
    found = measured(reddish, [Reddish()], robustness=False, normalise=True)
    (evaluation,) = found.evaluations
    assert evaluation.whole.baselines[SIZE_AND_FORMAT].auc.value == 0.5
    assert evaluation.whole.figures.auc.value > 0.8
    assert "without metadata" in found.protocol


def test_the_json_holds_everything_under_its_name(report: Report) -> None:
    found: dict[str, Any] = json.loads(to_json(report))
    assert found["auc"] == round(report.evaluations[0].whole.figures.auc.value, 4)
    assert found["auc_low"] < found["auc"] < found["auc_high"]
    assert found["normalised"] is False
    assert found["files"] == {"real": 12, "ai": 11, "manipulated": 0}
    one = found["detectors"][GENERATED]
    assert one["whole"]["figures"]["auc"]["value"] == found["auc"]
    assert set(one["whole"]["baselines"]) == set(BASELINES)
    assert set(one["steps"]) == set(DELIVERIES)
    assert one["steps"]["jpeg_40"]["flipped"]["count"] == 23
    assert one["located"] is None


def test_tables_say_what_was_done_to_the_files(report: Report) -> None:
    text = tables.to_markdown(report)
    assert text.startswith("12 real, 11 ai; 6 left out.")
    assert "files as they are" in text
    for name in (*BASELINES, "chance", "G0", "jpeg_75_half", "thumbnail_64"):
        assert f"| {name} |" in text
    assert all(len(row) == len(sheet.headings) for sheet in tables.sheets(report) for row in sheet.rows)


def test_plots_are_drawn(report: Report, tmp_path: Path) -> None:
    (path,) = plots.draw(report.evaluations, tmp_path / "new")
    with Image.open(path) as picture:
        assert np.asarray(picture.convert("L")).std() > 10


def manipulated(folder: Path, **changes: bytes) -> Path:
    files: dict[str, bytes] = {}
    rows: list[dict[str, str]] = []
    for number in range(4):
        pixels, mask = plain(0.2, number, 300, 400), np.zeros((300, 400), np.uint8)
        files[f"r{number}.png"] = coded(pixels)
        mask[100:200, 150:250] = 255
        pixels[mask > 0, 0] = 255
        files[f"m{number}.png"], files[f"mask{number}.png"] = coded(pixels), coded(mask)
        told = {"photograph": str(number)}
        rows.append(told | {"file": f"r{number}.png", "label": "real"})
        rows.append(told | {"file": f"m{number}.png", "label": "manipulated", "mask": f"mask{number}.png"})
    return listed(folder, rows, files | changes)


@pytest.mark.parametrize("normalise", [False, True])
def test_maps_are_measured_where_masks_are(tmp_path: Path, normalise: bool) -> None:
    found = measured(manipulated(tmp_path), [Marking()], robustness=False, normalise=normalise)
    (evaluation,) = found.evaluations
    assert evaluation.located is not None
    assert evaluation.located.f1.value > 0.95
    assert evaluation.located.f1.count == 4
    assert evaluation.located.everything < 0.3
    assert "F1 of pixels" in tables.to_markdown(found)
    assert json.loads(to_json(found))["auc"] is None  # no detector of generated images took part


def test_who_draws_no_map_at_all_is_not_measured_by_maps(tmp_path: Path) -> None:
    (copies,) = chosen(build(HashList()), ["copy_move"])
    found = measured(manipulated(tmp_path), [copies], robustness=False, normalise=False)
    assert found.evaluations[0].located is None  # pictures of noise: nothing repeats


def test_masks_that_cannot_be_used_are_told_and_the_picture_stays(tmp_path: Path) -> None:
    changes = {"mask0.png": b"none", "mask1.png": coded(np.full((9, 9), 255, np.uint8))}
    data = manipulated(tmp_path, **changes)
    found = measured(data, [Marking()], robustness=False, normalise=False)
    assert [each.reason.split(":")[0] for each in found.left_out] == ["mask", "mask"]
    assert "9×9" in found.left_out[1].reason
    assert found.counts["manipulated"] == 4
    assert found.evaluations[0].located is not None
    assert found.evaluations[0].located.f1.count == 2


def less(reddish: Path) -> Path:
    """The same table without its last row, the only manipulated one."""
    data = reddish.with_name("less.tsv")
    data.write_text(reddish.read_text().rpartition("manipulated.png")[0])
    return data


def test_a_detector_whose_label_is_missing_is_told(reddish: Path) -> None:
    detectors: Sequence[Detector] = [Reddish(), Marking()]
    found = measured(less(reddish), detectors, robustness=False, normalise=False)
    assert [each.detector for each in found.evaluations] == [GENERATED]
    assert found.unmeasured == {"manipulation": "needs real pictures and pictures that are manipulated"}


def test_the_command_prints_one_object_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = halved("crab")
    files = {"a.png": with_chunks(photo, parameters=A1111), "b.jpg": coded(photo, "JPEG"), "c.jpg": b"broken"}
    rows = [{"file": "a.png", "label": "ai"}, {"file": "b.jpg", "label": "real"}, {"file": "c.jpg", "label": "real"}]
    data, document = listed(tmp_path, rows, files), tmp_path / "page.md"
    data.write_text(data.read_text().replace("photograph", "photo").replace("\treal", "\tREAL"))
    document.write_text("before\n{}\nold\n{}\nafter\n".format(*tables.marks("some")))
    words = ("--data", data, "--detectors", "metadata")
    called(monkeypatch, *words, "--json", "--write", document, "--table", "some", "--plots", tmp_path / "plots")
    out = capsys.readouterr()
    found = json.loads(out.out)
    assert found["detectors"]["metadata"]["whole"]["figures"]["auc"]["value"] == 1.0
    assert (found["auc"], [each["file"] for each in found["left_out"]]) == (None, ["c.jpg"])
    assert "left out, line 4, c.jpg" in out.err
    assert "**metadata: ai against real" in document.read_text()
    assert (tmp_path / "plots" / "metadata.png").is_file()
    assert f"drawn: {tmp_path / 'plots' / 'metadata.png'}" in out.err
    assert "columns that are not read: photo (is it photograph?)\n0 of 3 files\n3 of 3 files" in out.err
    called(monkeypatch, *words, "--normalise")
    shown = capsys.readouterr().out
    assert "without metadata" in shown
    assert "0.50 [" in shown


BOTH = ({"file": "a.png", "label": "ai"}, {"file": "b.png", "label": "real"})


@pytest.mark.parametrize(
    ("rows", "files", "words", "message"),
    [
        ([{"file": "a.png", "label": "fake"}], {}, (), "list.tsv, line 2, column 2: the label is one of"),
        (BOTH, {}, (), "list.tsv, line 2, column 1: 2 files cannot be used"),
        ([], {}, (), "list.tsv, line 2, column 1: no pictures"),
        (BOTH, {"a.png": coded(plain(0.5, 1))}, (), "line 3, column 1: 1 files cannot be used"),
        (BOTH[:1], {}, (), "list.tsv lists 1 ai: none is labelled real, and every figure"),
        (BOTH[1:], {}, (), "list.tsv lists 1 real: figures need pictures labelled ai or manipulated"),
        (BOTH, {}, ("--detectors", "copy_move"), "lists 1 ai, 1 real: copy_move needs real pictures and pictures that"),
        (BOTH, {}, ("--detectors", "copymove"), "no detector 'copymove'"),
        (BOTH, {}, ("--detectors", "watermark"), "training.evaluation.watermark"),
        (BOTH, {}, ("--write", "none.md"), "none.md cannot be read"),
        (BOTH, {}, ("--write", __file__), "needs one line <!-- detectors table: begin -->"),
        (BOTH, {}, ("--plots", __file__), "cannot be made"),
    ],
)
def test_what_cannot_be_measured_ends_with_two(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    rows: Sequence[Mapping[str, str]],
    files: Mapping[str, bytes],
    words: Sequence[str],
    message: str,
) -> None:
    data = listed(tmp_path, rows, files)
    with pytest.raises(SystemExit) as ended:
        called(monkeypatch, "--data", data, "--json", *words)
    out = capsys.readouterr()
    assert (ended.value.code, out.out) == (2, "")
    assert message in out.err


def test_who_has_one_side_only_is_not_run(reddish: Path) -> None:
    class Never(Marking):
        def read(self, batch: Sequence[Media]) -> list[Reading]:
            raise AssertionError("nothing listed is manipulated")

    found = measured(less(reddish), [Reddish(), Never()], robustness=False, normalise=False)
    assert list(found.unmeasured) == ["manipulation"]


def test_a_pipe_in_the_list_stops_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    data = listed(tmp_path, [{"file": "pipe.png", "label": "ai"}, {"file": "none.png", "label": "real"}], {})
    with pytest.raises(InvalidInput, match="is not a file"):
        measured(data, [Reddish()], robustness=False, normalise=False)


def test_figures_of_nothing_are_null(tmp_path: Path) -> None:
    files = {"a.png": coded(plain(0.9, 1)), "b.png": coded(plain(0.1, 2))}
    data = listed(tmp_path, [{"file": "a.png", "label": "ai"}, {"file": "b.png", "label": "real"}], files)
    found = measured(data, [Reddish()], robustness=False, normalise=False)
    assert found.evaluations[0].whole.figures.auc.value == 1.0
    assert not math.isnan(found.evaluations[0].whole.figures.balanced_accuracy)
    assert "NaN" not in to_json(found)
