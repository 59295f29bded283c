"""Known content at scale: memory, loading and lookups, beside the bare loop over all hashes; one thread.

python -m tests.bench.known                      a million hashes
python -m tests.bench.known --sizes 10000000     ten million: 2 GB of memory, a minute
python -m tests.bench.known --faiss              beside FAISS's index of the same kind, where faiss-cpu is installed
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from detectors.hash_list import HashKind, HashList
from detectors.hashes.columns import BYTES, Column, words_of
from detectors.hashes.entry import Said
from detectors.hashes.gathering import KINDS, Table
from detectors.hashes.tables import RADIUS, Near, Scan, Tables, Words

_QUERIES = 1000
_SCANS = 5
_LINES = 100_000  # a minute of writing and reading would tell no more about lines


def known_of(size: int) -> HashList:
    """So many PDQ hashes of even bits, on one list."""
    hashes = np.frombuffer(np.random.default_rng(0).bytes(BYTES * size), np.uint8).reshape(-1, BYTES)
    columns = {kind: Column.none(films=kind is HashKind.VPDQ) for kind in KINDS}
    columns[HashKind.PDQ] = Column(hashes, np.zeros(size, np.uint32))
    return HashList.of(Table.of([Said("bench")], columns))


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor time of one call, and what it made; wall time would measure the neighbours too."""
    began = time.process_time()
    made = work()
    return time.process_time() - began, made


def queries_of(words: Words) -> Words:
    """Half of them strangers, half within 20 bits of a listed hash."""
    rng = np.random.default_rng(1)
    strangers = words_of(np.frombuffer(rng.bytes(BYTES * _QUERIES), np.uint8).reshape(-1, BYTES)).copy()
    near = words[rng.integers(len(words), size=_QUERIES // 2)] ^ np.array([0xF, 0xF0, 0xF00, 0xFF], np.uint64)
    strangers[::2] = near
    return strangers


def rate(near: Near, queries: Words) -> float:
    """Lookups in a second of processor time; half of the queries have to find something."""
    spent, found = seconds(lambda: [len(near.near(query, RADIUS)[0]) for query in queries])
    assert np.count_nonzero(found) >= len(queries) // 2
    return len(queries) / spent


def faiss_rate(words: Words, queries: Words) -> float:
    """The same with FAISS's exact index: 16 pieces of 16 bits, in each of which a bit may differ."""
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexBinaryMultiHash(256, 16, 16)
    index.nflip = 1
    index.add(words.view(np.uint8).reshape(-1, BYTES))
    asked = np.ascontiguousarray(queries).view(np.uint8).reshape(-1, BYTES)
    spent, _ = seconds(lambda: index.range_search(asked, RADIUS + 1))
    return len(queries) / spent


def bench(size: int, *, faiss: bool) -> None:
    """Prints a few lines about so many hashes."""
    spent, known = seconds(lambda: known_of(size))
    print(f"{size} hashes: sorted and digested in {spent:.1f} s")
    with tempfile.TemporaryDirectory() as folder:
        for name, kept in (("known.safetensors", known), ("known.jsonl", known_of(_LINES))):
            path = Path(folder, name)
            kept.save(path)
            spent, again = seconds(partial(HashList.load, path))
            assert again.digest == kept.digest
            count = len(kept)
            print(f"  {name}, {path.stat().st_size / count:.0f} bytes a hash: {count} loaded in {spent:.2f} s")
    words = known._table.columns[HashKind.PDQ].words
    spent, tables = seconds(lambda: Tables(words))
    memory = (tables.nbytes + 36 * size) / size
    print(f"  tables made in {spent:.1f} s; {memory:.0f} bytes of memory a hash with the hashes themselves")
    queries = queries_of(words)
    print(f"  tables:    {rate(tables, queries):>9.0f} lookups/s")
    print(f"  bare loop: {rate(Scan(words), queries[:_SCANS]):>9.1f} lookups/s")
    if faiss:
        print(f"  FAISS:     {faiss_rate(words, queries):>9.0f} lookups/s")


def main() -> None:
    """Runs the chosen sizes."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.known", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--faiss", action="store_true")
    arguments = parser.parse_args()
    for size in arguments.sizes:
        bench(size, faiss=arguments.faiss)


if __name__ == "__main__":
    main()
