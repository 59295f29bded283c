"""What only the operator knows about a restriction: its legal or contractual ground, its category, where it holds.

The log knows rules and reason codes; which article of which terms they enforce is for the operator's lawyers. Written
as TOML (docs/exports.md shows one), checked when it is read.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from core.errors import ConfigurationError
from policies.base import Action
from server.audit.export.dsa.vocabulary import (
    EEA,
    EEA_CODES,
    MAX_EXPLANATION,
    MAX_GROUND,
    Category,
    ContentType,
    Source,
    Visibility,
)


def _none_of_empty(value: object) -> object:
    return None if value == "" else value


Restriction: TypeAlias = Annotated[Visibility | None, BeforeValidator(_none_of_empty)]
Country: TypeAlias = Annotated[str, Field(pattern=f"^({'|'.join(EEA)})$")]
Keyword: TypeAlias = Annotated[str, Field(pattern="^KEYWORD_[A-Z_]+$", max_length=100)]


class _Table(BaseModel):
    """A misspelt key is an error, not a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Restrictions(_Table):
    """What the platform does to content on each action; none: nothing that article 17 speaks of.

    While a person is asked (review) nothing was found against the content yet: none, unless it is held back meanwhile.
    other: what the restriction is, where one of them is the database's "other".
    """

    block: Restriction = Visibility.REMOVED
    label: Restriction = Visibility.LABELLED
    review: Restriction = None
    other: str = Field(default="", max_length=MAX_GROUND)

    @model_validator(mode="after")
    def _other_is_described(self) -> Self:
        if (Visibility.OTHER in (self.block, self.label, self.review)) != bool(self.other):
            raise ValueError(f"'other' describes the restriction {Visibility.OTHER}, and goes with it")
        return self

    def of(self, action: Action) -> Visibility | None:
        """The restriction that an action means."""
        match action:
            case Action.BLOCK:
                return self.block
            case Action.LABEL:
                return self.label
            case Action.REVIEW:
                return self.review
            case Action.ALLOW:
                return None


class Grounds(_Table):
    """Why content of one reason code is restricted.

    illegal: by law, and not only by the platform's terms; then `ground` names the law and MUST be given. also_illegal:
    against the terms, and against the law besides. ground: the clause; by default the rule and policy that decided.
    explanation: by default the rule's own text. url: of the terms or the law.
    """

    illegal: bool = False
    also_illegal: bool | None = None
    category: Category = Category.OTHER_VIOLATION_TC
    keywords: tuple[Keyword, ...] = ()
    ground: str = Field(default="", max_length=MAX_GROUND)
    explanation: str = Field(default="", max_length=MAX_EXPLANATION)
    url: str = Field(default="", pattern="^(https?://.*)?$", max_length=500)
    content_types: tuple[ContentType, ...] = ()
    source: Source = Source.VOLUNTARY

    @model_validator(mode="after")
    def _law_is_named(self) -> Self:
        if self.illegal and not self.ground:
            raise ValueError("an illegal content's legal ground has to be named")
        if self.illegal and self.also_illegal is not None:
            raise ValueError("also_illegal is for content against the terms")
        return self


class DsaMapping(_Table):
    """The whole mapping. codes: by reason code, of a rule or of a review; default: for every other.

    territory: where a decision holds that names no jurisdiction. outbound: state decisions on media made here, too.
    """

    restrictions: Restrictions = Restrictions()
    territory: tuple[Country, ...] = Field(default=EEA, min_length=1)
    outbound: bool = False
    default: Grounds = Grounds()
    codes: dict[str, Grounds] = Field(default_factory=dict)

    def grounds(self, *codes: str) -> Grounds:
        """Those of the first of `codes` that the operator described."""
        return next((self.codes[code] for code in codes if code in self.codes), self.default)

    def territory_of(self, jurisdiction: str) -> tuple[str, ...]:
        """Where a decision under this law holds; nowhere that concerns the Union: empty."""
        if not jurisdiction:
            return tuple(sorted(set(self.territory)))
        return (jurisdiction,) if jurisdiction in EEA_CODES else ()


def read_mapping(path: Path) -> DsaMapping:
    """The mapping in a TOML file; ConfigurationError if there is none in it."""
    try:
        return DsaMapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}: {where or 'the mapping'}: {first['msg']}") from error
