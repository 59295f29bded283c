"""Who gets which marks: policy before request, and never less than either of them demands."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.aigc import Aigc, parse
from core.media import Frame
from core.parsers.metadata import xmp
from countersign.v1 import generation_pb2 as pb
from generators.marking.drawing import draw
from generators.marking.label import Label, Mark, Placement
from policies.base import Action, Decision, Reason
from server.config import Settings
from server.convert.labels import label_of
from server.examination import Context
from server.finishing.marks import Marks, aigc_for, label_for, marks_for
from server.requests import Order
from server.sections import Aigc as AigcSection
from server.sections import LabelRule
from tests.generators.pictures import media, noise
from tests.server.fakes import Painter

LABELS = st.builds(
    Label,
    st.sampled_from(["AI", "AI-generated", "by AI-generated models", "AI生成"]),
    st.sampled_from(Mark),
    st.sampled_from(Placement),
    st.sampled_from([0.02, 0.05, 0.25]),
)
MADE = Reason("made-with-ai", "made_with_ai", "made here", Action.LABEL)
ODD = Reason("odd", "odd", "odd", Action.REVIEW)
PASSES = Reason("", "no_rule_fired", "nothing", Action.ALLOW)


def decision(*reasons: Reason, action: Action | None = None) -> Decision:
    return Decision(action or max(reason.action for reason in reasons), reasons, "p", "sha256:0")


def order(label: Label | None = None, source_type: str = "trainedAlgorithmicMedia") -> Order:
    painter = Painter()
    painter.source_type = source_type
    return Order(uuid.uuid4().hex, painter, label=label)


def rule(code: str = "*", text: str = "AI-generated", **fields: Any) -> LabelRule:
    return LabelRule(code=code, text=text, **fields)


def settings(*labels: LabelRule, aigc: AigcSection | None = None) -> Settings:
    return Settings(labels=labels, aigc=aigc)


def context(jurisdiction: str = "") -> Context:
    return Context("outbound", "acme", jurisdiction=jurisdiction)


@pytest.mark.parametrize(
    ("taken", "demanded"),
    [
        (decision(MADE), True),
        (decision(ODD, MADE), True),  # a reviewer looks at it, and it leaves labelled all the same
        (decision(ODD), False),
        (decision(PASSES), False),
        (decision(MADE, action=Action.ALLOW), False),  # an exemption set the rule aside
    ],
)
def test_any_reason_to_label_that_stands_demands_the_label(taken: Decision, demanded: bool) -> None:
    found = label_for(taken, order(), context(), settings(rule()))
    assert found == (Label("AI-generated") if demanded else None)


def test_a_rule_for_one_reason_holds_for_that_reason_alone() -> None:
    rules = settings(rule("odd", "odd"), rule("made_with_ai"))
    assert label_for(decision(ODD, MADE), order(), context(), rules) == Label("odd")  # the first that fits
    assert label_for(decision(MADE), order(), context(), rules) == Label("AI-generated")
    assert label_for(decision(PASSES), order(), context(), settings(rule("no_rule_fired"))) is None


def test_jurisdictions() -> None:
    rules = settings(rule(text="AI生成", jurisdictions={"CN"}), rule(jurisdictions={"DE", "FR"}))
    found = {name: label_for(decision(MADE), order(), context(name), rules) for name in ("CN", "FR", "US", "")}
    assert found == {"CN": Label("AI生成"), "FR": Label("AI-generated"), "US": None, "": None}


@given(LABELS, LABELS)
def test_a_request_never_weakens_what_policy_demands(asked: Label, demanded: Label) -> None:
    rules = settings(
        LabelRule(
            code="*",
            text=demanded.text,
            mark=demanded.mark,
            placement=demanded.placement,
            height_fraction=demanded.height_fraction,
        )
    )
    found = label_for(decision(MADE), order(asked), context(), rules)
    assert found is not None
    assert found.serves_for(demanded)
    assert found in (asked, demanded)
    assert found == asked if asked.serves_for(demanded) else found == demanded
    assert label_for(decision(PASSES), order(asked), context(), rules) == asked


AIGC = AigcSection(producer="acme", reserved_code_1="r1", reserved_code_2="r2", jurisdictions=frozenset({"CN"}))


def test_what_is_made_here_is_declared_as_ours() -> None:
    found = aigc_for(decision(MADE), order(), context("CN"), settings(aigc=AIGC), "log/7")
    assert found == Aigc("1", "acme", "log/7", "r1")


def test_what_is_only_improved_is_declared_as_passed_on() -> None:
    found = aigc_for(
        decision(MADE), order(None, "algorithmicallyEnhanced"), context("CN"), settings(aigc=AIGC), "log/7"
    )
    assert found == Aigc("3", "", "", "", "acme", "log/7", "r2")


def test_nothing_is_declared_elsewhere_or_without_a_reason() -> None:
    assert aigc_for(decision(MADE), order(), context("FR"), settings(aigc=AIGC), "1") is None
    assert aigc_for(decision(ODD), order(), context("CN"), settings(aigc=AIGC), "1") is None
    assert aigc_for(decision(MADE), order(), context("CN"), settings(), "1") is None


def test_without_marks_the_same_frame_and_packet_leave() -> None:
    marks = marks_for(decision(PASSES), order(), context(), 1, settings(rule(), aigc=AIGC))
    assert marks == Marks()
    assert not marks.declares
    frame, made = Frame(noise(60, 90)), media(noise(60, 90), tags={"xmp": b"<x/>"})
    assert marks.drawn(frame, made) is frame
    assert marks.packet(made) == b"<x/>"


def test_marks_reach_pixels_and_packet() -> None:
    marks = marks_for(decision(MADE), order(), context("CN"), 7, settings(rule(), aigc=AIGC))
    exif = Image.Exif()
    exif[274] = 6
    made = media(noise(300, 200), tags={"exif": exif.tobytes()})
    frame = made.frames()[0]
    assert np.array_equal(
        marks.drawn(frame, made).pixels, draw(frame, Label("AI-generated"), orientation=6).frame.pixels
    )
    found = dict(xmp.properties(marks.packet(made)))
    assert parse(found["AIGC"]) == Aigc("1", "acme", "countersign.local/log/7", "r1")
    assert found["DigitalSourceType"].endswith("/trainedAlgorithmicMedia")


def test_the_source_type_is_declared_of_all_that_is_labelled_and_nothing_else() -> None:
    assert marks_for(decision(MADE), order(), context(), 1, settings()).source_type == "trainedAlgorithmicMedia"
    assert marks_for(decision(ODD), order(), context(), 1, settings()).source_type == ""
    improved = marks_for(decision(MADE), order(None, "algorithmicallyEnhanced"), context(), 1, settings())
    assert improved == Marks(None, None, "algorithmicallyEnhanced", passed_on=True)


def test_another_label_is_another_request_and_none_is_what_it_was() -> None:
    plain = order()
    assert "label" not in plain.content()
    assert order(Label("AI")).content()["label"] == {
        "text": "AI",
        "mark": "",
        "placement": "bottom-right",
        "height_fraction": 0.05,
    }
    assert "label" not in order(Label("AI")).work()  # the requester's words stay out of a permanent leaf


def test_every_placement_and_mark_of_the_wire_has_its_own() -> None:
    def converted(**fields: Any) -> Label | None:
        return label_of(pb.EnhanceRequest(label=pb.Label(text="AI", **fields)))

    placements = {converted(placement=number) for number in pb.LabelPlacement.values() if number}
    assert {label.placement for label in placements if label} == set(Placement)
    for name, number in pb.LabelPlacement.items():
        label = converted(placement=number)
        words = "bottom-right" if not number else name.removeprefix("LABEL_PLACEMENT_").lower().replace("_", "-")
        assert label == Label("AI", placement=Placement(words))
    assert converted(mark=pb.LABEL_MARK_AI, height_fraction=0.1) == Label("AI", Mark.AI, height_fraction=0.1)
    assert label_of(pb.GenerateRequest()) is None
