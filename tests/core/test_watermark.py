from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.watermark import payload, scale, tile

IDENTIFIERS = st.integers(0, 2**payload.ID_BITS - 1)
EDGES = (0, 1, 2**48 - 1, 0xAAAAAAAAAAAA, 0x555555555555)

DIGEST = "491396aac71c7a723e08a2a8018c33c69fa22a4b44ba9aad1c58772d7fde73cb"


def soft(identifier: int) -> payload.Floats:
    return (1.0 - 2.0 * payload.encode(identifier)).astype(np.float32)


@given(IDENTIFIERS, st.sets(st.integers(0, payload.CODED_BITS - 1), max_size=8), st.data())
@settings(max_examples=60, deadline=None)
def test_an_identifier_survives_erasures_and_a_few_flips(identifier: int, hit: set[int], data: st.DataObject) -> None:
    # The free distance of the code is 12: any 5 flips are corrected, and so are 2 flips among 6 erasures.
    sent = soft(identifier)
    flips = data.draw(st.integers(0, 2))
    for count, at in enumerate(sorted(hit)):
        sent[at] = -sent[at] if count < flips else 0.0
    assert payload.decode(sent[None]) == [identifier]


@given(IDENTIFIERS, st.sets(st.integers(0, payload.CODED_BITS - 1), max_size=5))
@settings(max_examples=60, deadline=None)
def test_any_five_flips_are_corrected(identifier: int, hit: set[int]) -> None:
    sent = soft(identifier)
    sent[list(hit)] *= -1
    assert payload.decode(sent[None]) == [identifier]


@pytest.mark.parametrize("identifier", EDGES)
def test_edges_of_the_range(identifier: int) -> None:
    assert payload.decode(soft(identifier)[None] * 1e-6) == [identifier]


@pytest.mark.parametrize("identifier", [-1, 2**48])
def test_other_numbers_are_refused(identifier: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        payload.encode(identifier)
    assert refused.value.field == "identifier"


def test_noise_and_silence_are_not_words() -> None:
    noise = np.random.default_rng(1).normal(size=(300, payload.CODED_BITS)).astype(np.float32)
    # The CRC lets one in 65,536 through.
    assert payload.decode(noise).count(None) >= 299
    assert payload.decode(np.zeros((1, payload.CODED_BITS), dtype=np.float32)) == [None]


def test_a_batch_is_decoded_as_one_by_one() -> None:
    batch = np.stack([soft(identifier) for identifier in EDGES])
    assert payload.decode(batch) == list(EDGES)
    found = payload.decode_bits(batch)
    assert all((bits == payload.encode(identifier)).all() for identifier, (_, bits) in zip(EDGES, found, strict=True))


def test_the_format_is_what_it_was() -> None:
    # Pictures marked years ago are read by these numbers: a change here needs a new format, not a new digest.
    numbers = np.concatenate([tile.PERIODS.ravel(), tile.OWNERS, tile.WHITE.astype(np.int64)])
    words = np.concatenate([payload.encode(identifier) for identifier in EDGES])
    origins = np.array([payload.origin(identifier, scale.TILE) for identifier in EDGES])
    text = ",".join(str(number) for part in (numbers, words, origins) for number in part.ravel().tolist())
    assert hashlib.sha256(text.encode()).hexdigest() == DIGEST


def test_every_bit_owns_a_low_a_middle_and_a_high_wave_and_the_pilot_spans_all() -> None:
    frequency = np.repeat(tile.FREQUENCY, 2)
    for bit in range(payload.CODED_BITS):
        owned = np.sort(frequency[bit == tile.OWNERS])
        assert len(owned) == 3
        assert owned[0] < 9 < owned[2]
    assert tile.FREQUENCY[tile.PILOT].min() < 3
    assert tile.FREQUENCY[tile.PILOT].max() > 13


def test_waves_are_orthogonal_and_read_back_at_any_side() -> None:
    words = [tile.waves_of(payload.encode(identifier)) for identifier in EDGES]
    for side in (32, 64, 96):
        drawn = np.stack([tile.draw_tile(waves, side) for waves in words])
        assert np.allclose(tile.read_tile(drawn), np.stack(words), atol=1e-4)
        assert np.allclose(drawn.var(axis=(1, 2)), len(tile.PERIODS), rtol=1e-4)  # no word weighs more than another


@given(IDENTIFIERS)
@settings(max_examples=25, deadline=None)
def test_no_identifier_makes_a_tile_with_a_bright_spot(identifier: int) -> None:
    drawn = tile.draw_tile(tile.waves_of(payload.encode(identifier)), scale.TILE)
    assert np.abs(drawn).max() < 7 * drawn.std()


def test_soft_bits_are_the_word() -> None:
    word = payload.encode(EDGES[-1])
    assert np.allclose(tile.soft_bits(tile.waves_of(word)), 3 * (1 - 2.0 * word))


def test_the_scale_of_marking() -> None:
    assert scale.marked_size(3000, 4000) == (512, 683)
    assert scale.marked_size(4000, 3000) == (683, 512)
    assert scale.marked_size(512, 9000) == (512, 9000)
    assert scale.large_enough(128, 128)
    assert scale.large_enough(64, 256)
    assert not scale.large_enough(63, 5000)
    assert not scale.large_enough(100, 100)
