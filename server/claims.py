"""What the manifest of an output says: which model made it, how, and under which recorded decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from policies.base import Decision
from server.finishing.finisher import Finished
from server.provenance import Binding, Claim, ClaimedAction
from server.recovery.bindings import Bindings
from server.requests import Order

# C2PA's word for each kind of work; whatever else improves a picture is "enhanced".
ACTIONS: Mapping[str, ClaimedAction] = {"upscale": "resized"}


def claim_of(order: Order, decision: Decision, intent_index: int, finished: Finished, bindings: Bindings) -> Claim:
    """The claim of an order's output. The prompt is the requester's and does not go into a public manifest."""
    return Claim(
        title=f"{order.model.task} by {order.model.name}",
        source_type=order.model.source_type,
        model=order.model.name,
        model_version=order.model.version,
        action="created" if order.source is None else ACTIONS.get(order.model.task, "enhanced"),
        binding=Binding(decision.policy_digest, intent_index, order.request_id),
        parameters=order.parameters,
        made_at=datetime.now(UTC),
        soft_bindings=bindings.soft_bindings,
        watermarked=finished.watermark is not None,
        labelled=finished.marks.label is not None,
    )
