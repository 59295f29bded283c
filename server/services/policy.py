"""PolicyService: the rules that decide, from their proposal to their end.

Whoever may act here acts for the whole service, and so for all tenants: the roles belong to the operator's own staff.
"""

from __future__ import annotations

from countersign.v1 import policy_pb2_grpc
from server.admission import ByteBudget
from server.edge import Edge
from server.policy.backtest import Backtests
from server.policy.desk import Desk
from server.policy.rehearsal import Rehearsal
from server.services.answers import Answers
from server.services.policy_life import LifeMethods
from server.services.policy_trials import TrialMethods


class PolicyService(LifeMethods, TrialMethods, policy_pb2_grpc.PolicyServiceServicer):
    """The methods stand in the two modules above."""

    def __init__(
        self,
        edge: Edge,
        answers: Answers,
        desk: Desk,
        rehearsal: Rehearsal,
        backtests: Backtests,
        budget: ByteBudget,
    ) -> None:
        self._edge = edge
        self._answers = answers
        self._desk = desk
        self._rehearsal = rehearsal
        self._backtests = backtests
        self._budget = budget
