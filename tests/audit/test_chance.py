from __future__ import annotations

from itertools import pairwise

import pytest

from server.audit.entries.chance import Chance


def test_every_byte_is_handed_out_once() -> None:
    chance = Chance()
    drawn = [chance(16) for _ in range(2000)] + [chance(20_000)]
    assert {len(each) for each in drawn} == {16, 20_000}
    assert len(set(drawn)) == len(drawn)
    joined = b"".join(drawn)
    assert not any(joined[at : at + 16] in joined[at + 16 :] for at in range(0, 4000, 16))


@pytest.mark.parametrize("count", [0, 1, 8191, 8192, 8193])
def test_any_number_of_bytes_can_be_had(count: int) -> None:
    chance = Chance()
    for first, second in pairwise(chance(count) for _ in range(3)):
        assert len(first) == len(second) == count
        assert first != second or count < 8
