"""Only the pinned archive is unpacked, and nothing of it outside its folder."""

from __future__ import annotations

import base64
import hashlib
import io
import sys
import tarfile
from pathlib import Path

import pytest

from core.errors import ConfigurationError, IntegrityError
from training.corpora.npm import NpmPackage, unpacked


def archive(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as packed:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            packed.addfile(entry, io.BytesIO(data))
    return file.getvalue()


def package(data: bytes, name: str = "@some/drawings") -> NpmPackage:
    integrity = base64.b64encode(hashlib.sha512(data).digest()).decode()
    return NpmPackage(name, "1.0.0", integrity, "MIT", "somewhere")


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of npm's name that packs what lies in `archive.tgz`, and counts how often it is asked."""
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, shutil, sys\n"
        f"root = pathlib.Path({str(tmp_path)!r})\n"
        "with (root / 'asked').open('a') as asked: asked.write('once\\n')\n"
        "if not (root / 'archive.tgz').exists(): sys.exit('404 Not Found')\n"
        "shutil.copy(root / 'archive.tgz', 'drawings-1.0.0.tgz')\n"
        "print('drawings-1.0.0.tgz')\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return tmp_path


def test_a_pinned_package_is_unpacked_once(npm: Path) -> None:
    data = archive({"package/assets/1f34e.webp": b"an apple"})
    (npm / "archive.tgz").write_bytes(data)
    for _ in range(2):
        folder = unpacked(package(data), npm / "packages")
        assert (folder / "assets" / "1f34e.webp").read_bytes() == b"an apple"
    assert (npm / "asked").read_text() == "once\n"
    assert sorted(path.name for path in (npm / "packages").iterdir()) == ["some-drawings-1.0.0"]


def test_another_archive_than_the_pinned_one_is_not_unpacked(npm: Path) -> None:
    (npm / "archive.tgz").write_bytes(archive({"package/evil": b"another"}))
    with pytest.raises(IntegrityError, match=r"@some/drawings@1\.0\.0: SHA-512 is .*, pinned is"):
        unpacked(package(archive({"package/good": b"one"})), npm / "packages")
    assert not (npm / "packages" / "some-drawings-1.0.0").exists()


@pytest.mark.parametrize("name", ["../outside", "package/../../../outside", "package/a/../../../../outside"])
def test_a_member_that_leads_outside_is_refused_even_when_pinned(npm: Path, name: str) -> None:
    data = archive({name: b"escaped"})
    (npm / "archive.tgz").write_bytes(data)
    with pytest.raises(tarfile.OutsideDestinationError):
        unpacked(package(data), npm / "packages")
    assert not list(npm.rglob("outside"))
    assert not (npm / "packages" / "some-drawings-1.0.0").exists()


def test_a_package_that_npm_does_not_find_is_named(npm: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"npm pack @some/drawings@1\.0\.0: 404 Not Found"):
        unpacked(package(b""), npm / "packages")


def test_without_npm_it_is_said_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="npm is not here"):
        unpacked(package(b""), tmp_path / "packages")
