"""Detectors that only declare, findings made by hand, and policies written in one line a rule."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.credential import NO_CREDENTIAL, Credential
from core.media import Kind, Media
from detectors.base import Finding, Verdict
from detectors.verdicts.names import CARRIED
from policies.base import Subject
from policies.engine import RulePolicy, find_problems, load_policy
from policies.problems import Problem
from policies.protected import NO_BASE

BOTH = frozenset(Kind)
IMAGES = frozenset((Kind.IMAGE,))


@dataclass
class FakeDetector:
    """Declares signals. Policies never call it."""

    name: str
    kinds: frozenset[Kind] = BOTH
    version: str = "sha256:" + "0" * 64
    label: str = "thing"
    views: frozenset[str] = frozenset()
    summary: str = "Finds a thing."
    limits: str = "Finds nothing else."

    def detect(self, batch: Sequence[Media]) -> list[Finding]:
        raise NotImplementedError("a policy reads findings; it never runs a detector")


@dataclass
class FakeMeasuring(FakeDetector):
    """Declares the measurements of learned detectors besides."""

    measures: Mapping[str, tuple[float, float]] = field(default_factory=lambda: CARRIED)


ALPHA = FakeDetector("alpha")
BETA = FakeDetector("beta")
STILL = FakeDetector("still", IMAGES)
DETECTORS = (ALPHA, BETA, STILL)


def finding(name: str, verdict: Verdict = Verdict.NOT_DETECTED, **fields: Any) -> Finding:
    return Finding(name, "sha256:0", "thing", verdict, "no texture to look at", "cannot see the rest", **fields)


def subject(*findings: Finding, credential: Credential = NO_CREDENTIAL, **fields: Any) -> Subject:
    given: dict[str, Any] = {
        "direction": "inbound",
        "kind": Kind.IMAGE,
        "mime": "image/jpeg",
        "byte_size": 2048,
        "width": 640,
        "height": 480,
    }
    return Subject(findings=findings, credential=credential, **(given | fields))


def rule(name: str, when: str, action: str = "review", **fields: Any) -> dict[str, Any]:
    """A rule as a mapping; `fields` override and add; None takes away."""
    base = {"id": name, "title": name, "when": when, "action": action, "code": "a_code", "text": "A text."}
    return {key: value for key, value in (base | fields).items() if value is not None}


def document(*rules: Mapping[str, Any], **fields: Any) -> str:
    """A policy document. JSON is YAML, so that tests need no emitter."""
    return json.dumps({"id": "a-policy", "version": "1", "description": "A test.", "rules": list(rules)} | fields)


def policy(*rules: Mapping[str, Any], **fields: Any) -> RulePolicy:
    return load_policy(document(*rules, **fields), "a-policy.yaml", DETECTORS, NO_BASE)


def problems(text: str) -> list[Problem]:
    return find_problems(text, "a-policy.yaml", DETECTORS, NO_BASE)


def problem_with(when: str, **fields: Any) -> Problem:
    """The only problem of a policy whose one rule has this condition."""
    found = problems(document(rule("the-rule", when, **({"when_missing": "review"} | fields))))
    assert len(found) == 1, found
    return found[0]
