"""Weights, pinned by digest. Only safetensors is read: every pickle-based format can run code when it is loaded.

A manifest, `weights.toml`, lies beside the files that it pins, with one table a model:

    [upscale_x4]
    file = "upscale_x4.safetensors"        # beside the manifest
    sha256 = "…"                           # 64 hexadecimal digits of the whole file
    architecture = "SAFMN"                 # what builds the network
    card = "upscale.md"                    # the model card
    licence = "Apache-2.0"

    [upscale_x4.parameters]                # optional: anything that the architecture needs
    scale = 4

Further tables, such as how the weights were trained and measured, are for their readers. A table with `folder` in
place of `file` pins a folder: see `core.weight_folder`.
This module knows files and digests. It does not know any architecture.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ConfigurationError, IntegrityError, PreconditionFailed

if TYPE_CHECKING:
    import torch

_CODE_CARRYING_SUFFIXES = frozenset({".pt", ".pth", ".ckpt", ".bin", ".pkl", ".pickle", ".joblib", ".npy", ".npz"})
_CODE_CARRYING_MAGIC = (
    b"PK\x03\x04",  # zip, as torch.save writes it since 1.6: pickles inside
    *(bytes([0x80, protocol]) for protocol in range(2, 6)),  # bare pickle
    b"\x1f\x8b",  # gzip around either
)
SHA256 = re.compile(r"[0-9a-f]{64}")
"""How a manifest writes a digest."""


@dataclass(frozen=True, slots=True)
class PinnedWeights:
    """One model of a manifest.

    path: where the file should be. sha256: 64 lower-case hexadecimal digits, without a prefix.
    parameters: what the architecture needs, as TOML values.
    """

    name: str
    path: Path
    sha256: str
    architecture: str
    card: str = ""
    licence: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def load(self) -> dict[str, torch.Tensor]:
        """The tensors by name, on the CPU. Raises as `load_pinned` does."""
        return load_pinned(self.path, self.sha256)


def read_manifest(path: Path) -> dict[str, PinnedWeights]:
    """The models of one file that a `weights.toml` pins, by name, in its order.

    Raises ConfigurationError for a manifest that cannot be read or lacks something, naming the model.
    """
    return {
        name: _pinned(name, table, path.parent) for name, table in read_tables(path).items() if "folder" not in table
    }


def read_tables(path: Path) -> dict[str, dict[str, Any]]:
    """The tables of a manifest by name, in its order, whatever is in them. Raises as `read_manifest` does."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"cannot read the weights manifest {path.name}: {error}") from error
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise ConfigurationError(f"weights manifest: {name!r} is not a table")
    return tables


def load_pinned(path: Path, sha256: str) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file by name, on the CPU, once its digest was found to be `sha256`.

    sha256: 64 hexadecimal digits, with or without the prefix "sha256:". The bytes that were digested are the bytes
    that are read, so a file swapped in between cannot pass.

    Raises ConfigurationError for a format that can carry code, PreconditionFailed for a missing file, and
    IntegrityError for another digest or a file that is no safetensors.
    """
    if path.suffix.lower() in _CODE_CARRYING_SUFFIXES:
        raise _refusal(path)
    data = _bytes_of(path, "weights")
    if data.startswith(_CODE_CARRYING_MAGIC):
        raise _refusal(path)
    _hold(data, sha256, f"the weights {path.name} have")
    return _read_safetensors(path.name, data)


def read_pinned(path: Path, sha256: str, what: str) -> bytes:
    """The bytes of a file of any other form, once their digest was found to be `sha256`, as in `load_pinned`.

    what: the file's kind in one word, for messages. Raises PreconditionFailed for a missing file and IntegrityError for
    another digest.
    """
    data = _bytes_of(path, what)
    _hold(data, sha256, f"the {what} {path.name} has")
    return data


def _bytes_of(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PreconditionFailed(f"the {what} {path.name} cannot be read: {error.strerror}") from error


def _hold(data: bytes, sha256: str, subject: str) -> None:
    expected = sha256.removeprefix("sha256:").lower()
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise IntegrityError(f"{subject} sha256 {found}, pinned is {expected}")


def _read_safetensors(name: str, data: bytes) -> dict[str, torch.Tensor]:
    """Torch is imported here so that core stays light for those who load no weights."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(data)
    except SafetensorError as error:
        raise IntegrityError(f"the weights {name} are not a safetensors file: {error}") from error


def _refusal(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"the weights {path.name} are in a format that can run code when loaded; convert them to safetensors: "
        f"countersign models convert {path.name} -o {path.stem}.safetensors"
    )


def _pinned(name: str, table: Mapping[str, Any], folder: Path) -> PinnedWeights:
    file, digest = _text(name, table, "file"), _text(name, table, "sha256").lower()
    if Path(file).name != file:
        raise ConfigurationError(f"weights manifest: the file of {name!r} must lie beside the manifest")
    if not SHA256.fullmatch(digest):
        raise ConfigurationError(f"weights manifest: the sha256 of {name!r} is not 64 hexadecimal digits")
    return PinnedWeights(
        name=name,
        path=folder / file,
        sha256=digest,
        architecture=_text(name, table, "architecture"),
        card=str(table.get("card", "")),
        licence=str(table.get("licence", "")),
        parameters=dict(table.get("parameters", {})),
    )


def _text(name: str, table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"weights manifest: {name!r} lacks {key}")
    return value
