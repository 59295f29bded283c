"""States the reasons of an act: what the log knows, and what the operator's mapping says about it.

Free text is made of the policy's own words, names and figures of detectors, and nothing that came out of the media or
names a person: what is published MUST NOT hold personal data (article 24, paragraph 5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from detectors.base import Verdict
from server import record
from server.audit.export.dsa.acts import Act, acts_of
from server.audit.export.dsa.mapping import DsaMapping, Grounds
from server.audit.export.dsa.statement import Statement
from server.audit.export.dsa.vocabulary import (
    MAX_EXPLANATION,
    MAX_FACTS,
    MAX_GROUND,
    Automation,
    ContentType,
    Ground,
    Visibility,
    YesNo,
)
from server.audit.reading.queries import History

_CONTENT = {"image": ContentType.IMAGE, "video": ContentType.VIDEO}


def statements_of(history: History, mapping: DsaMapping) -> Iterator[Statement]:
    """A statement for every restriction, in the order of the log. InvalidInput if one cannot be stated."""
    content = record.decode(history.decision)
    territory = mapping.territory_of(content.get("context", {}).get("jurisdiction", ""))
    if not territory or (content["direction"] != "inbound" and not mapping.outbound):
        return
    if "media" not in content:  # an order that was blocked before anything was made restricts no content
        return
    for act in acts_of(history):
        restriction = mapping.restrictions.of(act.action)
        if restriction is not None:
            yield _statement(history, content, act, restriction, territory, mapping)


def _statement(
    history: History,
    content: Mapping[str, Any],
    act: Act,
    restriction: Visibility,
    territory: tuple[str, ...],
    mapping: DsaMapping,
) -> Statement:
    reason = content["reasons"][0]
    grounds = mapping.grounds(act.code, reason["code"])
    begun = _date(act.entry.recorded_at)
    return Statement(
        puid=act.entry.decision_id,
        decision_visibility=(restriction,),
        decision_visibility_other=mapping.restrictions.other if restriction is Visibility.OTHER else None,
        # The clock of a server may step back; a restriction never ends before it began.
        end_date_visibility_restriction=None if act.ended is None else max(begun, _date(act.ended)),
        decision_facts=_cut(_facts(content, act), MAX_FACTS),
        decision_ground_reference_url=grounds.url or None,
        content_type=tuple(sorted({_CONTENT[content["media"]["kind"]], *grounds.content_types})),
        category=grounds.category,
        category_specification=grounds.keywords,
        territorial_scope=territory,
        content_date=_date(history.decision.recorded_at),
        application_date=begun,
        source_type=grounds.source,
        automated_detection=YesNo.YES,
        automated_decision=Automation.PARTIALLY if act.by_person else Automation.FULLY,
        **_ground(content, reason, grounds),
    )


def _ground(content: Mapping[str, Any], reason: Mapping[str, Any], grounds: Grounds) -> dict[str, Any]:
    """The fields that depend on whether law or terms were broken."""
    rule = f"rule {reason['rule']!r}" if reason["rule"] else "the outcome without a rule"
    cited = "; ".join(reason.get("cites", ()))
    ground = grounds.ground or _cut(cited or f"{rule} of the policy {content['policy']['id']!r}", MAX_GROUND)
    # What a rule says to the person concerned is meant for them; what it says to staff may not be.
    said = reason.get("user_text", "").strip() or reason["text"].strip() or f"reason {reason['code']!r}"
    explanation = grounds.explanation or _cut(said, MAX_EXPLANATION)
    if grounds.illegal:
        return {
            "decision_ground": Ground.ILLEGAL,
            "illegal_content_legal_ground": ground,
            "illegal_content_explanation": explanation,
        }
    also = grounds.also_illegal
    return {
        "decision_ground": Ground.INCOMPATIBLE,
        "incompatible_content_ground": ground,
        "incompatible_content_explanation": explanation,
        "incompatible_content_illegal": None if also is None else YesNo.YES if also else YesNo.NO,
    }


def _facts(content: Mapping[str, Any], act: Act) -> str:
    """What was found and who decided, in whole sentences."""
    found = [_finding(each) for each in content["findings"] if each["verdict"] == Verdict.DETECTED.value]
    codes = ", ".join(dict.fromkeys(reason["code"] for reason in content["reasons"]))
    sentences = [
        f"The {content['media']['kind']} was examined by automated means when it was received.",
        f"Detected: {'; '.join(found)}." if found else "No detector detected anything; the policy decided on the rest.",
        f"The written policy {content['policy']['id']!r} decided {content['action']} for: {codes}.",
    ]
    if act.before is not None:
        sentences.append(f"A person then decided {act.action.name} in place of {act.before.name}, for: {act.code}.")
    return " ".join(sentences)


def _finding(finding: Mapping[str, Any]) -> str:
    figure = f", probability {finding['probability']:.3g}" if "probability" in finding else ""
    return f"{finding['label']} (by {finding['detector']}{figure})"


def _date(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
