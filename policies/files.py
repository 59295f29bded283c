"""Policies in files: the packs that come with Countersign, and those of a platform.

This module knows where texts come from. It does not know the language.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.errors import InvalidInput
from detectors.base import Source
from policies.engine import RulePolicy, find_problems, load_policy
from policies.problems import Position, Problem

DEFAULT_PACK = Path(__file__).parent / "packs" / "default.yaml"
"""The policy that a server without configuration loads."""
_CASES = ".cases.yaml"


def packs() -> tuple[Path, ...]:
    """The policies that come with Countersign, by name."""
    return tuple(path for path in sorted(DEFAULT_PACK.parent.glob("*.yaml")) if not path.name.endswith(_CASES))


def cases_of(path: Path) -> Path:
    """Where the cases of a policy lie: beside it, as `default.cases.yaml` beside `default.yaml`."""
    return path.with_suffix(_CASES)


def read_text(path: Path) -> str:
    """The text of a file. Raises InvalidInput for one that cannot be read, or is not UTF-8."""
    data = _read(path)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(str(_not_utf8(path, data, error)), field="policy") from error


def load_policy_file(path: Path, detectors: Iterable[Source]) -> RulePolicy:
    """`load_policy` of a file. Raises InvalidInput for a file that cannot be read, ConfigurationError for its text."""
    return load_policy(read_text(path), str(path), detectors)


def check(path: Path, detectors: Iterable[Source]) -> list[Problem]:
    """Every problem of a policy file in order of position; empty for a good one.

    Raises InvalidInput for a file that cannot be read at all.
    """
    data = _read(path)
    try:
        return find_problems(data.decode(), str(path), detectors)
    except UnicodeDecodeError as error:
        return [_not_utf8(path, data, error)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}", field="policy", found=str(path)) from error


def _not_utf8(path: Path, data: bytes, error: UnicodeDecodeError) -> Problem:
    before = data[: error.start].decode().split("\n")
    return Problem(str(path), Position(len(before), len(before[-1]) + 1), "the file is not UTF-8 from here on")
