"""A calibration judges monotonically within its bound, is named by its figures, and is read only as it was pinned."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationError, IntegrityError, PreconditionFailed
from core.weights import PinnedWeights
from detectors.base import Verdict
from detectors.verdicts.calibration import Calibration, of_weights

KNOWN = Calibration(
    knots=(-2.0, -0.5, 1.0, 3.0),
    log10_lrs=(-1.5, -0.2, 0.4, 1.5),
    detected_from=1.5,
    absent_to=-1.0,
    fpr=0.02,
    fpr_low=0.005,
    fpr_high=0.07,
    photographs=100,
)
ORDER = (Verdict.NOT_DETECTED, Verdict.ABSTAINED, Verdict.DETECTED)
SCORES = st.floats(-1e6, 1e6) | st.floats(-3, 4)


@given(SCORES, SCORES)
def test_more_score_never_says_less(first: float, second: float) -> None:
    low, high = (KNOWN.judge(score) for score in sorted((first, second)))
    assert (low.probability, low.log10_lr) <= (high.probability, high.log10_lr)
    assert ORDER.index(low.verdict) <= ORDER.index(high.verdict)


@given(SCORES)
def test_the_ratio_stays_within_what_the_photographs_support(score: float) -> None:
    judged = KNOWN.judge(score)
    assert abs(judged.log10_lr) <= math.log10(KNOWN.photographs)
    assert judged.probability == pytest.approx(10**judged.log10_lr / (1 + 10**judged.log10_lr))


def test_the_limits_belong_to_their_verdicts() -> None:
    verdicts = [KNOWN.judge(score).verdict for score in (-1.0, -0.9999, 1.4999, 1.5)]
    assert verdicts == [Verdict.NOT_DETECTED, Verdict.ABSTAINED, Verdict.ABSTAINED, Verdict.DETECTED]


def test_the_ratio_is_linear_between_knots() -> None:
    assert KNOWN.judge(2.0).log10_lr == pytest.approx((0.4 + 1.5) / 2)


def test_what_is_no_number_is_not_judged() -> None:
    with pytest.raises(ValueError, match="number"):
        KNOWN.judge(math.nan)


CHANGES = {
    "knots": (-2.0, -0.5, 1.0, 3.5),
    "log10_lrs": (-1.5, -0.2, 0.4, 1.6),
    "detected_from": 1.6,
    "absent_to": -1.1,
    "fpr": 0.021,
    "fpr_low": 0.004,
    "fpr_high": 0.08,
    "photographs": 101,
}


def test_any_figure_changes_the_digest() -> None:
    assert set(CHANGES) == {field.name for field in fields(Calibration)}
    digests = {replace(KNOWN, **{name: value}).digest for name, value in CHANGES.items()}  # type: ignore[arg-type]
    assert len(digests | {KNOWN.digest}) == len(CHANGES) + 1


def test_a_file_reads_back_as_the_same(tmp_path: Path) -> None:
    path = tmp_path / "some.calibration.json"
    sha256 = KNOWN.write(path)
    assert Calibration.read(path, sha256) == KNOWN
    assert KNOWN.digest == f"sha256:{sha256}"
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_another_digest_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "some.calibration.json"
    KNOWN.write(path)
    with pytest.raises(IntegrityError, match=r"some\.calibration\.json has sha256"):
        Calibration.read(path, "0" * 64)
    with pytest.raises(PreconditionFailed, match=r"none\.json"):
        Calibration.read(tmp_path / "none.json", "0" * 64)


WRONG: dict[str, object] = {
    "knots": [1.0, 0.0, 2.0, 3.0],
    "log10_lrs": [0.0, 1.0],
    "detected_from": -2.0,
    "absent_to": "low",
    "fpr": 0.5,
    "fpr_low": None,
    "fpr_high": True,
    "photographs": 0,
}


@pytest.mark.parametrize("field", WRONG)
def test_a_wrong_figure_is_named_with_its_file(field: str, tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    path.write_text(json.dumps(asdict(KNOWN) | {field: WRONG[field]}))
    named = "absent_to" if field == "detected_from" else field
    with pytest.raises(ConfigurationError, match=rf"some\.json: calibration: {named} "):
        Calibration.read(path, hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize("text", ["", "[]", "{", '{"knots": [1]}', "\udcff", '{"knots": NaN}', "null"])
def test_what_is_no_calibration_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigurationError, match=r"some\.json: calibration"):
        Calibration.read(path, hashlib.sha256(path.read_bytes()).hexdigest())


def test_a_ratio_beyond_the_photographs_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="log10_lrs goes beyond what 10 photographs support"):
        replace(KNOWN, photographs=10)


def test_a_verdict_that_its_own_ratio_speaks_against_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"calibration: detected_from .* likelier of the others"):
        replace(KNOWN, detected_from=-0.3)
    with pytest.raises(ConfigurationError, match=r"calibration: absent_to .* likelier of what is looked for"):
        replace(KNOWN, absent_to=1.2)
    assert replace(KNOWN, detected_from=1e9, absent_to=-1e9).judge(9.0).verdict is Verdict.ABSTAINED


def test_the_manifest_leads_to_the_file_beside_it(tmp_path: Path) -> None:
    sha256 = KNOWN.write(tmp_path / "net.calibration.json")
    pins = {"calibration": "net.calibration.json", "calibration_sha256": sha256}
    pinned = PinnedWeights("net", tmp_path / "net.safetensors", "0" * 64, "Net", parameters=pins)
    assert of_weights(pinned) == KNOWN
    for wrong in ({}, pins | {"calibration": "../net.json"}, pins | {"calibration_sha256": 5}):
        with pytest.raises(ConfigurationError, match="'net' lacks calibration"):
            of_weights(replace(pinned, parameters=wrong))


def test_a_number_beyond_all_floats_is_refused_by_its_field(tmp_path: Path) -> None:
    file = tmp_path / "some.calibration.json"
    KNOWN.write(file)
    said = json.loads(file.read_bytes()) | {"fpr": 10**400}
    file.write_text(json.dumps(said))
    with pytest.raises(ConfigurationError, match="fpr is not made of numbers"):
        Calibration.read(file, hashlib.sha256(file.read_bytes()).hexdigest())
