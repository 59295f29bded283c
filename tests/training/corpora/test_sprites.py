"""The cache of sprites holds each drawing with its licence and digest, and none that may not be used."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import ConfigurationError
from tests.training.drawings import write_packages
from training.corpora import emoji as names
from training.corpora import sprites
from training.corpora.emoji import STYLES, drawings
from training.corpora.npm import NpmPackage
from training.scenes.source import drawings_of
from training.scenes.vocabulary import Vocabulary


def test_every_sprite_says_where_it_comes_from(sprite_cache: Path) -> None:
    rows = sprites.read(sprite_cache)
    assert {row.style for row in rows} == set(STYLES)
    assert len({row.key for row in rows}) == len(rows)
    made = {style: drawings(style, sprite_cache / "packages") for style in STYLES}
    for row in rows:
        package = STYLES[row.style]
        assert (row.package, row.version, row.licence, row.source) == (
            package.name,
            package.version,
            package.licence,
            package.source,
        )
        assert row.sha256 == hashlib.sha256(made[row.style][row.code]).hexdigest()


def test_building_again_changes_nothing(sprite_cache: Path) -> None:
    before = sprites.manifest(sprite_cache).read_bytes()
    assert sprites.build(sprite_cache) == sprites.read(sprite_cache)
    assert sprites.manifest(sprite_cache).read_bytes() == before


def test_a_sprite_is_a_drawing_on_nothing(sprite_cache: Path) -> None:
    for row in sprites.read(sprite_cache)[::50]:
        pixels = sprites.pixels(sprite_cache, row)
        assert pixels.shape == (sprites.SIDE, sprites.SIDE, 4)
        assert pixels[..., 3].max() == 255
        assert pixels[0, 0, 3] == 0
        # No black of what is transparent in the edges: a half transparent pixel is as bright as its neighbours.
        edge = pixels[(pixels[..., 3] > 100) & (pixels[..., 3] < 200)][:, :3]
        assert not len(edge) or edge.max(axis=1).min() > 50


def test_the_corpus_holds_every_word_of_the_vocabulary(sprite_cache: Path, vocabulary: Vocabulary) -> None:
    found = drawings_of(vocabulary, sprite_cache)
    assert found.keys() == set(vocabulary.keys())
    assert {drawing.shape for drawing in found.values()} == {(128, 128, 4)}
    assert {drawing.dtype for drawing in found.values()} == {np.dtype(np.uint8)}


def test_a_word_that_the_corpus_lacks_is_named(sprite_cache: Path, vocabulary: Vocabulary, tmp_path: Path) -> None:
    rows = sprites.manifest(sprite_cache).read_text(encoding="utf-8").splitlines(keepends=True)
    path = sprites.manifest(tmp_path)
    path.parent.mkdir()
    path.write_text("".join(row for row in rows if not row.startswith("flat:1f34e\t")), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="the sprites in the cache lack flat:1f34e"):
        drawings_of(vocabulary, tmp_path)


def test_before_the_cache_is_built_the_command_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"run python -m training\.corpora\.sprites"):
        sprites.read(tmp_path)


def test_a_package_under_another_licence_stops_the_build(
    tmp_path: Path, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = NpmPackage(STYLES["3d"].name, "1.1.0", "", "CC-BY-NC-4.0", "somewhere")
    write_packages(tmp_path / "packages", vocabulary)
    for module in (names, sprites):
        monkeypatch.setattr(module, "STYLES", {"3d": package})
    with pytest.raises(ConfigurationError, match="'CC-BY-NC-4.0' does not permit training"):
        sprites.build(tmp_path)
    assert not list((tmp_path / "sprites").rglob("*.png"))


def test_the_command_says_what_it_holds(
    sprite_cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["sprites", "--cache", str(sprite_cache)])
    sprites.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(STYLES)
    assert sum(int(line.split()[1]) for line in lines) == len(sprites.read(sprite_cache))
