"""What `enhance --json` says of an enhancement beside its decision."""

from __future__ import annotations

from countersign.results import Made
from countersign.v1 import generation_pb2
from countersign.views import made_json


def viewed(**fields: object) -> dict[str, object]:
    return made_json("out.png", Made(b"made", generation_pb2.MadeMedia(**fields)))  # type: ignore[arg-type]


def test_figures_that_were_not_measured_are_left_out() -> None:
    told = generation_pb2.Fidelity(mean_change=0.0, sharpness_before=12.5, noise_after=1.25)
    assert viewed(fidelity=told)["fidelity"] == {
        "mean_change": 0.0,
        "sharpness_before": 12.5,
        "sharpness_after": 0.0,
        "noise_before": 0.0,
        "noise_after": 1.25,
    }


def test_what_was_not_reported_is_null() -> None:
    view = viewed()
    assert (view["fidelity"], view["plan"]) == (None, None)


def test_the_plan_is_told() -> None:
    assert viewed(plan="nothing: it is sharp")["plan"] == "nothing: it is sharp"


def test_what_figures_are_in_is_told_where_it_is_not_8_bit_steps() -> None:
    told = generation_pb2.Fidelity(uncertainty_max=3.5, unit="HU")
    assert viewed(fidelity=told)["fidelity"]["unit"] == "HU"  # type: ignore[index]
    assert viewed(fidelity=told)["fidelity"]["uncertainty_max"] == 3.5  # type: ignore[index]
