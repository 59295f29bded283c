"""What hostile files say, shown to people; and the one JSON value for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.cli.files import atomically, safe_name, write_atomically
from countersign.cli.text import plain, say, say_json
from countersign.errors import UnusableFile


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x9b2J", "\r", "\x07", "\u202e", "\u2066", "\udcff"])
def test_control_is_replaced(hostile: str) -> None:
    assert plain(f"a{hostile}b") == f"a\ufffd{hostile[1:]}b"


@pytest.mark.parametrize("honest", ["Grüße", "می\u200cخواهم", "👩\u200d🔬", "two\nlines", "[bold]"])
def test_honest_text_is_kept(honest: str) -> None:
    assert plain(honest) == honest


@given(st.text(alphabet=st.characters(), max_size=50))
def test_what_is_plain_stays_plain_and_can_be_encoded(text: str) -> None:
    once = plain(text)
    assert plain(once) == once
    assert len(once) == len(text)
    once.encode()


def test_markup_is_shown_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    say("[bold red]not bold[/bold red]")
    assert capsys.readouterr().out == "[bold red]not bold[/bold red]\n"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters()), st.lists))
def test_json_is_one_ascii_value(value: object) -> None:
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("builtins.print", lambda text: printed.append(text))
        say_json(value)
    assert printed[0].isascii()
    assert json.loads(printed[0]) == value


@given(st.text(alphabet=st.characters(), max_size=300))
def test_a_safe_name_is_one_component_of_a_path(name: str) -> None:
    safe = safe_name(name)
    assert Path("folder", safe).parent == Path("folder")
    assert safe not in ("", ".", "..")
    assert len(safe.encode()) <= 100


def test_a_broken_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.bin"
    path.write_bytes(b"old")

    def half() -> None:
        with atomically(path, force=True) as stream:
            stream.write(b"ha")
            raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError):
        half()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_appeared_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.bin"

    def race() -> None:
        with atomically(path, force=False) as stream:
            stream.write(b"ours")
            path.write_bytes(b"theirs")

    with pytest.raises(UnusableFile, match="exists"):
        race()
    assert path.read_bytes() == b"theirs"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match=r"cannot write .*no/out\.bin: No such file or directory"):
        write_atomically(tmp_path / "no/out.bin", b"data", force=False)
