"""Whole folders of weights, every file pinned by its digest: what libraries load as a folder, such as diffusers.

A table of `weights.toml` that pins one, in place of the one file of `core.weights`:

    [text_to_image]
    folder = "text_to_image"               # beside the manifest
    card = "text_to_image.md"
    licence = "Apache-2.0"

    [text_to_image.files]                  # every file in it, whatever its format: configuration decides, too
    "unet/config.json" = "…"               # 64 hexadecimal digits
    "unet/diffusion_pytorch_model.safetensors" = "…"

    [text_to_image.parameters]             # optional: anything that whoever loads it needs

The library that loads it opens the files itself, by their names. It is therefore given a private copy, made of the
bytes that were digested: a file swapped between check and use cannot pass.
This module knows files and digests. It does not know what is in them.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from core.errors import ConfigurationError, IntegrityError, PreconditionFailed
from core.weights import SHA256, read_tables

DATA_SUFFIXES = frozenset({".json", ".txt", ".safetensors", ".md", ".model"})
"""What may be loaded: tensors, texts, and SentencePiece vocabularies. Neither pickles nor Python."""
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class PinnedFolder:
    """One folder of a manifest.

    files: sha256, 64 lower-case hexadecimal digits, by the path within the folder, with "/".
    parameters: what whoever loads it needs, as TOML values.
    """

    name: str
    path: Path
    files: Mapping[str, str]
    card: str = ""
    licence: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """One digest of all files; see `tree_digest`."""
        return tree_digest(self.files)

    @contextmanager
    def verified(self) -> Iterator[Path]:
        """A private copy whose every file has its pinned digest, for as long as the context lasts.

        Raises PreconditionFailed for a missing file, IntegrityError for another digest and for a file that is not
        pinned, and ConfigurationError for a symbolic link.
        """
        sources = files_of(self.path, every=True)
        self._refuse_others(sources)
        with private_copy(sources) as (copy, found):
            for name, digest in self.files.items():
                if found[name] != digest:
                    message = f"the weights {self.name}/{name} have sha256 {found[name]}, pinned is {digest}"
                    raise IntegrityError(message)
            yield copy

    def _refuse_others(self, found: Mapping[str, Path]) -> None:
        """A library that finds a file may load it, so a file that nobody vouches for is not left for it to find."""
        for name in self.files:
            if name not in found:
                raise PreconditionFailed(f"the weights {self.name}/{name} are not there")
        for name in found:
            if name not in self.files:
                raise IntegrityError(f"the weights {self.name} hold {name}, which the manifest does not pin")


def read_folders(path: Path) -> dict[str, PinnedFolder]:
    """The folders that a `weights.toml` pins, by name, in its order.

    Raises ConfigurationError for a manifest that cannot be read or lacks something, naming the model.
    """
    return {name: _pinned(name, table, path.parent) for name, table in read_tables(path).items() if "folder" in table}


def files_of(folder: Path, *, every: bool = False) -> dict[str, Path]:
    """The files below `folder` by their path within it, sorted; those of `DATA_SUFFIXES` unless `every` is asked for.

    Raises PreconditionFailed for a folder that is not there and ConfigurationError for a symbolic link in it, which
    could lead anywhere.
    """
    if not folder.is_dir():
        raise PreconditionFailed(f"the folder of weights {folder.name} is not there")
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise ConfigurationError(f"{folder.name}/{name} is a symbolic link; weights have to lie in their folder")
        if path.is_file() and (every or path.suffix.lower() in DATA_SUFFIXES):
            found[name] = path
    return found


@contextmanager
def private_copy(sources: Mapping[str, Path]) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder of copies that nobody else writes to, and the sha256 of each, by the path within it.

    It lies where temporary files do (TMPDIR), and is gone with the context. Raises as `copy_file` does.
    """
    with tempfile.TemporaryDirectory(prefix="weights-") as private:
        folder = Path(private)
        yield folder, {name: copy_file(source, folder / name) for name, source in sources.items()}


def copy_file(source: Path, target: Path) -> str:
    """Copies a file and returns the sha256 of what the copy holds. Raises PreconditionFailed where it cannot be read.

    A symbolic link in its last place is not followed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    try:
        with (
            os.fdopen(os.open(source, os.O_RDONLY | os.O_NOFOLLOW), "rb") as reading,
            target.open("xb") as writing,
        ):
            while chunk := reading.read(_CHUNK):
                digest.update(chunk)
                writing.write(chunk)
    except OSError as error:
        raise PreconditionFailed(f"the weights {source.name} cannot be copied: {error.strerror}") from error
    return digest.hexdigest()


def tree_digest(files: Mapping[str, str]) -> str:
    """The sha256 of what `sha256sum` prints of the files, sorted by path: 64 hexadecimal digits."""
    lines = (f"{digest}  {name}\n" for name, digest in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _pinned(name: str, table: Mapping[str, Any], beside: Path) -> PinnedFolder:
    folder, files = table["folder"], table.get("files")
    if not isinstance(folder, str) or folder in {"", ".."} or Path(folder).name != folder:
        raise ConfigurationError(f"weights manifest: the folder of {name!r} must lie beside the manifest")
    if not isinstance(files, dict) or not files:
        raise ConfigurationError(f"weights manifest: {name!r} pins no files")
    for file, digest in files.items():
        _check(name, file, digest)
    return PinnedFolder(
        name=name,
        path=beside / folder,
        files={file: digest.lower() for file, digest in files.items()},
        card=str(table.get("card", "")),
        licence=str(table.get("licence", "")),
        parameters=dict(table.get("parameters", {})),
    )


def _check(name: str, file: str, digest: object) -> None:
    """Refuses a path that leads out of the folder, a format that can carry code, and what is no digest."""
    path = PurePosixPath(file)
    if path.is_absolute() or ".." in path.parts or "\\" in file or str(path) != file:
        raise ConfigurationError(f"weights manifest: {file!r} of {name!r} is not a path within its folder")
    if path.suffix.lower() not in DATA_SUFFIXES:
        allowed = ", ".join(sorted(DATA_SUFFIXES))
        raise ConfigurationError(f"weights manifest: {file!r} of {name!r} is none of {allowed}")
    if not isinstance(digest, str) or not SHA256.fullmatch(digest.lower()):
        raise ConfigurationError(f"weights manifest: the sha256 of {file!r} of {name!r} is not 64 hexadecimal digits")
