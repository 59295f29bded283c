"""Takes files out of Debian packages without installing them.

It knows apt and dpkg-deb; it does not know what the files are or whether they may be used.
"""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path

from core.errors import ConfigurationError, NotFound
from training.corpora.qt_resources import read_resources


class DebianPackages:
    """Unpacked packages under one folder, downloaded when first asked for. Needs apt-get and dpkg-deb, not root."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._collection = lru_cache(maxsize=1)(lambda path: read_resources(path.read_bytes()))

    def read(self, package: str, version: str, member: str) -> bytes:
        """The bytes of a member, `container!inner` for a file in a Qt resource collection. Raises NotFound."""
        outer, _, inner = member.partition("!")
        path = self._unpacked(package, version) / outer
        if not path.is_file():
            raise NotFound(f"{package} {version} holds no {outer}")
        if not inner:
            return path.read_bytes()
        collection = self._collection(path)
        if inner not in collection:
            raise NotFound(f"{outer} holds no {inner}")
        return collection[inner]

    def members(self, package: str, version: str, folder: str) -> list[str]:
        """The paths of all files under a folder of a package, sorted; links are left out."""
        root = self._unpacked(package, version)
        found = (path for path in (root / folder).rglob("*") if path.is_file() and not path.is_symlink())
        return sorted(str(path.relative_to(root)) for path in found)

    def _unpacked(self, package: str, version: str) -> Path:
        target = self._folder / f"{package}_{version.replace(':', '%3a')}"
        if not target.is_dir():
            archive = self._download(package, version)
            partial = target.with_name(target.name + ".partial")
            partial.mkdir(parents=True, exist_ok=True)
            _run(["dpkg-deb", "-x", str(archive.resolve()), str(partial.resolve())], cwd=self._folder)
            partial.rename(target)
            archive.unlink()
        return target

    def _download(self, package: str, version: str) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        _run(["apt-get", "download", f"{package}={version}"], cwd=self._folder)
        return next(self._folder.glob(f"{package}_*.deb"))


def _run(command: list[str], cwd: Path) -> None:
    try:
        subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True)  # noqa: S603 - fixed programs
    except FileNotFoundError as error:
        raise ConfigurationError(f"{command[0]} is not here: the corpus is built on a Debian machine") from error
    except subprocess.CalledProcessError as error:
        raise ConfigurationError(f"{' '.join(command)}: {error.stderr.strip()}") from error
