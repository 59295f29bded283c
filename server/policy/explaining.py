"""Why a recorded decision came out as it did: decided again from the record, by the very policy that decided then.

Only what is on record is looked at. Where that does not lead to the recorded decision, it is said.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import PreconditionFailed
from detectors.base import Source
from policies.engine import RulePolicy
from policies.equivalence import reads_of
from policies.explaining import Explanation
from policies.rules import NO_RULE_FIRED
from server.audit import Recorded
from server.policy.backtest.recorded import LeafReader

_WHERE = "`countersign log show` tells what is recorded"


@dataclass(frozen=True, slots=True)
class Explained:
    """missing: signals that the policy asks for and the record does not hold. reproduced: it came out as recorded."""

    explanation: Explanation
    missing: tuple[str, ...]
    reproduced: bool


def policy_of(recorded: Recorded) -> str:
    """The digest of the policy that decided.

    PreconditionFailed for refused media, and for orders, whose words are not on record.
    """
    leaf = json.loads(recorded.leaf)
    if "refusal" in leaf:
        raise PreconditionFailed(f"the media was refused before any policy looked at it: {_WHERE}")
    if "media" not in leaf:
        raise PreconditionFailed(
            f"the decision is about an order, and the log does not hold the words to decide on again: {_WHERE}"
        )
    return str(leaf["policy"]["digest"])


def explain(recorded: Recorded, policy: RulePolicy, sources: Sequence[Source]) -> Explained:
    """policy: the one that decided. sources: what findings come from here."""
    leaf = json.loads(recorded.leaf)
    wanted = frozenset[str]().union(*(reads_of(rule, policy.signals) for rule in policy.rules))
    reader = LeafReader(wanted, policy.signals, sources)
    explanation = policy.explain(reader.subject(leaf, recorded.recorded_at))
    again = {each.rule for each in explanation.decision.reasons if each.code != NO_RULE_FIRED}
    then = {each["rule"] for each in leaf["reasons"] if each["code"] != NO_RULE_FIRED}
    same = explanation.decision.action.name == leaf["action"] and again == then
    return Explained(explanation, tuple(sorted(reader.unknown(leaf))), same)
