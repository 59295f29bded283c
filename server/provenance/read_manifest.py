"""One manifest as the sandbox saw it, as typed values. Every field is checked on the way in; see `reading`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ReadSigner:
    """A signer's certificate. purposes: its key purposes, dotted identifiers. not_before, not_after: its validity.

    lists: the trust lists that its chain ends under, by their addresses.
    """

    purposes: tuple[str, ...]
    not_before: datetime | None
    not_after: datetime | None
    lists: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadAction:
    """One action. ingredients: titles."""

    action: str
    when: datetime | None
    tool: str
    source_type: str
    description: str
    ingredients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadIngredient:
    """One ingredient. manifest: the label of its active manifest, "" where it names none. failures, successes: status
    codes, recorded when it was taken in and found now.
    """

    title: str
    format: str
    relationship: str
    manifest: str
    failures: tuple[str, ...]
    successes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """What a manifest tells beyond its summary.

    name: the signer's common name. soft_bindings: algorithm and value. preferences: use, choice and constraint.
    """

    format: str
    name: str
    signed_at: datetime | None
    actions: tuple[ReadAction, ...]
    ingredients: tuple[ReadIngredient, ...]
    soft_bindings: tuple[tuple[str, str], ...]
    preferences: tuple[tuple[str, str, str], ...]
    cut: bool


@dataclass(frozen=True, slots=True)
class ReadManifest:
    """One manifest: its summary, and what it tells beyond that."""

    label: str
    title: str
    claim_generator: str
    issuer: str
    actions: tuple[str, ...]
    source_types: tuple[str, ...]
    outline: Outline


def manifest_of(facts: Mapping[str, Any]) -> ReadManifest:
    """The manifest in its facts. Raises KeyError for a missing field and TypeError for one of another type."""
    return ReadManifest(
        label=text(facts["label"]),
        title=text(facts["title"]),
        claim_generator=text(facts["claim_generator"]),
        issuer=text(facts["issuer"]),
        actions=texts(facts["actions"]),
        source_types=texts(facts["source_types"]),
        outline=outline_of(facts["outline"]),
    )


def outline_of(facts: Mapping[str, Any]) -> Outline:
    """The outline in its facts."""
    return Outline(
        format=text(facts["format"]),
        name=text(facts["name"]),
        signed_at=moment(facts["signed_at"]),
        actions=tuple(action_of(one) for one in facts["actions"]),
        ingredients=tuple(ingredient_of(one) for one in facts["ingredients"]),
        soft_bindings=tuple((text(one["algorithm"]), text(one["value"])) for one in facts["soft_bindings"]),
        preferences=tuple(
            (text(one["use"]), text(one["choice"]), text(one["constraint"])) for one in facts["preferences"]
        ),
        cut=facts["cut"] is True,
    )


def action_of(facts: Mapping[str, Any]) -> ReadAction:
    """The action in its facts."""
    return ReadAction(
        action=text(facts["action"]),
        when=moment(facts["when"]),
        tool=text(facts["tool"]),
        source_type=text(facts["source_type"]),
        description=text(facts["description"]),
        ingredients=texts(facts["ingredients"]),
    )


def ingredient_of(facts: Mapping[str, Any]) -> ReadIngredient:
    """The ingredient in its facts."""
    return ReadIngredient(
        title=text(facts["title"]),
        format=text(facts["format"]),
        relationship=text(facts["relationship"]),
        manifest=text(facts["manifest"]),
        failures=texts(facts["failures"]),
        successes=texts(facts["successes"]),
    )


def signer_of(facts: Mapping[str, Any]) -> ReadSigner:
    """The signer in its facts."""
    dates = moment(facts["not_before"]), moment(facts["not_after"])
    return ReadSigner(texts(facts["purposes"]), *dates, texts(facts["lists"]))


def moment(value: object) -> datetime | None:
    """The time in a text; None where it is none, or has no time zone and so is no point in time."""
    try:
        at = datetime.fromisoformat(text(value))
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def text(value: object) -> str:
    """The value, which MUST be a text."""
    if not isinstance(value, str):
        raise TypeError(f"a text is a {type(value).__name__}")
    return value


def texts(values: object) -> tuple[str, ...]:
    """The values, which MUST be a list of texts."""
    if not isinstance(values, list):
        raise TypeError(f"a list is a {type(values).__name__}")
    return tuple(text(value) for value in values)
