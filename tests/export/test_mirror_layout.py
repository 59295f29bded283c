from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.mirror import hashing, layout
from countersign.mirror.layout import Tile
from countersign.verify.errors import VerificationError
from countersign.verify.merkle import leaf_hash
from tests.export import naive_mirror
from tests.verify import naive


@pytest.mark.parametrize(
    ("number", "path"),
    # 1234067 is the example of c2sp.org/tlog-tiles.
    [(1234067, "x001/x234/067"), (0, "000"), (67, "067"), (999, "999"), (1000, "x001/000"), (999999, "x999/999")],
)
def test_numbers_become_paths_as_in_the_specification(number: int, path: str) -> None:
    assert layout.number_path(number) == path == naive_mirror.place(number)


@given(st.integers(0, 2**60))
def test_no_number_is_a_folder_of_another(number: int) -> None:
    path = layout.number_path(number)
    assert path == naive_mirror.place(number)
    assert int(path.replace("/", "").replace("x", "")) == number
    *folders, last = path.split("/")
    assert all(folder.startswith("x") for folder in folders)
    assert not last.startswith("x")


def test_the_tiles_of_the_tree_in_the_specification() -> None:
    # "A tree of size 70,000 …", c2sp.org/tlog-tiles, "Partial Tiles".
    tiles = [list(layout.tiles_of_level(level, 70_000)) for level in range(layout.levels(70_000))]
    assert [(len([tile for tile in row if tile.width == 256]), row[-1].width) for row in tiles] == [
        (273, 112),
        (1, 17),
        (0, 1),
    ]
    assert layout.edge(70_000) == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert [tile.path for tile in layout.edge(70_000)] == ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
    # "… a tree of size 256 will be represented by a full level 0 tile and a partial level 1 tile of width 1."
    assert list(layout.tiles_of_level(0, 256)) == [Tile(0, 0)]
    assert layout.edge(256) == [Tile(1, 0, 1)]


@given(st.integers(0, 700))
def test_tiles_and_roots_are_those_of_the_definition(size: int) -> None:
    entries = [b"entry %d" % number for number in range(size)]
    files = naive_mirror.files(entries, bundles=False)
    tiles = [tile for level in range(layout.levels(size)) for tile in layout.tiles_of_level(level, size)]
    assert sorted(tile.path for tile in tiles) == sorted(files)
    assert hashing.edge_root([files[tile.path] for tile in layout.edge(size)]) == naive.tree_hash(entries)
    for tile in tiles:
        assert len(files[tile.path]) == tile.width * 32


def test_a_full_tile_has_the_root_of_its_leaves() -> None:
    entries = [b"entry %d" % number for number in range(256)]
    assert hashing.tile_root(b"".join(map(leaf_hash, entries))) == naive.tree_hash(entries)


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_bundles_are_taken_apart_as_they_were_put_together(entries: list[bytes]) -> None:
    bundle = hashing.join_entries(entries)
    assert hashing.split_entries(bundle, len(entries)) == entries
    assert hashing.split_entries(bundle + b"more", len(entries), more=True) == entries
    with pytest.raises(VerificationError, match="bytes follow"):
        hashing.split_entries(bundle + b"x", len(entries))


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=8), st.data())
def test_a_bundle_that_ends_early_is_refused(entries: list[bytes], data: st.DataObject) -> None:
    bundle = hashing.join_entries(entries)
    cut = data.draw(st.integers(0, len(bundle) - 1))
    with pytest.raises(VerificationError, match="ends within"):
        hashing.split_entries(bundle[:cut], len(entries))


def test_the_longest_entry_fits() -> None:
    entry = b"x" * 0xFFFF
    assert hashing.split_entries(hashing.join_entries([entry, b""]), 2) == [entry, b""]
