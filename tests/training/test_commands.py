"""The commands that the documents and the Makefile name exist, with their options, and every module is described."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "training" / "README.md").read_text(encoding="utf-8")
TEXTS = [README, (ROOT / "Makefile").read_text(encoding="utf-8")]
TEXTS += [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("docs/**/*.md"))]


def commands() -> list[str]:
    whole = "\n".join(TEXTS).replace("\\\n", " ")
    found = re.findall(r"python -m (training\.[^`#>\n]+)", whole)
    return sorted({" ".join(re.sub(r"\[.*", "", each).split()) for each in found})


class Parsed(Exception):
    """The words were understood; nothing is to be run."""


@pytest.mark.parametrize("line", commands())
def test_every_command_exists_and_understands_its_words(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, *words = shlex.split(line.rstrip(".,;"))
    for word in words:
        assert not word.endswith(".yaml") or (ROOT / word).is_file(), word
    package = ROOT.joinpath(*module.split("."), "__main__.py").is_file()
    parse = argparse.ArgumentParser.parse_args

    def parsed(*arguments: object, **options: object) -> None:
        parse(*arguments, **options)  # type: ignore[call-overload]
        raise Parsed

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parsed)
    monkeypatch.setattr(sys, "argv", [module, *words])
    with pytest.raises(Parsed):
        importlib.import_module(f"{module}.__main__" if package else module).main()


def test_there_are_commands_to_check() -> None:
    assert len(commands()) > 10


def test_every_module_is_described() -> None:
    table = "\n".join(line for line in README.splitlines() if line.startswith("| `"))
    named = set(re.findall(r"`([\w/]+(?:\.py)?)`", table.replace("/`", "`")))
    folder = ROOT / "training"
    modules = {path.name for path in folder.glob("*.py") if path.name != "__init__.py"}
    rooms = {path.name for path in folder.iterdir() if (path / "__init__.py").is_file()}
    assert (modules | rooms) - named == set()
    assert [name for name in named if not (folder / name).exists()] == []
