"""Folders of weights are loaded from a copy of what was digested, and hold nothing that nobody pinned."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from core.errors import ConfigurationError, IntegrityError, PreconditionFailed
from core.weight_folder import PinnedFolder, copy_file, files_of, read_folders, tree_digest
from core.weights import read_manifest

FILES = {"model_index.json": b"{}", "unet/config.json": b'{"a": 1}', "unet/model.safetensors": b"tensors"}
DIGESTS = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "model"
    for name, data in FILES.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def manifest(folder: Path, files: dict[str, str] | None = None, named: str = "model") -> Path:
    lines = [f"[paints]\nfolder = {named!r}\nlicence = 'MIT'\ncard = 'paints.md'\n[paints.files]"]
    lines += [f"{name!r} = {digest!r}" for name, digest in (DIGESTS if files is None else files).items()]
    path = folder.parent / "weights.toml"
    path.write_text("\n".join([*lines, "[paints.parameters]", "steps = 20"]))
    return path


def pinned(folder: Path) -> PinnedFolder:
    return PinnedFolder("paints", folder, DIGESTS)


def test_a_manifest_pins_a_folder_and_is_silent_of_it_where_files_are_asked_for(folder: Path) -> None:
    path = manifest(folder)
    assert read_manifest(path) == {}
    found = read_folders(path)["paints"]
    assert (found.path, found.files, found.licence, found.card) == (folder, DIGESTS, "MIT", "paints.md")
    assert found.parameters == {"steps": 20}


def test_what_is_loaded_is_a_copy_that_ends_with_its_use(folder: Path) -> None:
    with pinned(folder).verified() as copy:
        (folder / "model_index.json").write_bytes(b"swapped")
        assert {name: path.read_bytes() for name, path in files_of(copy).items()} == FILES
    assert not copy.exists()


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_anywhere_is_refused_by_name(folder: Path, name: str) -> None:
    (folder / name).write_bytes(FILES[name] + b" ")
    with pytest.raises(IntegrityError, match=f"paints/{name}"), pinned(folder).verified():
        pass


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(PreconditionFailed, match=f"{name} are not there"), pinned(folder).verified():
        pass


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(PreconditionFailed, match="elsewhere is not there"), pinned(tmp_path / "elsewhere").verified():
        pass


@pytest.mark.parametrize("name", ["unet/diffusion_pytorch_model.bin", "pipeline.py", "extra.json"])
def test_a_file_that_is_not_pinned_is_refused_by_name(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    with pytest.raises(IntegrityError, match=name), pinned(folder).verified():
        pass


def test_links_are_refused(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "config.json"
    elsewhere.write_bytes(FILES["unet/config.json"])
    (folder / "unet/config.json").unlink()
    (folder / "unet/config.json").symlink_to(elsewhere)
    with pytest.raises(ConfigurationError, match="symbolic link"), pinned(folder).verified():
        pass
    with pytest.raises(PreconditionFailed):
        copy_file(folder / "unet/config.json", tmp_path / "copy")


def test_a_linked_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "unet").rename(tmp_path / "unet")
    (folder / "unet").symlink_to(tmp_path / "unet")
    with pytest.raises(ConfigurationError, match="symbolic link"), pinned(folder).verified():
        pass


@pytest.mark.parametrize(
    "name", ["../x.json", "/x.json", "a/../x.json", "a//x.json", "./x.json", "a\\x.json", "x.bin", "x.pt", "x.py", "x"]
)
def test_paths_that_lead_away_and_formats_that_carry_code_are_no_pins(folder: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="paints"):
        read_folders(manifest(folder, {name: "0" * 64}))


@pytest.mark.parametrize("digest", ["", "0" * 63, "g" * 64])
def test_what_is_no_digest_pins_nothing(folder: Path, digest: str) -> None:
    with pytest.raises(ConfigurationError, match="64 hexadecimal digits"):
        read_folders(manifest(folder, {"x.json": digest}))


@pytest.mark.parametrize("named", ["../model", "a/b", "", "..", "."])
def test_a_folder_elsewhere_is_refused(folder: Path, named: str) -> None:
    with pytest.raises(ConfigurationError, match="beside the manifest"):
        read_folders(manifest(folder, named=named))


def test_a_folder_without_files_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="pins no files"):
        read_folders(manifest(folder, {}))


def test_the_one_digest_is_what_anybody_can_compute(folder: Path) -> None:
    command = "find . -type f -printf '%P\\n' | sort | xargs sha256sum | sha256sum"
    printed = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=True).stdout
    assert tree_digest(DIGESTS) == pinned(folder).digest == printed.split()[0]


def test_only_data_is_listed_unless_every_file_is_asked_for(folder: Path) -> None:
    (folder / "run.py").write_text("")
    assert list(files_of(folder)) == sorted(FILES)
    assert "run.py" in files_of(folder, every=True)
