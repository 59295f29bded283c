"""Answers as plain JSON values, in the shape that `--json` promises.

Enumerations appear by name without their prefix ("ALLOW"), digests and timestamps as text (RFC 3339), absent numbers
and unspecified values as null. Field names are those of the protos.
"""

from countersign.views.decisions import decision_json, finding_json, provenance_json
from countersign.views.errors import error_json
from countersign.views.media import inspection_json, made_json, screening_json
from countersign.views.models import model_json
from countersign.views.policies import (
    backtest_json,
    dry_run_json,
    explained_json,
    live_json,
    policies_json,
    problem_json,
    step_taken_json,
    tests_json,
    version_json,
)
from countersign.views.record import (
    checkpoint_json,
    erasure_json,
    event_json,
    followed_json,
    history_json,
    intent_json,
    reviewed_json,
)
from countersign.views.recovery import recovery_json
from countersign.views.values import Json, action_name

__all__ = [
    "Json",
    "action_name",
    "backtest_json",
    "checkpoint_json",
    "decision_json",
    "dry_run_json",
    "erasure_json",
    "error_json",
    "event_json",
    "explained_json",
    "finding_json",
    "followed_json",
    "history_json",
    "inspection_json",
    "intent_json",
    "live_json",
    "made_json",
    "model_json",
    "policies_json",
    "problem_json",
    "provenance_json",
    "recovery_json",
    "reviewed_json",
    "screening_json",
    "step_taken_json",
    "tests_json",
    "version_json",
]
