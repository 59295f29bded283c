"""Distances from what is familiar, and how it is stored."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from core.errors import IntegrityError
from detectors.verdicts.familiar import Familiar, apart

KNOWN = Familiar(
    mean=np.array([1.0, 2.0, 3.0], np.float32),
    axes=np.array([[1.0, 0.0, 0.0]], np.float32),
    deviations=np.array([2.0], np.float32),
    rest=0.5,
    limit=2.0,
)


def test_the_distance_counts_deviations() -> None:
    assert KNOWN.distance(KNOWN.mean) == 0.0
    assert KNOWN.distance(KNOWN.mean + np.array([2, 0, 0])) == pytest.approx(3**-0.5)
    assert KNOWN.distance(KNOWN.mean + np.array([2, 0.5, -0.5])) == pytest.approx(1.0)
    assert KNOWN.distance(np.array([np.nan, 0, 0])) == np.inf


def test_other_features_are_a_defect() -> None:
    with pytest.raises(ValueError, match="shape"):
        KNOWN.distance(np.zeros(4))


def test_a_file_reads_back_and_a_changed_one_does_not(tmp_path: Path) -> None:
    path = tmp_path / "familiar.safetensors"
    KNOWN.write(path)
    read = Familiar.read(path, hashlib.sha256(path.read_bytes()).hexdigest())
    assert read.digest == KNOWN.digest
    assert read.limit == KNOWN.limit
    with pytest.raises(IntegrityError, match=r"familiar\.safetensors"):
        Familiar.read(path, "0" * 64)


def test_it_lives_in_one_file_with_a_network() -> None:
    whole = {"conv.weight": torch.zeros(2)} | {name: torch.tensor(array) for name, array in KNOWN.arrays().items()}
    network, own = apart(load(save(whole)))
    assert set(network) == {"conv.weight"}
    assert Familiar.of(own).digest == KNOWN.digest
    with pytest.raises(IntegrityError, match=r"lack familiar\.mean"):
        Familiar.of(network)


def test_every_figure_is_in_the_digest() -> None:
    changed = [
        replace(KNOWN, mean=KNOWN.mean + 1),
        replace(KNOWN, axes=KNOWN.axes[:, ::-1].copy()),
        replace(KNOWN, deviations=KNOWN.deviations * 2),
        replace(KNOWN, rest=0.25),
        replace(KNOWN, limit=4.0),
    ]
    assert len({each.digest for each in (*changed, KNOWN)}) == len(changed) + 1


@pytest.mark.parametrize(
    "wrong", [{"limit": 0.0}, {"rest": float("nan")}, {"deviations": np.ones(2, np.float32)}, {"rest": -1.0}]
)
def test_what_does_not_fit_together_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match="familiar"):
        replace(KNOWN, **wrong)  # type: ignore[arg-type]
