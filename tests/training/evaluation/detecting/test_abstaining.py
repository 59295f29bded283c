"""Coverage and risk, and verdicts that turn, of looks whose every answer is known."""

from __future__ import annotations

from pathlib import Path

from detectors.base import Verdict
from training.evaluation.detecting.abstaining import sheet, turned
from training.evaluation.detecting.listing import Label, Row
from training.evaluation.detecting.looking import Look
from training.evaluation.detecting.passes import Facts, Pass, Seen

FACTS = Facts(320, 320, "image/jpeg", 90, (0.0, 0.0, 0.0))
VERDICTS = {"+": Verdict.DETECTED, "-": Verdict.NOT_DETECTED, "?": Verdict.ABSTAINED}


def one_pass(step: str, ratios: list[float], verdicts: str) -> Pass:
    """The first half of the files is real, the rest made."""
    seen = []
    for at, (ratio, verdict) in enumerate(zip(ratios, verdicts, strict=True)):
        label = Label.AI if at >= len(ratios) / 2 else Label.REAL
        row = Row(at + 1, str(at), Path(str(at)), label, "", None, str(at))
        seen.append(Seen(row, FACTS, {"it": Look(ratio, ratio, VERDICTS[verdict], read=True)}))
    return Pass(step, tuple(seen))


RATIOS = [-2.0, -1.0, 0.5, 0.1, 2.0, 1.0, -0.5, 0.1]
FIRST = one_pass("as it is", RATIOS, "--+?++??")


def test_fewer_files_are_judged_and_fewer_wrongly() -> None:
    rows = {words: (coverage, risk) for words, coverage, risk in sheet("it", (FIRST,)).rows}
    assert rows["the 25% it is most certain of"] == ("0.25", "0.000")
    assert rows["the 75% it is most certain of"] == ("0.75", "0.333")
    assert rows["the 100% it is most certain of"] == ("1.00", "0.375")
    assert rows["all with a verdict"] == ("0.62", "0.200")


def test_a_verdict_that_turns_is_no_verdict() -> None:
    silent = one_pass("WebP", RATIOS, "????????")
    turns = one_pass("JPEG", RATIOS, "+---++++")
    assert turned("it", (FIRST, silent, turns)).tolist() == [True, False, True, False, False, False, False, False]
    found = sheet("it", (FIRST, silent, turns))
    assert found.rows[-1][1:] == ("0.38", "0.000")
    assert "turns 0.40" in found.title
