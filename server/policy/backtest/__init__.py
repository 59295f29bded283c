"""Backtests: a candidate decides again on what was decided, from the findings on record. No model runs.

    run         pages of the log, a piece at a time, on a thread; progress; cancelled between two pieces
    recorded    a leaf ──> what a policy may look at, and what of that was not recorded
    replay      decided again; each class of equal subjects once                          (policies.equivalence)
    tally       what changed: by action, rule, label and tenant, with ids of some

Memory does not grow with the log. Nothing is sampled and nothing guessed: what cannot be decided again is counted.
"""

from server.policy.backtest.run import Backtests, Progress, Wanted
from server.policy.backtest.tally import Cell, Group, Result, RuleCount

__all__ = ["Backtests", "Cell", "Group", "Progress", "Result", "RuleCount", "Wanted"]
