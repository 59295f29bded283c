"""The first page of a summary: what was decided on what, when, by which rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from countersign.verify.case.account import Account, Entry
from countersign.verify.case.fields import number, table, tables, text
from countersign.verify.case.state import action_name
from countersign.verify.case.summary import words
from countersign.verify.case.summary.html import Html, code, element, joined, pairs, stranger


def verdict(account: Account) -> Html:
    """The outcome in one glance: what the policy decided, and what holds now where a person changed it."""
    entry, now = account.decision, account.states[-1]
    decided = action_name(entry.action)
    lines = [
        element("p", stamp(decided), " ", element("span", words.ACTIONS[decided])),
        element("p", "Decided by policy on ", words.moment(text(entry.content, "recorded_at")), class_="quiet"),
    ]
    if account.history:
        holds = joined("What holds now: ", stamp(action_name(now.action)), " ", words.ACTIONS[action_name(now.action)])
        changed = now.action != entry.action
        lines.append(element("p", holds if changed else Html(""), " ", words.STATES[now.review]))
    return element("section", *lines, class_=f"verdict {decided.lower() or 'refused'}")


def stamp(action: str) -> Html:
    """An action as a word in a frame; colour alone says nothing."""
    return element("strong", action or "REFUSED", class_=f"stamp {action.lower() or 'refused'}")


def particulars(entry: Entry) -> Html:
    """The media, the request and the people, as far as the case discloses them."""
    content = entry.content
    media, context = table(content, "media"), table(content, "context")
    measures = [f"{number(media, side):g}" for side in ("width", "height") if number(media, side)]
    file = [text(media, "mime"), " × ".join(measures) + " pixels" if measures else "", byte_size(media)]
    used = [f"{name}: {value}" for name in sorted(context) if (value := text(context, name))]
    facts = pairs(
        ("Decision", code(text(content, "decision_id"))),
        ("Entry of the log", f"number {entry.index}, counted from 0"),
        ("Direction", DIRECTIONS.get(text(content, "direction"), "")),
        ("File", stranger(", ".join(each for each in file if each))),
        ("Its SHA-256", code(words.digest(text(content, "media_digest")))),
        ("Used for", stranger("; ".join(used))),
        ("Platform (tenant)", stranger(text(content, "tenant"))),
        ("Request", stranger(text(content, "request_id"))),
        *((PEOPLE.get(name, words.title(name)), value) for name, value in people(entry)),
    )
    apart = element("p", "The file itself is not part of this record; whoever has it can compare.", class_="quiet")
    return element("section", element("h2", "The file and the request"), facts, apart)


DIRECTIONS = {
    "inbound": "inbound: somebody sent the file to the platform",
    "outbound": "outbound: the platform made the file",
}
PEOPLE = {"actor": "Asked by", "subject": "About (the platform's own name)", "durable": "The signed file is known by"}
DEEPEST = 5
ELSEWHERE = frozenset({"credential"})
"""Private fields that a section of its own tells."""


def people(entry: Entry | None) -> list[tuple[str, Html]]:
    """The fields that can be erased: plaintext where it is there and opens the commitment."""
    if entry is None:
        return []
    opened = entry.opened
    plain = [("actor", stranger(text(entry.content, "actor")))] if "actor" not in entry.commitments else []
    return plain + [
        (name, stranger(shown(opened[name])) if name in opened else gone())
        for name in sorted(entry.commitments)
        if name not in ELSEWHERE
    ]


def shown(value: Any, depth: int = 0) -> str:
    """Any JSON value for people; what is nested deeper than people read is left out."""
    if depth > DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {shown(part, depth + 1)}" for name, part in sorted(value.items()))
    if isinstance(value, list | tuple):
        return ", ".join(shown(part, depth + 1) for part in value)
    return "" if value is None else str(value)


def gone() -> Html:
    """What stands in place of plaintext that is not in the case."""
    return element("em", "not in this case; see “What is missing”")


def byte_size(media: Mapping[str, Any]) -> str:
    """The size of the file, "" where it is not recorded."""
    count = number(media, "byte_size")
    return words.size(count) if count else ""


def refusal(content: Mapping[str, Any]) -> Html:
    """Why the media was not examined, if it was not."""
    found = table(content, "refusal")
    if not found:
        return Html("")
    facts = pairs(
        *((name.capitalize(), stranger(text(found, name))) for name in ("message", "field", "limit", "found"))
    )
    return element("section", element("h2", "Why it was refused"), facts)


def reasons(content: Mapping[str, Any]) -> Html:
    """The rules that fired, in the order of their weight, and those that are only on trial."""
    fired, trial = tables(content, "reasons"), tables(content, "shadow")
    if not fired and not trial:
        return Html("")
    policy = element(
        "p",
        "By the policy ",
        stranger(text(content, "policy", "id")),
        ", whose text has the SHA-256 ",
        code(words.digest(text(content, "policy", "digest"))),
        ". The first rule decided; the others fired as well.",
        class_="quiet",
    )
    parts = [element("h2", "Why"), policy, *(reason(each) for each in fired)]
    if trial:
        parts += [element("h3", "Rules on trial, which decide nothing yet"), *(reason(each, "trial") for each in trial)]
    return element("section", *parts)


def reason(fired: Mapping[str, Any], kind: str = "rule") -> Html:
    """One rule."""
    looked = [(name, stranger(shown(value))) for name, value in sorted(table(fired, "operands").items())]
    return element(
        "article",
        element("h3", stamp(text(fired, "action")), " ", stranger(text(fired, "text"))),
        pairs(
            ("Rule", code(text(fired, "rule")) or "none fired"),
            ("Reason code", code(text(fired, "code"))),
            *((f"It looked at {name}", value) for name, value in looked),
        ),
        class_=kind,
    )
