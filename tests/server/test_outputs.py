from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from core.errors import IntegrityError, Unavailable
from core.media import digest_of
from server.outputs import OutputStore


def test_what_was_put_is_got(tmp_path: Path) -> None:
    store = OutputStore(tmp_path / "outputs")
    digest = store.put(b"media")
    assert digest == digest_of(b"media")
    assert store.put(b"media") == digest
    assert store.get(digest) == b"media"


def test_a_removed_output_is_none(tmp_path: Path) -> None:
    assert OutputStore(tmp_path).get(digest_of(b"never put")) is None


def test_what_is_to_be_forgotten_is_gone_and_may_be_gone_already(tmp_path: Path) -> None:
    store = OutputStore(tmp_path / "outputs")
    digest = store.put(b"media")
    for _ in range(2):
        store.forget(digest)
        assert store.get(digest) is None
    store.forget(digest_of(b"never put"))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_an_altered_output_is_refused(tmp_path: Path) -> None:
    store = OutputStore(tmp_path)
    digest = store.put(b"media")
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    file.write_bytes(b"other")
    with pytest.raises(IntegrityError, match=digest):
        store.get(digest)


@pytest.mark.parametrize("swap", ["link", "pipe", "folder"])
def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path, swap: str) -> None:
    store = OutputStore(tmp_path)
    digest = store.put(b"media")
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    file.rename(tmp_path / "kept")
    if swap == "link":
        file.symlink_to(tmp_path / "kept")
    elif swap == "pipe":
        os.mkfifo(file)
    else:
        file.mkdir()
    with pytest.raises(IntegrityError, match="cannot be read"):
        store.get(digest)


def test_a_full_disk_is_unavailable_and_leaves_no_partial_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = OutputStore(tmp_path)

    def no_space(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", no_space)
    with pytest.raises(Unavailable, match="No space left"):
        store.put(b"media")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
