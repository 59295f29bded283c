"""The memory that an enhancement takes grows with the picture and its output, and with nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WRITING = 3.0
"""What writing the file holds beside the arrays, at most, as a multiple of them: Pillow's copy of four bytes a pixel,
samples in the form that an encoder wants, and the file.
"""


def measured(name: str, megapixels: float, bits: int) -> dict[str, int]:
    words = [sys.executable, "-m", "tests.generators.memory", name, str(megapixels), str(bits)]
    done = subprocess.run(
        words, cwd=ROOT, capture_output=True, check=True, env={"OMP_NUM_THREADS": "1", "PYTHONPATH": "."}
    )
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(("name", "bits"), [("bicubic", 8), ("unsharp", 16)])
def test_memory_grows_with_the_arrays_alone(name: str, bits: int) -> None:
    small, large = (measured(name, size, bits) for size in (1, 4))
    grown = (large["peak"] - small["peak"]) / (large["arrays"] - small["arrays"])
    assert grown < 1 + WRITING
    # So that the measurement is one: the arrays themselves are among what grew.
    assert grown > 0.8


@pytest.mark.slow
@pytest.mark.parametrize(("name", "bits"), [("unsharp", 8), ("unsharp", 16)])
def test_a_picture_of_100_megapixels(name: str, bits: int) -> None:
    found = measured(name, 100, bits)
    assert found["pixels"] == 100_000_000
    assert found["peak"] < found["arrays"] * (1 + WRITING) + 500e6
