"""A corpus with a fault is not trained on, and each fault is named."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from training.corpora import sprites
from training.corpora.curation import __main__ as command
from training.corpora.curation.faults import NOTICES, PINNED, digests, faults, read_pins, write_pins
from training.corpora.emoji import NAMES, STYLES
from training.corpora.sprites import Sprite


@pytest.fixture(scope="module")
def pins(sprite_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pins") / "sprites.digests"
    write_pins(path, digests(sprites.read(sprite_cache)))
    return path


def test_a_corpus_as_it_was_pinned_has_no_fault(sprite_cache: Path, pins: Path) -> None:
    rows = sprites.read(sprite_cache)
    assert faults(rows, sprite_cache / "packages", pins) == []
    assert read_pins(pins) == digests(rows)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"licence": "CC-BY-NC-4.0"}, "licence 'CC-BY-NC-4.0' does not permit training"),
        ({"licence": ""}, "licence '' does not permit training"),
        ({"source": ""}, "no source"),
        ({"name": "", "package": ""}, "no package, name"),
        ({"sha256": "0" * 64}, "holds another drawing"),
        ({"code": "no-such-code"}, "holds another drawing"),
    ],
)
def test_each_fault_of_a_row_is_named_and_breaks_the_pin(
    sprite_cache: Path, pins: Path, changes: dict[str, str], fault: str
) -> None:
    first, *others = sprites.read(sprite_cache)
    changed = replace(first, **changes)  # type: ignore[arg-type]
    found = faults([changed, *others], sprite_cache / "packages", pins)
    assert [each for each in found if each.startswith(f"{first.key}: ") and fault in each]
    assert [each for each in found if each.startswith(f"{first.style}: ")]
    assert len(found) == 2


@pytest.mark.parametrize(
    "change",
    [lambda rows: rows[1:], lambda rows: [*rows, rows[0]], lambda rows: [row for row in rows if row.style != "flat"]],
)
def test_rows_that_come_or_go_break_the_pin(
    sprite_cache: Path, pins: Path, change: Callable[[tuple[Sprite, ...]], list[Sprite]]
) -> None:
    found = faults(change(sprites.read(sprite_cache)), sprite_cache / "packages", pins)
    assert [each for each in found if "pinned are" in each]


def test_a_package_that_says_another_licence_is_a_fault(sprite_cache: Path, pins: Path, tmp_path: Path) -> None:
    packages = shutil.copytree(sprite_cache / "packages", tmp_path / "packages")
    (path,) = packages.glob("iconify-json-noto-*/package/package.json")
    path.write_text(json.dumps({"license": "CC-BY-SA-4.0"}), encoding="utf-8")
    (fault,) = faults(sprites.read(sprite_cache), packages, pins)
    assert fault == "@iconify-json/noto: says its licence is 'CC-BY-SA-4.0', our table says 'Apache-2.0'"


@pytest.mark.parametrize("package", [NAMES, *STYLES.values()], ids=lambda package: package.name)
def test_a_notice_that_is_missing_is_a_fault(sprite_cache: Path, pins: Path, tmp_path: Path, package: object) -> None:
    name = getattr(package, "name")  # noqa: B009 - parametrised ids need an object
    notices = tmp_path / "NOTICE.md"
    notices.write_text(NOTICES.read_text(encoding="utf-8").replace(f"`{name}`", "somebody"), encoding="utf-8")
    found = faults(sprites.read(sprite_cache), sprite_cache / "packages", pins, notices)
    assert found == [f"{name}: no notice of its name, source and licence travels with the weights"]


def test_the_corpus_of_the_shipped_weights_is_pinned() -> None:
    pinned = read_pins(PINNED)
    assert pinned.keys() == STYLES.keys()
    assert all(count > 3000 and len(digest) == 64 for count, digest in pinned.values())


def run(cache: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["curation", "--cache", str(cache), *words])
    return command.main()


def test_the_check_ends_with_one_and_says_why(
    sprite_cache: Path, pins: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(sprite_cache, monkeypatch, "--check", "--pins", str(pins)) == 0
    # The tests' own drawings are not those that the shipped weights learned from.
    assert run(sprite_cache, monkeypatch, "--check") == 1
    told = capsys.readouterr()
    count = len(sprites.read(sprite_cache))
    assert f"flat: {count // 3} rows of sha256" in told.err
    assert told.out.splitlines() == [f"{count} drawings, 0 faults", f"{count} drawings, 3 faults"]


def test_pinning_is_asked_for(sprite_cache: Path, tmp_path: Path, pins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    again = tmp_path / "again.digests"
    assert run(sprite_cache, monkeypatch, "--check", "--pin", "--pins", str(again)) == 0
    assert again.read_bytes() == pins.read_bytes()


def test_the_report_counts_what_there_is(sprite_cache: Path) -> None:
    rows = sprites.read(sprite_cache)
    text, unlikely = command.curate(sprite_cache, rows, scenes=3000)
    assert unlikely == []
    assert f"| flat | {len(rows) // 3} | `@iconify-json/fluent-emoji-flat` 1.2.6 | MIT |" in text
    assert "| skin tone 5 | 20 | 20 | 20 |" in text
    for prior in ("balanced", "skewed"):
        assert f"scenes of the `{prior}` prior show" in text
    assert "| doctor | 10% |" in text
