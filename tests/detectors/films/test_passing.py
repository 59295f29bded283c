"""A film is decoded once for its hashes and its timeline, and both are what they would be alone."""

from __future__ import annotations

import numpy as np
import pytest

from core.limits import Limits
from core.media import View
from core.parsers.catalog import PARSERS
from core.sandbox import Sandbox
from core.sandbox.contract import Request
from detectors import film_hashes
from detectors.catalog import PARSERS as OWN
from detectors.films import hashing, parser, recording
from detectors.films.passing import passed
from tests.detectors.films.making import film, pan


def asked(data: bytes) -> Request:
    return Request((data,), "video/mp4", Limits())


def reel() -> bytes:
    return film(pan("crab", 60), pan("mountains", 40))


def same(first: View, second: View) -> bool:
    arrays = set(first.arrays) == set(second.arrays)
    return arrays and all(np.array_equal(first.arrays[name], second.arrays[name]) for name in first.arrays)


def test_whoever_asks_second_gets_what_was_found() -> None:
    request = asked(reel())
    assert passed(request) is passed(request)
    assert film_hashes.parse(request) is passed(request).hashes
    assert parser.parse(request) is passed(request).timeline
    assert same(film_hashes.parse(asked(reel())), film_hashes.parse(request))


@pytest.mark.asyncio
async def test_two_trips_share_nothing() -> None:
    async with await Sandbox.start({**PARSERS, **OWN}, workers=1) as sandbox:
        one = await sandbox.open(reel(), OWN)
        other = await sandbox.open(film(pan("stream", 50)), OWN)
    assert same(one.view("film_hashes"), film_hashes.parse(asked(reel())))
    assert same(one.view("film_timeline"), parser.parse(asked(reel())))
    assert other.view("film_timeline").arrays["pictures"].shape[0] == 50
    assert other.view("film_hashes").arrays["times"].tolist() == [0.0, 1.0]


def test_what_the_timeline_has_no_room_for_is_hashed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = film_hashes.parse(asked(reel()))
    assert whole.arrays["times"].tolist() == [0.0, 1.0, 2.0, 3.0]
    monkeypatch.setattr(recording, "MOST", 30)
    request = asked(reel())
    assert same(film_hashes.parse(request), whole)
    assert len(parser.parse(request).arrays["pictures"]) == 30


def test_where_keyframes_are_hashed_the_timeline_is_still_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "BUDGET", 1)
    request = asked(reel())
    assert film_hashes.parse(request).facts["by"] == "keyframes"
    assert request.kept == {}
    assert len(parser.parse(request).arrays["pictures"]) == 100
