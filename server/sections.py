"""The tables of `countersign.toml`: names, types and bounds. What is done with them is `server.config`'s callers'."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core import aigc
from core.errors import InvalidInput
from core.limits import Limits
from detectors.nsfw.showing import Shown
from generators.marking import gb45438
from generators.marking.label import DEFAULT_HEIGHT, Label, Mark, Placement
from server.provenance.imprint import Permission, Use, Wish
from server.provenance.stamper import TimestampMode
from server.provenance.trust import ListKind

TENANT = "^[a-z0-9][a-z0-9_-]{0,62}$"
EVERYBODY = "*"
"""In place of a tenant: all that have no table of their own."""
ANY_LABEL = "*"
"""In place of a reason's code: every reason whose action is to label."""
Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]


class Watermarking(StrEnum):
    """What becomes of an output that does not hold a watermark.

    REQUIRED: it does not leave. PREFERRED: it leaves, and record and manifest claim no watermark. OFF: none is tried.
    """

    REQUIRED = "required"
    PREFERRED = "preferred"
    OFF = "off"


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


class Hsm(Section):
    """A signing key behind PKCS#11. module: its library. token, key: labels. pin_env: the variable that has the PIN."""

    module: Path
    token: str = Field(min_length=1)
    key: str = Field(min_length=1)
    pin_env: str = Field(pattern="^[A-Za-z_][A-Za-z0-9_]*$")


class Training(Section):
    """What others may do with outputs, said in every manifest; a use that is not named is left open.

    constraint: the conditions of every use that is "constrained".
    """

    ai_generative_training: Wish | None = None
    ai_inference: Wish | None = None
    ai_training: Wish | None = None
    data_mining: Wish | None = None
    constraint: str = Field(default="", max_length=500)

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """Those that are named."""
        named = ((use, getattr(self, use)) for use in get_args(Use))
        return tuple(
            Permission(use, wish, self.constraint if wish == "constrained" else "") for use, wish in named if wish
        )


class Signing(Section):
    """How outputs are signed.

    chain, root: PEM files of the C2PA identity, the chain leaf first; neither for a development authority. key: its
    private key, a PEM file; hsm: in its place, a key in a token. timestamps: whether signatures are time-stamped, by
    the authority (RFC 3161) at timestamp_url, which has timestamp_timeout seconds. training: what others may do.
    thumbnails: small pictures in the manifests of pictures.
    """

    chain: Path | None = None
    key: Path | None = None
    root: Path | None = None
    hsm: Hsm | None = None
    timestamps: TimestampMode = TimestampMode.OFF
    timestamp_url: str = Field(default="", pattern="^$|^https?://")
    timestamp_timeout: float = Field(default=5.0, gt=0, le=15.0)
    training: Training = Training()
    thumbnails: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.chain is None) != (self.root is None):
            raise ValueError("set both chain and root, or neither")
        if (self.chain is None) == bool(self.key or self.hsm) or (self.key and self.hsm):
            raise ValueError("a chain needs one key: set either key or hsm with it, and neither without it")
        if (self.timestamps is TimestampMode.OFF) == bool(self.timestamp_url):
            raise ValueError("set timestamp_url where timestamps are preferred or required, and only there")
        return self


class TrustedList(Section):
    """Root certificates that are believed. kind: own, c2pa, legacy (signers of claims) or tsa (authorities of time).

    name: what the record calls it. file: PEM. purposes: dotted identifiers of which a signer's certificate under these
    roots must carry one; those of the kind where none are named.
    """

    name: str = Field(pattern="^[a-z0-9][a-z0-9_-]{0,62}$")
    kind: ListKind
    file: Path
    purposes: tuple[Annotated[str, Field(pattern=r"^[0-2](\.[0-9]+)+$")], ...] = ()


class MediaLimits(Section):
    """The bounds of `core.limits.Limits` that an operator may move, with its defaults. Bytes, pixels, seconds."""

    max_bytes: int = Field(default=Limits().max_bytes, gt=0)
    max_pixels: int = Field(default=Limits().max_pixels, gt=0)
    max_duration: float = Field(default=Limits().max_duration, gt=0)
    max_seconds: float = Field(default=Limits().max_seconds, gt=0)


class Making(Section):
    """How media is made. max_batch: orders that one call of a model makes, where they go together. batch_window:
    seconds that an order waits for company. previews: whether orders may show unfinished work.
    """

    max_batch: int = Field(default=4, gt=0, le=64)
    batch_window: float = Field(default=0.02, ge=0, le=5)
    previews: bool = True


class PolicyRules(Section):
    """The policy that decides until one is activated, and how one gets there.

    file: the document, default the shipped pack. second_person: whether somebody other than its author has to approve a
    version before it can be activated. Off is for a machine that one person works on alone, and warned of.
    """

    file: Path | None = None
    second_person: bool = True


class Detectors(Section):
    """How detectors look. redeliveries: those that were trained read every still five more times, as it might be
    delivered anew, and abstain where the verdict would turn. That costs six times what one look does. near_list: path
    of the list of near duplicates, which turns the detector `near_duplicate` on and needs the extra `near`.
    """

    redeliveries: bool = False
    near_list: Path | None = None


class Nsfw(Section):
    """Turns the detector `nsfw` on, which needs the extra of that name.

    evidence: what is kept of a picture that it finds: "blurred", which cannot be undone, "nothing", or "plain".
    calibration: a JSON file with weight and bias of the score's log odds, and bound; without, no probability is told.
    """

    evidence: Shown = Shown.BLURRED
    calibration: Path | None = None


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


class LabelRule(Section):
    """A visible label that outputs must carry when the policy gives the reason `code`, or "*": any reason to label.

    text, mark, placement, height_fraction: as of `generators.marking.label.Label`. jurisdictions: ISO 3166-1 alpha-2
    codes of those in which the rule holds; empty for everywhere.
    """

    code: str = Field(min_length=1)
    text: str = ""
    mark: Mark = Mark.NONE
    placement: Placement = Placement.BOTTOM_RIGHT
    height_fraction: float = DEFAULT_HEIGHT
    jurisdictions: frozenset[Country] = frozenset()

    @property
    def label(self) -> Label:
        """The label itself."""
        return Label(self.text, self.mark, self.placement, self.height_fraction)

    @model_validator(mode="after")
    def _can_be_drawn_and_does(self) -> Self:
        try:
            label = self.label
        except InvalidInput as error:
            raise ValueError(f"{error.message}: {error.field}, {error.limit}") from error
        if gb45438.JURISDICTION in self.jurisdictions and (found := gb45438.shortcomings(label)):
            raise ValueError(f"GB 45438-2025 asks for another label in {gb45438.JURISDICTION}: {'; '.join(found)}")
        return self


class Aigc(Section):
    """The declaration of GB 45438-2025 in the XMP of outputs that the policy labels.

    producer: the operator, by name or by the code that it was given. reserved_code_1 (as who makes) and reserved_code_2
    (as who passes on): for the operator's own ends. jurisdictions: as of `LabelRule`.
    """

    producer: str = Field(min_length=1)
    reserved_code_1: str = ""
    reserved_code_2: str = ""
    jurisdictions: frozenset[Country] = frozenset()

    @model_validator(mode="after")
    def _can_be_declared(self) -> Self:
        try:
            aigc.Aigc(aigc.GENERATED, self.producer, "", self.reserved_code_1, "", "", self.reserved_code_2)
        except InvalidInput as error:
            raise ValueError(f"{error.message}: {error.field}, {error.limit}") from error
        return self
