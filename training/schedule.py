"""How far a run has come, and how fast it learns there: the same for every training loop."""

from __future__ import annotations

import math

from training.checkpoint import State
from training.recipe import Plan


def progress_of(recipe: Plan, state: State) -> float:
    """0 to 1, through the steps or the budget, whichever is nearer its end."""
    return min(1.0, max(state.step / recipe.steps, state.elapsed / recipe.budget_seconds))


def learning_rate(recipe: Plan, progress: float, step: int, warm_up: int) -> float:
    """Half a cosine from the first to the final rate, after a linear rise over `warm_up` steps."""
    span = recipe.learning_rate - recipe.final_learning_rate
    rate = recipe.final_learning_rate + span * (1 + math.cos(math.pi * progress)) / 2
    return rate * min(1.0, (step + 1) / warm_up)


def average_decay(recipe: Plan, step: int) -> float:
    """How much of the average stays at this step: little at first, or a short run would end near its start."""
    return min(recipe.average, (1 + step) / (10 + step))
