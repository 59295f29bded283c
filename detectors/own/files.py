"""The files of a brought classifier: pinned, licensed, and none that can carry code.

    1. Find them; a hub's only in the local cache, unless the operator allows the download.
    2. Copy what may be loaded to a private place, and digest the copies: what is loaded is what was digested.
    3. Hold the digest against the pinned one. Detectors have no way around it: their version is that digest.
    4. Refuse configurations that choose code, and licences that are not free for every use and not accepted by name.

This module knows files. It does not know what is in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core import hub, licences
from core.configurations import refuse_choices
from core.errors import ConfigurationError, IntegrityError, PreconditionFailed
from core.weight_folder import files_of, private_copy, tree_digest
from core.weights import load_pinned
from detectors.own.settings import OwnCheckpoint

TENSORS, ONNX = ".safetensors", ".onnx"


@dataclass(frozen=True, slots=True)
class Opened:
    """path: of the private copy, a folder or a file. files: sha256 of each by its path in it, or of the one by name.
    licence: under which it runs. card: what its makers say, Markdown, "" for nothing.
    """

    path: Path
    files: Mapping[str, str]
    licence: str
    card: str = ""

    def sha256(self, name: str) -> str:
        """Of one of the files. Raises IntegrityError where there is none of that name."""
        if name not in self.files:
            raise IntegrityError(f"{name} is not there")
        return self.files[name]


@contextmanager
def opened(checkpoint: OwnCheckpoint) -> Iterator[Opened]:
    """What the operator pinned, for as long as the context lasts.

    Raises PreconditionFailed for what is not there, IntegrityError for another digest, and ConfigurationError for what
    can carry code, choices of it, and a licence that is not accepted. Each names the detector and the setting.
    """
    alone = checkpoint.path is not None and checkpoint.path.is_file()
    sources = _sources(checkpoint)
    _refuse_code(checkpoint, sources)
    with private_copy(sources) as (folder, found):
        digest = next(iter(found.values())) if alone else tree_digest(found)
        if digest != checkpoint.sha256:
            raise IntegrityError(f"the detector {checkpoint.name}: sha256 is {digest}, pinned is {checkpoint.sha256}")
        _refuse_choices(checkpoint, folder)
        path = folder / next(iter(found)) if alone else folder
        licence = _licence(checkpoint, path, digest)
        yield Opened(path, found, licence, licences.card_of(folder))


def _sources(checkpoint: OwnCheckpoint) -> dict[str, Path]:
    path = checkpoint.path
    if (path is None) == (not checkpoint.hub):
        raise ConfigurationError(f"the detector {checkpoint.name} needs either a path or the id of a folder at a hub")
    if path is None:
        return hub.files_of(checkpoint.hub, checkpoint.revision, download=checkpoint.allow_download)
    if not path.exists():
        raise PreconditionFailed(f"the detector {checkpoint.name}: path {path.name} is not there")
    if checkpoint.kind == "onnx" and path.is_dir():
        raise ConfigurationError(f"the detector {checkpoint.name}: path is a folder; an ONNX network is one file")
    if checkpoint.kind in ("transformers", "open_clip") and path.is_file():
        raise ConfigurationError(f"the detector {checkpoint.name}: path is a file; {checkpoint.kind} saves folders")
    return {path.name: path} if path.is_file() else files_of(path)


def _refuse_code(checkpoint: OwnCheckpoint, sources: Mapping[str, Path]) -> None:
    """A folder's pickles were left where they are; what is then left has to have tensors in it."""
    wanted = ONNX if checkpoint.kind == "onnx" else TENSORS
    if not any(Path(name).suffix.lower() == wanted for name in sources):
        raise ConfigurationError(
            f"the detector {checkpoint.name}: path has no {wanted} file; a pickle (.bin, .pt, .pth, .ckpt) can run "
            "code when it is loaded, so that none is"
        )


def _refuse_choices(checkpoint: OwnCheckpoint, folder: Path) -> None:
    try:
        refuse_choices(folder)
    except ValueError as error:
        raise ConfigurationError(f"the detector {checkpoint.name}: {error}") from error


def _licence(checkpoint: OwnCheckpoint, path: Path, digest: str) -> str:
    """A folder's card says it, or the header of a file of tensors; an ONNX file says nothing."""
    stated = ""
    if path.is_dir():
        stated = licences.stated_by(path)
    elif checkpoint.kind != "onnx":
        load_pinned(path, digest)  # refuses what is no safetensors, whose header is not one
        stated = licences.in_header(path.read_bytes())
    return licences.accepted(checkpoint.name, stated, checkpoint.licence, checkpoint.accept_licence)
