"""Networks in ONNX that a package of others carries: found and not imported, pinned by digest, read as data.

What a network makes of a picture, this module does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ConfigurationError
from core.weights import read_pinned

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_ERRORS_ONLY = 3


@dataclass(frozen=True, slots=True)
class Packaged:
    """package: as it is imported, which it never is. file: within it. sha256: 64 hexadecimal digits of the file. needs:
    what to tell whoever lacks it.
    """

    package: str
    file: Path
    sha256: str
    needs: str

    def installed(self) -> bool:
        """Whether the package and what runs its network are there."""
        return find_spec(self.package) is not None and find_spec("onnxruntime") is not None

    def path(self) -> Path:
        """Where the file is. Raises ConfigurationError where the package or what runs its network is not installed."""
        spec = find_spec(self.package)
        if spec is None or not spec.submodule_search_locations or find_spec("onnxruntime") is None:
            raise ConfigurationError(self.needs)
        return Path(next(iter(spec.submodule_search_locations))) / self.file

    def read(self, path: Path | None = None) -> bytes:
        """The bytes of the file, or of another that must have the same digest. Raises as `path` and `read_pinned`."""
        return read_pinned(path or self.path(), self.sha256, "network")


def session_of(model: bytes) -> InferenceSession:
    """One thread, as the engine wants it of detectors; on the processor, where the same picture has the same score."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
