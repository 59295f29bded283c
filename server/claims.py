"""What the manifest of an output says: which model made it, how, and under which recorded decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from generators.auto import PLAN
from generators.base import Value
from generators.fidelity import UNIT, figures_in
from generators.scenes.report import band_figures_in
from policies.base import Decision
from server.finishing.finisher import Finished
from server.provenance import Binding, Claim
from server.provenance.work import work_of
from server.recovery.bindings import Bindings
from server.requests import Order


def claim_of(
    order: Order,
    decision: Decision,
    intent_index: int,
    finished: Finished,
    bindings: Bindings,
    notes: Mapping[str, Value],
) -> Claim:
    """The claim of an order's output. The prompt is the requester's and does not go into a public manifest; of the
    model's notes only figures of fidelity and what it chose to do by itself do.
    """
    work = work_of(order.model.task, order.source_type, opened=order.source is not None)
    return Claim(
        title=f"{order.model.task} by {order.model.name}",
        source_type=work.source_type,
        model=order.model.name,
        model_version=order.model.version,
        action=work.action,
        binding=Binding(decision.policy_digest, intent_index, order.request_id),
        parameters=chosen_in(order, notes),
        made_at=datetime.now(UTC),
        soft_bindings=bindings.soft_bindings,
        watermarked=finished.watermark is not None,
        labelled=finished.marks.label is not None,
        fidelity=fidelity_in(notes),
        components=len(order.burst),
    )


def fidelity_in(notes: Mapping[str, Value]) -> dict[str, Value]:
    """The figures among a model's notes, and what they are in where that is not 8-bit steps."""
    return {
        **figures_in(notes),
        **band_figures_in(notes),
        **{name: value for name, value in notes.items() if name == UNIT},
    }


def chosen_in(order: Order, notes: Mapping[str, Value]) -> dict[str, Value]:
    """The settings of an order, and what the model chose in their place."""
    return {**order.parameters, **{name: value for name, value in notes.items() if name == PLAN}}
