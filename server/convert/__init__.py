"""Log entries and domain values → protobuf and back, at the edge and nowhere else.

Answers are made from the recorded leaf, not from what was in memory: what a caller reads is what the log holds.
"""

from server.convert.backtests import backtest_part
from server.convert.chains import chain
from server.convert.credentials import provenance, recorded_provenance
from server.convert.decisions import decision, decision_view
from server.convert.events import event, open_intent
from server.convert.explanations import explained
from server.convert.filters import filter_of, whole_filter
from server.convert.matches import match, named
from server.convert.models import detector_model, generator_model
from server.convert.policies import live as live_policy
from server.convert.policies import outcome as policy_outcome
from server.convert.policies import problem as policy_problem
from server.convert.policies import tested as policy_tests
from server.convert.policies import unrecorded_findings
from server.convert.policies import version as policy_version
from server.convert.proofs import log_key, receipt
from server.convert.times import moment, timestamp

__all__ = [
    "backtest_part",
    "chain",
    "decision",
    "decision_view",
    "detector_model",
    "event",
    "explained",
    "filter_of",
    "generator_model",
    "live_policy",
    "log_key",
    "match",
    "moment",
    "named",
    "open_intent",
    "policy_outcome",
    "policy_problem",
    "policy_tests",
    "policy_version",
    "provenance",
    "receipt",
    "recorded_provenance",
    "timestamp",
    "unrecorded_findings",
    "whole_filter",
]
