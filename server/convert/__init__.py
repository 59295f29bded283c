"""Log entries and domain values → protobuf and back, at the edge and nowhere else.

Answers are made from the recorded leaf, not from what was in memory: what a caller reads is what the log holds.
"""

from server.convert.chains import chain
from server.convert.credentials import provenance, recorded_provenance
from server.convert.decisions import decision, decision_view
from server.convert.events import event, open_intent
from server.convert.filters import filter_of, whole_filter
from server.convert.matches import match, named
from server.convert.models import detector_model, generator_model
from server.convert.proofs import log_key, receipt
from server.convert.times import moment, timestamp

__all__ = [
    "chain",
    "decision",
    "decision_view",
    "detector_model",
    "event",
    "filter_of",
    "generator_model",
    "log_key",
    "match",
    "moment",
    "named",
    "open_intent",
    "provenance",
    "receipt",
    "recorded_provenance",
    "timestamp",
    "whole_filter",
]
