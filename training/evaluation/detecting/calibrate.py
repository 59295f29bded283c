"""Fits the calibration of a detector that has scores and none, such as a classifier that an operator brought.

    python -m training.evaluation.detecting.calibrate scores.csv -o house_look.calibration.json [--alpha 0.03]

The table has a header and the columns score, label (1 where what is looked for is there, 0 where not) and photograph
(what the picture was made from: pictures of one photograph count as one). Scores are those of findings; limits below
every score make a detector tell them all. Both classes MUST have been resized and encoded alike, or the calibration is
one of formats.
"""

from __future__ import annotations

import argparse
import csv
import math
from collections.abc import Sequence
from pathlib import Path

from core.errors import InvalidInput
from detectors.verdicts.calibration import Calibration
from training.evaluation.detecting.fit import fit

COLUMNS = ("score", "label", "photograph")
Row = tuple[float, bool, str]


def read(path: Path) -> list[Row]:
    """The rows of a table. Raises InvalidInput naming line and column."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
            if missing:
                found = ", ".join(table.fieldnames or ()) or "nothing"
                raise InvalidInput(f"{path.name} has no column {missing[0]}", field=missing[0], found=found)
            return [_row(path.name, table.line_num, each) for each in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path.name} cannot be read: {error}", field="scores") from error


def _row(name: str, line: int, values: dict[str, str | None]) -> Row:
    score, label, photograph = ((values[column] or "").strip() for column in COLUMNS)
    try:
        number = float(score)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidInput(f"{name}, line {line}: score is no number", field="score", found=score)
    if label not in {"0", "1"}:
        raise InvalidInput(f"{name}, line {line}: label is neither 0 nor 1", field="label", limit="0, 1", found=label)
    if not photograph:
        raise InvalidInput(f"{name}, line {line}: photograph is empty", field="photograph")
    return number, label == "1", photograph


def calibrated(rows: Sequence[Row], alpha: float) -> Calibration:
    """Raises InvalidInput as `fit`, which says how many photographs it needs."""
    return fit([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows], alpha)


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the file, whole or not at all, and prints the lines for the configuration."""
    parser = argparse.ArgumentParser("training.evaluation.detecting.calibrate", description=__doc__)
    parser.add_argument("scores", type=Path, help="a table with the columns score, label, photograph")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the calibration, JSON")
    parser.add_argument("--alpha", type=float, default=0.03, help="share of either kind that may be judged wrongly")
    options = parser.parse_args(arguments)
    try:
        made = calibrated(read(options.scores), options.alpha)
    except InvalidInput as error:
        raise SystemExit(f"{error.message} (found: {error.found})" if error.found else error.message) from error
    digest = made.write(options.output)
    print(f"# {made.photographs} photographs; false positives {made.fpr:.3f} [{made.fpr_low:.3f}, {made.fpr_high:.3f}]")
    print(f'calibration = "{options.output}"\ncalibration_sha256 = "{digest}"')


if __name__ == "__main__":
    main()
