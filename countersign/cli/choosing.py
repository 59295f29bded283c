"""The options by which commands choose decisions: declared once, and shared by every command that lists some."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, get_type_hints

import typer

from countersign.clients.filters import Chosen
from countersign.v1 import common_pb2

FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]
PARAMETER = "choice"


class ActionName(StrEnum):
    """What a policy can decide."""

    ALLOW = "ALLOW"
    LABEL = "LABEL"
    REVIEW = "REVIEW"
    BLOCK = "BLOCK"


class StateName(StrEnum):
    """What people made of a decision."""

    NONE = "NONE"
    AWAITING = "AWAITING"
    APPEALED = "APPEALED"
    RESOLVED = "RESOLVED"
    UPHELD = "UPHELD"
    OVERTURNED = "OVERTURNED"


Since = Annotated[datetime | None, typer.Option(formats=FORMATS, help="Decided at or after; local time without zone.")]
Until = Annotated[datetime | None, typer.Option(formats=FORMATS, help="Decided before; local time without zone.")]
Action = Annotated[ActionName | None, typer.Option(case_sensitive=False, help="Only this decision of the policy.")]
Detector = Annotated[str, typer.Option(help="Only where this detector detected something.")]
Label = Annotated[str, typer.Option(help="Only where this was detected: copy_move, …")]
Reason = Annotated[str, typer.Option(help="Only where a rule with this code fired.")]
MinScore = Annotated[float | None, typer.Option(help="Only with a finding of at least this probability or score.")]
MaxScore = Annotated[float | None, typer.Option(help="The same, at most.")]
Digest = Annotated[str, typer.Option(help="Only this media: sha256:…")]
Subject = Annotated[str, typer.Option(help="Only from this person, by your own opaque name.")]
State = Annotated[StateName | None, typer.Option(case_sensitive=False, help="Only what people made this of.")]

Tenant = Annotated[str, typer.Option(help="Of this tenant, where the token may read it. Default: the token's own.")]


@dataclass(frozen=True, slots=True)
class Choice:
    """The options as they were given: one field each."""

    since: Since = None
    until: Until = None
    action: Action = None
    detector: Detector = ""
    label: Label = ""
    reason: Reason = ""
    min_score: MinScore = None
    max_score: MaxScore = None
    digest: Digest = ""
    subject: Subject = ""
    state: State = None
    tenant: Tenant = ""

    def keywords(self) -> Chosen:
        """As the client's methods take them. A moment without a zone is meant in local time."""
        return Chosen(
            since=self.since.astimezone() if self.since else None,
            until=self.until.astimezone() if self.until else None,
            action=common_pb2.Action.Value(f"ACTION_{self.action or 'UNSPECIFIED'}"),
            detector=self.detector,
            label=self.label,
            reason_code=self.reason,
            media_digest=self.digest,
            subject=self.subject,
            review_state=common_pb2.ReviewState.Value(f"REVIEW_STATE_{self.state or 'UNSPECIFIED'}"),
            min_score=self.min_score,
            max_score=self.max_score,
            tenant=self.tenant,
        )


def choosing(command: Callable[..., None]) -> Callable[..., None]:
    """`command` as typer is to see it: with an option for each field of Choice in place of its parameter `choice`."""
    hints = get_type_hints(Choice, include_extras=True)
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    options = [
        inspect.Parameter(each.name, kind, default=each.default, annotation=hints[each.name]) for each in fields(Choice)
    ]
    own = inspect.signature(command, eval_str=True)
    parameters = [
        each for name, given in own.parameters.items() for each in (options if name == PARAMETER else [given])
    ]

    def run(**values: Any) -> None:
        chosen = Choice(**{name: values.pop(name) for name in hints})
        command(**values, **{PARAMETER: chosen})

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    return run
