"""The tables of `countersign.toml`: names, types and bounds. What is done with them is `server.config`'s callers'."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.limits import Limits

TENANT = "^[a-z0-9][a-z0-9_-]{0,62}$"
EVERYBODY = "*"
"""In place of a tenant: all that have no table of their own."""


class Section(BaseModel):
    """A table of the file. A misspelt key is an error, not a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Token(Section):
    """A bearer token: only its SHA-256 is kept. Roles: see `server.auth.ROLES`.

    reads: further tenants whose record it may read, and nothing else of theirs; needs the role audit.
    """

    name: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    tenant: str = Field(pattern=TENANT)
    roles: frozenset[str]
    reads: frozenset[Annotated[str, Field(pattern=TENANT)]] = frozenset()


class Tls(Section):
    """PEM files of the server's identity; `client_ca` additionally demands client certificates (mTLS)."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


class Signing(Section):
    """PEM files of the C2PA identity that outputs are signed with: the chain (leaf first), its key, its root."""

    chain: Path
    key: Path
    root: Path


class MediaLimits(Section):
    """The bounds of `core.limits.Limits` that an operator may move, with its defaults. Bytes, pixels, seconds."""

    max_bytes: int = Field(default=Limits().max_bytes, gt=0)
    max_pixels: int = Field(default=Limits().max_pixels, gt=0)
    max_duration: float = Field(default=Limits().max_duration, gt=0)
    max_seconds: float = Field(default=Limits().max_seconds, gt=0)


class PolicyRules(Section):
    """The policy that decides until one is activated, and how one gets there.

    file: the document, default the shipped pack. second_person: whether somebody other than its author has to approve a
    version before it can be activated. Off is for a machine that one person works on alone, and warned of.
    """

    file: Path | None = None
    second_person: bool = True


class Retention(Section):
    """How long a tenant's deletable data is kept, in days; not set: for ever. The log's entries themselves stay.

    evidence_days: pictures and texts behind findings. private_days: what entries only commit to, subjects included.
    """

    tenant: str = Field(pattern=rf"^\*$|{TENANT}")
    evidence_days: int | None = Field(default=None, gt=0)
    private_days: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _keeps_something_for_some_time(self) -> Self:
        if self.evidence_days is None and self.private_days is None:
            raise ValueError("set evidence_days, private_days or both")
        # A subject is what an erasure finds evidence by: once that is gone, nobody could erase the picture any more.
        if self.private_days is not None and (self.evidence_days is None or self.evidence_days > self.private_days):
            raise ValueError("set evidence_days, at most private_days: evidence must not outlive whom it is about")
        return self


class Witness(Section):
    """Somebody else's server that cosigns checkpoints (C2SP tlog-witness). key: its C2SP verifier key."""

    url: str = Field(pattern="^https?://")
    key: str = Field(min_length=1)


class Timestamps(Section):
    """A time-stamping authority (RFC 3161). roots: PEM file it is trusted by. interval: seconds between stamps."""

    url: str = Field(pattern="^https?://")
    roots: Path
    interval: float = Field(default=3600.0, gt=0)
