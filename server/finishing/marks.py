"""Which marks an output gets, by request and by policy: a visible label, and what its metadata declare.

Pure functions of a decision and the settings. A request never weakens what the policy demands. This module knows who
may demand what; it does not know how anything is drawn, written or encoded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeAlias

from core.aigc import GENERATED, SUSPECTED, Aigc
from core.media import Frame, Media
from generators.exif import orientation
from generators.marking.aigc import JPEG_LIMIT, aigc_packet
from generators.marking.drawing import draw
from generators.marking.label import Label
from policies.base import Action, Decision, Reason
from server import sections
from server.config import Settings
from server.examination import Context
from server.requests import Order

GENERATIVE = frozenset({"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "algorithmicMedia"})
"""IPTC terms of models whose output is new content; all others improve somebody's own."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What one output is marked with. passed_on: it is an improved upload, whose earlier declarations stay.

    source_type: IPTC term to declare, "" for none.
    """

    label: Label | None = None
    aigc: Aigc | None = None
    source_type: str = ""
    passed_on: bool = False

    @property
    def declares(self) -> bool:
        """Whether metadata change."""
        return self.aigc is not None or self.source_type != ""

    def drawn(self, frame: Frame, made: Media) -> Frame:
        """`frame` with the label, upright under the EXIF orientation of `made`; the same object where none is wanted.

        Raises InvalidInput naming "label" where the label does not fit.
        """
        if self.label is None:
            return frame
        return draw(frame, self.label, orientation(_block(made, "exif"))).frame

    def packet(self, made: Media) -> bytes:
        """The XMP of `made` with the declarations; as it was where there is nothing to declare."""
        packet = _block(made, "xmp")
        if not self.declares:
            return packet
        limit = JPEG_LIMIT if made.mime == "image/jpeg" else None
        return aigc_packet(packet, self.aigc, self.source_type, passed_on=self.passed_on, limit=limit)


Marking: TypeAlias = Callable[[Decision, Order, Context, int], Marks]
"""`marks_for` with the operator's settings."""


def marks_for(decision: Decision, order: Order, context: Context, intent_index: int, settings: Settings) -> Marks:
    """Everything that an output of `order` gets. intent_index: where the log announced it."""
    source_type = order.source_type
    return Marks(
        label=label_for(decision, order, context, settings),
        aigc=aigc_for(decision, order, context, settings, f"{settings.origin}/{intent_index}"),
        source_type=source_type if _is_labelled(decision) else "",
        passed_on=source_type not in GENERATIVE,
    )


def label_for(decision: Decision, order: Order, context: Context, settings: Settings) -> Label | None:
    """The label to draw: what the policy demands, or what is asked for where that is at least as visible."""
    demanded = next((rule.label for rule in settings.labels if _holds(rule, decision, context)), None)
    if demanded is None:
        return order.label
    return order.label if order.label and order.label.serves_for(demanded) else demanded


def aigc_for(decision: Decision, order: Order, context: Context, settings: Settings, number: str) -> Aigc | None:
    """The declaration of an output that the policy labels, None where none is configured for its jurisdiction.

    For what a model made here we are the producer and it is generated. For an improved upload we only pass on what
    its producer declared; where nobody did, signs of AI make it suspected (Measures for Labeling, article 6).
    """
    ours = settings.aigc
    if ours is None or not _is_labelled(decision) or not _applies(ours.jurisdictions, context):
        return None
    if order.source_type in GENERATIVE:
        return Aigc(GENERATED, content_producer=ours.producer, produce_id=number, reserved_code_1=ours.reserved_code_1)
    return Aigc(SUSPECTED, content_propagator=ours.producer, propagate_id=number, reserved_code_2=ours.reserved_code_2)


def _holds(rule: sections.LabelRule, decision: Decision, context: Context) -> bool:
    if rule.code == sections.ANY_LABEL:
        fits = bool(_is_labelled(decision))
    else:
        fits = any(reason.code == rule.code for reason in _standing(decision))
    return fits and _applies(rule.jurisdictions, context)


def _standing(decision: Decision) -> tuple[Reason, ...]:
    """The reasons that count. Those of a decision to allow were set aside by an exemption."""
    return () if decision.action is Action.ALLOW else decision.reasons


def _is_labelled(decision: Decision) -> bool:
    return any(reason.action is Action.LABEL for reason in _standing(decision))


def _applies(jurisdictions: Collection[str], context: Context) -> bool:
    return not jurisdictions or context.jurisdiction in jurisdictions


def _block(made: Media, name: str) -> bytes:
    array = made.view("tags").arrays.get(name)
    return b"" if array is None else array.tobytes()
