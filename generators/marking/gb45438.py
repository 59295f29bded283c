"""What China's GB 45438-2025 demands of a visible label on a picture, clause 5.2, as a check.

The clause asks for text that names both AI ("人工智能" or "AI") and generation ("生成" or "合成"), at an edge or in a
corner, in characters of at least 5% of the picture's shortest side. This module knows that clause only; whether a
picture falls under it is for the operator to say.
"""

from __future__ import annotations

from generators.marking.label import Label, Placement

JURISDICTION = "CN"
LEAST_HEIGHT = 0.05
_INTELLIGENCE, _GENERATION = ("人工智能", "AI"), ("生成", "合成")


def shortcomings(label: Label) -> list[str]:
    """Why `label` does not do, one sentence each; empty where it does. A mark counts for nothing: text is asked for."""
    found = []
    if not any(word in label.text for word in _INTELLIGENCE):
        found.append(f"the text names neither {' nor '.join(_INTELLIGENCE)}")
    if not any(word in label.text for word in _GENERATION):
        found.append(f"the text names neither {' nor '.join(_GENERATION)}")
    if label.placement is Placement.CENTRE:
        found.append("it stands neither at an edge nor in a corner")
    if label.height_fraction < LEAST_HEIGHT:
        found.append(f"its characters are lower than {LEAST_HEIGHT} of the shortest side")
    return found
