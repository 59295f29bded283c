"""The command that asks `generated_video` about a folder of films."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigurationError
from detectors.base import Verdict
from detectors.generated.video import Unequipped
from tests.detectors.films.making import film, pan
from training.evaluation.generated_films import held, measure


@pytest.mark.asyncio
async def test_every_film_is_told_and_what_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.mp4").write_bytes(film(pan("crab", 30)))
    (tmp_path / "b.MP4").write_bytes(b"no film")
    (tmp_path / "c.txt").write_text("not looked at")
    counted = await measure(held(tmp_path), Unequipped())
    assert counted == {Verdict.ABSTAINED: 1}
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("a.mp4: abstained clip.missing")
    assert second.startswith("b.MP4: left out, ")


def test_a_folder_without_films_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no film"):
        held(tmp_path)
