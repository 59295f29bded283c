"""The policy language as a JSON Schema, for editors: keys, words and forms while one types.

    python -m policies.schema > policies/policy.schema.json

It is written from `policies.grammar`, by which documents are read, so the two cannot differ. What needs more than the
form, such as whether a signal exists or a rule can ever fire, `countersign policy check` tells.
This module knows JSON Schema (draft 7, which editors of YAML know best). It does not know YAML.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from policies.constants import MAX_WORDS
from policies.grammar import MAX_EXEMPTIONS, MAX_RULES, NAME, POLICY, Form, Key, Shape

DRAFT = "http://json-schema.org/draft-07/schema#"
_DAY = r"\d{4}-\d{2}-\d{2}"
_ZONE = r"(Z|[+-]\d{2}:\d{2})"

# YAML reads 1.10 and true as numbers and truth values; the reader takes them as written.
_SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean"]}
_TEXT: dict[str, Any] = {"type": ["string", "number"], "minLength": 1}
_WORDS: dict[str, Any] = {"type": "array", "items": _TEXT, "minItems": 1}
_FORMS: dict[Form, dict[str, Any]] = {
    "text": _TEXT,
    "condition": _SCALAR,
    "conditions": _WORDS | {"maxItems": MAX_EXEMPTIONS},
    "template": _TEXT,
    "flag": {"type": "boolean"},
    "words": _WORDS,
    "moment": {"type": "string", "pattern": rf"^{_DAY}([T ]\d{{2}}:\d{{2}}(:\d{{2}}(\.\d+)?)?{_ZONE})?$"},
    "percent": {"type": "number", "exclusiveMinimum": 0, "maximum": 100},
    "numbers": {"type": "object", "additionalProperties": {"type": "number"}},
    "lists": {"type": "object", "additionalProperties": _WORDS | {"maxItems": MAX_WORDS}},
}


def json_schema() -> dict[str, Any]:
    """The schema of a policy document."""
    return {"$schema": DRAFT, "title": "A policy of Countersign", **_object(POLICY)}


def text() -> str:
    """The schema as it lies in `policies/policy.schema.json`."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def _object(shape: Shape) -> dict[str, Any]:
    strays = [_stray(name, *key.only_with) for name, key in shape.keys.items() if key.only_with is not None]
    found: dict[str, Any] = {
        "type": "object",
        "properties": {name: _key(key) for name, key in shape.keys.items()},
        "required": [name for name, key in shape.keys.items() if key.required],
        "additionalProperties": False,
    }
    return found | ({"allOf": strays} if strays else {})


def _key(key: Key) -> dict[str, Any]:
    return {"description": key.about, **_form(key)}


def _form(key: Key) -> dict[str, Any]:
    if key.form == "choice":
        return {"enum": list(key.choices)}
    if key.form == "types":
        return _named({"type": "object", "additionalProperties": {"enum": list(key.choices)}})
    if key.form == "rules" and key.shape is not None:
        return {"type": "array", "items": _object(key.shape), "minItems": 1, "maxItems": MAX_RULES}
    if key.form == "table" and key.shape is not None:
        return _object(key.shape)
    if key.form == "words" and key.choices:
        return _WORDS | {"items": {"enum": list(key.choices)}}
    if key.pattern:
        return {"type": "string", "pattern": f"^({key.pattern})$"}
    return _named(_FORMS[key.form]) if key.form in ("numbers", "lists") else _FORMS[key.form]


def _named(table: dict[str, Any]) -> dict[str, Any]:
    return table | {"propertyNames": {"pattern": f"^{NAME}$"}}


def _stray(name: str, other: str, word: str) -> dict[str, Any]:
    """Where the key stands and is not switched off, the other one must hold the word."""
    stands = {"required": [name], "not": {"properties": {name: {"const": False}}}}
    return {"if": stands, "then": {"required": [other], "properties": {other: {"const": word}}}}


if __name__ == "__main__":
    sys.stdout.write(text())
