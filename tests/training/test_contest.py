"""`python -m training.evaluate restoration`: any folder, one table, one JSON object, errors that name their cause."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.errors import ConfigurationError, InvalidInput, PreconditionFailed
from generators import catalog
from tests.generators.pictures import photo
from tests.training.conftest import textured
from training import evaluate
from training.degrade import reduce_bicubic
from training.evaluation.between import write_between
from training.evaluation.restoring import bursts, conditions, contest, cost, pairing, report
from training.evaluation.restoring.folders import Folder
from training.measure import to_picture, to_tensor
from training.metrics import Picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures of odd sizes in two formats, one too small, and files that are none."""
    path = tmp_path / "hr"
    path.mkdir()
    save(path / "one.png", textured(1)[:61, :53])
    save(path / "two.tiff", textured(2)[:50, :50])
    save(path / "tiny.png", textured(3)[:6, :50])
    (path / "notes.txt").write_text("no picture")
    (path / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut")
    (path / ".hidden").write_text("not looked at")
    return path


def save(path: Path, pixels: Picture) -> None:
    Image.fromarray(pixels).save(path)


def called(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluate", "restoration", *map(str, words)])
    evaluate.main()


def test_json_is_one_object_with_every_model_and_what_was_skipped(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    called(monkeypatch, "--hr", folder, "--scale", "2", "--noise", "25", "--jpeg", "10", "--json")
    out = capsys.readouterr()
    found: dict[str, Any] = json.loads(out.out)
    rows = {(row["condition"], row["model"]): row for row in found["models"]}
    assert [model for condition, model in rows if condition == "x2"] == ["compact", "bicubic", "lanczos"]
    for condition in ("noise 25", "jpeg 10"):
        models = [model for each, model in rows if each == condition]
        assert models == [contest.SPOILED, "nlm", "tv", "wavelet", "bilateral", "nafnet", "nafnet_sigma"]
    assert all(row["pictures"] == found["pictures"] == 2 for row in rows.values())
    assert rows["x2", "compact"]["psnr_y"] > 0
    assert 0 < rows["x2", "bicubic"]["ssim_y"] < 1
    assert rows["noise 25", "nlm"]["psnr_y"] > rows["noise 25", contest.SPOILED]["psnr_y"]
    assert rows["noise 25", "nlm"]["seconds_per_megapixel"] > 0
    assert rows["noise 25", contest.SPOILED]["seconds_per_megapixel"] is None
    assert {each["file"] for each in found["skipped"]} == {"tiny.png", "notes.txt", "cut.jpg"}
    assert "skipped cut.jpg: cannot be read" in out.err


def test_small_pictures_that_others_made_are_measured_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    large, small = tmp_path / "large", tmp_path / "small"
    for path in (large, small):
        path.mkdir()
    whole = textured(1)
    save(large / "one.png", whole[:61, :53])
    save(small / "onex2.png", to_picture(reduce_bicubic(to_tensor(whole[:60, :52]), 2)))
    save(large / "alone.png", whole)
    save(large / "other.png", whole)
    save(small / "other.png", whole[:20, :90])
    called(monkeypatch, "--hr", large, "--lr", small, "--json")
    found = json.loads(capsys.readouterr().out)
    assert {(row["condition"], row["model"]) for row in found["models"]} == {
        ("given x2", model) for model in ("compact", "bicubic", "lanczos")
    }
    reasons = {each["file"]: each["reason"] for each in found["skipped"]}
    assert reasons.keys() == {"alone.png", "other.png"}
    assert reasons["alone.png"] == "has no partner in small"
    assert reasons["other.png"].startswith("does not fit its partner other.png, ")


def test_spoiled_pictures_of_equal_size_go_to_the_denoisers(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        save(tmp_path / name / "one.png", textured(1))
    pairs = list(pairing.given_pairs(Folder(tmp_path / "a"), Folder(tmp_path / "b")))
    rows = contest.hold(pairs, catalog.classical())
    assert [row.model for row in rows] == [contest.SPOILED, "nlm", "tv", "wavelet", "bilateral"]
    assert rows[0].psnr_y == np.inf
    assert json.loads(report.to_json(rows, 1, {}))["models"][0]["psnr_y"] is None


@pytest.mark.parametrize("files", [[], ["notes.txt"]])
def test_a_folder_without_pictures_ends_with_2(
    files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in files:
        (tmp_path / name).write_text("no picture")
    with pytest.raises(SystemExit) as ended:
        called(monkeypatch, "--hr", tmp_path, "--json")
    assert ended.value.code == 2
    out = capsys.readouterr()
    assert out.out == ""
    assert "picture" in out.err


@pytest.mark.parametrize(
    "words",
    [["--noise", "0"], ["--jpeg", "101"], ["--scale", "5"], ["--noise", "strong"]],
)
def test_settings_that_make_no_sense_are_refused(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as ended:
        called(monkeypatch, "--hr", "anywhere", *words)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    "words", [["--noise", "5", "6"], ["--jpeg", "10"], ["--blur"], ["--burst", "2"], ["--crop", "9"]]
)
def test_pictures_that_others_spoiled_are_not_spoiled_again(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        called(monkeypatch, "--hr", "anywhere", "--lr", "elsewhere", *words)
    assert ended.value.code == 2
    assert "--lr is spoiled already" in capsys.readouterr().err


def test_the_noise_of_given_pictures_is_told_and_no_other_protocol_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    original = photo("crab.jpg", 64, 64)
    for folder, pixels in (("clean", original), ("noisy", conditions.noised(40).spoil(original, 1))):
        (tmp_path / folder).mkdir()
        save(tmp_path / folder / "crab.png", pixels)
    found = {}
    for words in (["--noise", "40"], ["--noise", "2"]):
        sides = ("--hr", tmp_path / "clean", "--lr", tmp_path / "noisy")
        called(monkeypatch, *sides, *words, "--models", "bilateral", "--json")
        out = json.loads(capsys.readouterr().out)
        assert out["protocol"] == report.GIVEN
        found[words[1]] = {row["model"]: row for row in out["models"]}["bilateral"]
    assert (found["40"]["condition"], found["2"]["condition"]) == ("given, noise 40", "given, noise 2")
    assert found["40"]["psnr_y"] > found["2"]["psnr_y"] + 1  # what is told is heard


def test_progress_counts_the_pairs_and_not_the_large_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "baby.png", textured(1)[:60, :60])
    for level in (15, 25, 50):
        save(tmp_path / f"baby_noisy{level}.png", textured(1)[:60, :60])
    for words, count in (([], 3), (["--noise", "25"], 1)):
        called(monkeypatch, "--hr", tmp_path, "--lr", tmp_path, *words, "--models", "bilateral", "--json")
        lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("skipped")]
        assert (lines[0], lines[-1].split(",")[0]) == (f"0 of {count} pairs", f"{count} of {count} pairs")


def test_the_table_is_written_between_its_marks_and_drawn(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page, picture = tmp_path / "page.md", tmp_path / "plot.png"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    called(monkeypatch, "--hr", folder, "--scale", "3", "--crop", "48", "--write", page, "--plot", picture)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "| x3 | bicubic | 2 |" in text
    assert "old" not in text
    assert "3 files skipped" in capsys.readouterr().out
    with Image.open(picture) as drawn:
        assert drawn.format == "PNG"


def test_a_page_without_marks_and_a_picture_of_no_format_are_refused(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("nothing")
    with pytest.raises(ConfigurationError, match=r"page\.md"):
        write_between(tmp_path / "page.md", (report.BEGIN, report.END), "text")
    with pytest.raises(PreconditionFailed, match=r"plot\.xyz"):
        report.plot([contest.Row("m", "x2", "upscale", 1, 30.0, 0.9, 1.0, None)], tmp_path / "plot.xyz")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--write", "page.md"], "page.md needs one line <!-- restoration table: begin -->"),
        (["--write", "none.md"], "none.md cannot be read"),
        (["--plot", "plot.xyz"], "plot.xyz is no kind of picture that can be drawn"),
        (["--plot", "nowhere/plot.png"], "there is no folder"),
        (["--models", "compactt"], "no model 'compactt'; there are: compact, "),
    ],
)
def test_what_would_fail_in_the_end_is_told_before_the_work(
    words: list[str],
    message: str,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "page.md").write_text("no marks")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        called(monkeypatch, "--hr", folder, *words)
    assert ended.value.code == 2
    out = capsys.readouterr()
    assert message in out.err
    assert "0 of" not in out.err  # nothing was begun


def test_named_models_alone_take_part_and_progress_is_on_stderr(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    called(monkeypatch, "--hr", folder, "--noise", "25", "--models", "bilateral", "--json")
    out = capsys.readouterr()
    assert [row["model"] for row in json.loads(out.out)["models"]] == [contest.SPOILED, "bilateral"]
    assert out.err.startswith("0 of 5 spoiled pictures\n")


def test_plots_say_what_they_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(PreconditionFailed, match="pip install matplotlib"):
        report.plot([], tmp_path / "plot.png")


def test_noise_depends_on_the_seed_alone_and_jpeg_on_the_quality() -> None:
    original = textured(1)
    noisy = conditions.noised(25)
    assert np.array_equal(noisy.spoil(original, 1), noisy.spoil(original, 1))
    assert not np.array_equal(noisy.spoil(original, 1), noisy.spoil(original, 2))
    harm = [
        np.abs(conditions.compressed(quality).spoil(original, 0).astype(int) - original).mean() for quality in (10, 90)
    ]
    assert harm[0] > harm[1] > 0


def test_cost_counts_work_and_what_memory_it_took() -> None:
    made, found = cost.measured(lambda: int(np.ones(30_000_000).sum()))
    assert made == 30_000_000
    assert found.seconds > 0
    assert found.megabytes is None or found.megabytes > 150


def test_blurred_pictures_go_to_deblurrers_and_to_what_sharpens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "photo.png", photo("crab.jpg", 96, 96))
    called(monkeypatch, "--hr", tmp_path, "--blur", "--json")
    rows = json.loads(capsys.readouterr().out)["models"]
    assert [row["condition"] for row in rows if row["model"] == contest.SPOILED] == [
        "gaussian 1",
        "gaussian 2",
        "disc 3",
        "motion 9",
    ]
    for condition in ("gaussian 1", "gaussian 2"):
        found = {row["model"]: row["psnr_y"] for row in rows if row["condition"] == condition}
        assert {contest.SPOILED, "unsharp", "wiener", "richardson_lucy"} <= found.keys()
        assert found["wiener"] > found[contest.SPOILED] + 1
        assert found["richardson_lucy"] > found[contest.SPOILED] + 0.5


@pytest.mark.parametrize("condition", conditions.BLURS, ids=lambda each: each.name)
def test_a_blur_takes_detail_and_is_the_same_for_the_same_seed(condition: conditions.Condition) -> None:
    original = photo("crab.jpg", 64, 64)
    spoilt = condition.spoil(original, 3)
    assert np.array_equal(spoilt, condition.spoil(original, 3))
    assert not np.array_equal(spoilt, condition.spoil(original, 4))
    assert np.abs(np.diff(spoilt.astype(int), axis=1)).mean() < np.abs(np.diff(original.astype(int), axis=1)).mean()
    assert spoilt.mean() == pytest.approx(original.mean(), abs=1)


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(InvalidInput) as refusal:
        Folder(Path("nowhere"), "lr")
    assert (refusal.value.field, refusal.value.found) == ("lr", "nowhere")


def test_bursts_are_held_against_the_enlargement_of_their_first_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "photo.png", photo("stream.jpg", 128, 128))
    called(monkeypatch, "--hr", tmp_path, "--burst", "4", "--burst-noise", "4", "--json")
    rows = json.loads(capsys.readouterr().out)["models"]
    for reduction in bursts.REDUCTIONS:
        found = {row["model"]: row["psnr_y"] for row in rows if f", {reduction}," in row["condition"]}
        assert found.keys() == {"compact", "bicubic", "lanczos", "burst"}
        assert found["burst"] > found["compact"]


def test_a_burst_is_the_same_for_the_same_seed_and_begins_where_nothing_moved() -> None:
    original = photo("crab.jpg", 64, 64)
    first, again = (bursts.taken(original, 3, 2.0, bursts.AREA, seed=5) for _ in range(2))
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    still = np.asarray(Image.fromarray(original).reduce(2))
    assert np.abs(first[0].astype(int) - still).mean() < 3
    assert np.abs(first[1].astype(int) - still).mean() > 3


@pytest.mark.parametrize("frames", ["1", "17"])
def test_bursts_have_two_to_sixteen_pictures(folder: Path, monkeypatch: pytest.MonkeyPatch, frames: str) -> None:
    with pytest.raises(SystemExit):
        called(monkeypatch, "--hr", folder, "--burst", frames)
