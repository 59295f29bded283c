"""A reader learns what stands where from features that hold it, and its loss is that of the judge."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from training.judging.labels import Labels
from training.judging.reader import reader, reading_loss, watched
from training.judging.targets import targets_of
from training.scenes.source import Source

_CELLS = 8


def test_what_a_module_hands_on_is_seen_while_it_is_watched_and_not_after() -> None:
    network = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    with watched(network[0]) as seen:
        network(torch.ones(1, 2))
    network(torch.ones(1, 2))
    assert [tuple(value.shape) for value in seen] == [(1, 3)]


def test_watching_ends_where_the_network_fails() -> None:
    network = nn.Linear(2, 3)
    with pytest.raises(RuntimeError), watched(network):
        network(torch.ones(1, 5))
    with watched(network) as seen:
        network(torch.ones(1, 2))
    assert len(seen) == 1


def test_maps_that_tell_each_thing_have_a_small_loss_and_shifted_ones_a_large(source: Source) -> None:
    labels = Labels.of(source.grammar.vocabulary)
    examples = [source.example(index) for index in range(6)]
    scenes, boxes = [each.scene for each in examples], [each.boxes for each in examples]
    made = _told(targets_of(list(zip(scenes, boxes, strict=True)), labels, _CELLS).things, len(examples), labels)
    told, right = reading_loss(made, scenes, boxes, labels)
    other, wrong = reading_loss(made.roll(1, dims=0), scenes, boxes, labels)
    assert right == 1
    assert wrong < 0.5
    assert told < other / 2


def test_a_reader_learns_from_features_that_hold_the_scene(source: Source) -> None:
    torch.manual_seed(3)
    labels = Labels.of(source.grammar.vocabulary)
    examples = [source.example(index) for index in range(6)]
    scenes, boxes = [each.scene for each in examples], [each.boxes for each in examples]
    features = targets_of(list(zip(scenes, boxes, strict=True)), labels, _CELLS).heat
    network = reader(features.shape[1], labels)
    optimizer = torch.optim.Adam(network.parameters(), 0.05)
    losses = []
    for _ in range(60):
        loss, right = reading_loss(network(features), scenes, boxes, labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert right == 1
    assert losses[-1] < losses[0] / 2


def _told(things: torch.Tensor, count: int, labels: Labels) -> torch.Tensor:
    """Maps whose heat is sure of each thing at its cell, and of nothing elsewhere."""
    made = torch.zeros(count, labels.channels, _CELLS, _CELLS)
    made[:, : len(labels.words)] = -8
    for picture, row, column, word, *_ in things.tolist():
        made[picture, word, row, column] = 8
    return made
