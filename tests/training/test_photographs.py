"""The cache holds exactly what the manifest describes."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import IntegrityError, NotFound
from training.corpora.debian import DebianPackages
from training.corpora.manifest import Photograph
from training.corpora.photographs import build, reduce_photograph


def stored_package(folder: Path, data: bytes) -> DebianPackages:
    """A package that is already unpacked, so nothing is downloaded."""
    path = folder / "pictures_1%3a2.0" / "usr" / "share" / "a.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return DebianPackages(folder)


def photograph(data: bytes, member: str = "usr/share/a.png") -> Photograph:
    return Photograph(
        name="a",
        split="test",
        package="pictures",
        version="1:2.0",
        member=member,
        author="somebody",
        licence="CC0-1.0",
        source="somewhere",
        evidence="copyright",
        sha256=hashlib.sha256(data).hexdigest(),
    )


def png(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((height, width, 3), 90, dtype=np.uint8)).save(file, format="PNG")
    return file.getvalue()


def test_a_photograph_is_halved_and_kept(tmp_path: Path) -> None:
    data = png(100, 60)
    (path,) = build(tmp_path / "cache", [photograph(data)], stored_package(tmp_path / "packages", data))
    with Image.open(path) as kept:
        assert kept.size == (48, 24)  # half, then cropped to a multiple of 12


def test_another_file_than_the_manifest_names_is_refused(tmp_path: Path) -> None:
    packages = stored_package(tmp_path / "packages", png(100, 60))
    with pytest.raises(IntegrityError, match="a: sha256"):
        build(tmp_path / "cache", [photograph(b"another")], packages)
    assert not list((tmp_path / "cache").rglob("*.png"))


@pytest.mark.parametrize("member", ["usr/share/b.png", "usr/share/b.rcc!c.webp"])
def test_a_missing_member_is_named(tmp_path: Path, member: str) -> None:
    packages = stored_package(tmp_path / "packages", b"")
    with pytest.raises(NotFound, match=r"usr/share/b"):
        build(tmp_path / "cache", [photograph(b"", member)], packages)


def test_a_large_photograph_is_bounded() -> None:
    assert max(reduce_photograph(Image.new("L", (6000, 3000))).size) == 1272
