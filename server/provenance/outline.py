"""What one manifest tells, as bounded facts: who made it, what was done, from what, and what may be done with it.

Runs in the sandbox on c2pa's report. Believes and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.provenance.shapes import MAX_ITEMS, MAX_TEXT, address, rows, table, text, unique
from server.provenance.statuses import TIME_TRUSTED, Place, Standing
from server.provenance.verdict import SIGNER_TRUSTED

ACTIONS, SOFT_BINDING = "c2pa.actions", "c2pa.soft-binding"
PREFERENCES = ("cawg.training-mining", "c2pa.training-mining")
# Of the successes only these say something: each manifest has dozens of others.
TELLING = frozenset({SIGNER_TRUSTED, TIME_TRUSTED, "ingredient.manifest.validated"})


def outline(label: str, manifest: Mapping[str, Any], standings: Mapping[Place, Standing]) -> dict[str, Any]:
    """The facts of one manifest; every list has at most MAX_ITEMS, and `cut` says where there were more."""
    named = ingredient_titles(manifest)
    signature = table(manifest.get("signature_info"))
    lists: dict[str, list[Any]] = {
        "actions": [action(one, agents, named) for one, agents in actions_of(manifest)],
        "ingredients": [ingredient(label, one, standings) for one in rows(manifest.get("ingredients"))],
        "soft_bindings": [soft_binding(data) for data in assertions(manifest, SOFT_BINDING)],
        "preferences": list(preferences(manifest)),
    }
    return {
        "format": text(manifest.get("format")),
        "name": text(signature.get("common_name")),
        "signed_at": text(signature.get("time")),
        **{name: values[:MAX_ITEMS] for name, values in lists.items()},
        "cut": any(len(values) > MAX_ITEMS for values in lists.values()),
    }


def assertions(manifest: Mapping[str, Any], label: str) -> Iterator[Mapping[str, Any]]:
    """The data of all assertions whose label is this one, of any version and any instance."""
    for assertion in rows(manifest.get("assertions")):
        if text(assertion.get("label")).startswith(label):
            yield table(assertion.get("data"))


def actions_of(manifest: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]:
    """The actions over all action assertions, of either version of the schema, each with the agents it may point to."""
    for data in assertions(manifest, ACTIONS):
        agents = rows(data.get("softwareAgents"))
        yield from ((one, agents) for one in rows(data.get("actions")))


def action(one: Mapping[str, Any], agents: list[Mapping[str, Any]], named: Mapping[str, str]) -> dict[str, Any]:
    """One action."""
    parameters = table(one.get("parameters"))
    sources = [*rows(parameters.get("ingredients")), table(parameters.get("ingredient"))]
    labels = [text(source.get("url")).rpartition("/")[2] for source in sources]
    return {
        "action": text(one.get("action")),
        "when": text(one.get("when")),
        "tool": tool(one, agents),
        "source_type": address(one.get("digitalSourceType")),
        "description": text(one.get("description")),
        "ingredients": [named[label] for label in labels if label in named][:MAX_ITEMS],
    }


def tool(one: Mapping[str, Any], agents: list[Mapping[str, Any]]) -> str:
    """The software agent: a text in version 1 of the schema, a table or the number of one in version 2."""
    agent = one.get("softwareAgent")
    index = one.get("softwareAgentIndex")
    if agent is None and type(index) is int and 0 <= index < len(agents):
        agent = agents[index]
    return text(agent) if isinstance(agent, str) else name_and_version(table(agent))


def name_and_version(info: Mapping[str, Any]) -> str:
    """Both in one text."""
    return " ".join(filter(None, (text(info.get("name")), text(info.get("version")))))[:MAX_TEXT]


def ingredient_titles(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The ingredients' titles by the labels of their assertions."""
    return {text(one.get("label")): text(one.get("title")) for one in rows(manifest.get("ingredients"))}


def ingredient(label: str, one: Mapping[str, Any], standings: Mapping[Place, Standing]) -> dict[str, Any]:
    """One ingredient, with the label of its manifest and its standing."""
    standing = standings.get((label, str(one.get("label"))), Standing())
    return {
        "title": text(one.get("title")),
        "format": text(one.get("format")),
        "relationship": text(one.get("relationship")),
        "manifest": text(one.get("active_manifest")),
        "failures": unique(standing.failures),
        "successes": unique((standing.successes & TELLING) - (set() if standing.time_proven else {TIME_TRUSTED})),
    }


def soft_binding(data: Mapping[str, Any]) -> dict[str, Any]:
    """One soft binding: its algorithm and its first value."""
    blocks = rows(data.get("blocks"))
    return {"algorithm": text(data.get("alg")), "value": text(blocks[0].get("value")) if blocks else ""}


def preferences(manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The entries of every training and data mining assertion."""
    for label in PREFERENCES:
        for data in assertions(manifest, label):
            for use, entry in table(data.get("entries")).items():
                stated = table(entry)
                constraint = stated.get("constraint_info") or stated.get("constraints_info")
                yield {"use": text(use), "choice": text(stated.get("use")), "constraint": text(constraint)}
