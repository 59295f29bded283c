"""The house from outside: who imports whom, and whose names the packages have."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
HOLDERS_OF_KEYS = ("server/provenance", "server/audit")


def imported(file: Path) -> set[str]:
    """The top-level names that a file imports."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    plain = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    origins = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.partition(".")[0] for name in plain | origins}


def test_the_layers_hold(tmp_path: Path) -> None:
    # A process of its own: the linter turns off the loggers of the one that it runs in.
    command = [str(Path(sys.executable).with_name("lint-imports")), "--cache-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_keys_are_handled_in_two_places_of_the_server_whatever_modules_come() -> None:
    files = [file.relative_to(ROOT) for file in (ROOT / "server").rglob("*.py")]
    others = [file for file in files if not file.as_posix().startswith(HOLDERS_OF_KEYS)]
    assert len(others) > 20
    assert [file for file in others if "cryptography" in imported(ROOT / file)] == []


@pytest.mark.parametrize("name", PACKAGES)
def test_no_other_distribution_claims_a_name_of_ours(name: str) -> None:
    assert set(packages_distributions().get(name, ())) <= {"countersign"}
    assert (ROOT / name / "__init__.py").is_file()


def test_proto_is_no_package_for_the_name_is_another_distributions() -> None:
    assert list((ROOT / "proto").rglob("*.py")) == []
