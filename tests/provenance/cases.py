"""What can happen to a signed file, for the proof table: each case makes a file and says what our reader must find.

Read `CASES`. `tests/provenance/table.py` lays it beside the independent validator.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from core.credential import CredentialState as State
from server.audit.outside.authority import Authority
from server.provenance import Identity, Trust
from server.provenance.definition import definition
from server.provenance.stamper import Stamper
from server.provenance.trust import ListKind, TrustList
from tests.outside.authority import Tsa, serving
from tests.provenance import surgery
from tests.provenance.files import MIMES, MP4, flip, make, pixel_offset, reencode
from tests.provenance.manifests import Part, act, actions, edit, produce
from tests.provenance.signers import CLAIM, EDIT, TIME_STAMPING, embed, stranger

JPEG, PNG, AVIF = "image/jpeg", "image/png", "image/avif"
NOWHERE = "http://127.0.0.1:9/manifest.c2pa"


@dataclass(frozen=True)
class Materials:
    """What the cases are made of.

    me: who signs unless a case says otherwise. other: somebody on no list. brief: somebody whose certificate has
    expired. expired, stamped: PNGs signed by `brief` in time, without and with a time stamp. made_from: a JPEG made
    from `expired` while its signer was valid. clock: root of the time-stamping authority.
    """

    me: Identity
    other: Identity
    brief: Identity
    imposter: Identity
    expired: bytes
    stamped: bytes
    made_from: bytes
    clock: str
    kept: dict[str, bytes] = field(default_factory=dict)

    def signed(self, mime: str) -> bytes:
        """A file of a type, signed by `me`."""
        if mime not in self.kept:
            self.kept[mime] = embed(make(mime), mime, self.me)
        return self.kept[mime]

    @property
    def trust(self) -> Trust:
        """That believes `me`."""
        return Trust(self.me.root_pem)

    def timed(self, *, clock: bool) -> Trust:
        """That believes `brief`, and the authority of time if wanted."""
        lists = (TrustList.of("time", ListKind.TSA, self.clock),) if clock else ()
        return Trust(self.brief.root_pem, lists=lists)


def materials(folder: Path, me: Identity) -> Materials:
    """Makes them, which takes as long as the brief certificate lasts: c2pa has no clock to set. folder: for keys."""
    tsa = Tsa.make(folder / "tsa")
    brief = stranger(life=timedelta(seconds=3))
    expired = embed(make(PNG), PNG, brief)
    with serving(tsa) as server:
        stamper = Stamper(Authority(server.url, tsa.roots, timeout=5), required=True, missed=lambda: None)
        stamped = embed(make(PNG), PNG, brief, stamper=stamper)
    both = replace(me, root_pem=me.root_pem + brief.root_pem)
    made_from = embed(make(JPEG), JPEG, both, EDIT, (expired, PNG))
    time.sleep(max(0.0, (brief.not_after - datetime.now(UTC)).total_seconds() + 1.0))
    imposter = stranger(purpose=TIME_STAMPING)
    return Materials(me, stranger(), brief, imposter, expired, stamped, made_from, tsa.roots.decode())


Make: TypeAlias = Callable[[Materials, str], bytes]


@dataclass(frozen=True)
class Case:
    """One thing that happens to a file of each of `mimes`.

    state: what our reader must find. unreadable: UNPARSEABLE is as right, because what is missing may be what says
    where the manifest ends. trust: under which lists; None for those that believe the signer. theirs: what the
    independent validator may say although it means something else, and why.
    """

    name: str
    state: State
    make: Make
    mimes: tuple[str, ...] = MIMES
    trust: Callable[[Materials], Trust] | None = None
    unreadable: bool = False
    theirs: str = ""
    why: str = ""


def altered(change: Callable[[bytes, str], bytes]) -> Make:
    """A change of the signed file."""
    return lambda have, mime: change(have.signed(mime), mime)


def edited(old: bytes, new: bytes) -> Make:
    """A change inside the manifest store."""
    return lambda have, mime: surgery.edited(have.signed(mime), mime, old, new)


def pixel_flipped(have: Materials, mime: str) -> bytes:
    """One bit of the picture."""
    return flip(have.signed(mime), pixel_offset(make(mime), have.signed(mime)))


def exchanged(have: Materials, mime: str) -> bytes:
    """The store of another picture by the same signer."""
    other = embed(make(mime, seed=7), mime, have.me)
    return surgery.with_store_of(have.signed(mime), other, mime)


def of_another_type(have: Materials, mime: str) -> bytes:
    """In a JPEG, the store that was made for a PNG."""
    return surgery.with_store_of(have.signed(JPEG), have.signed(PNG), JPEG)


def without_intermediate(have: Materials, mime: str) -> bytes:
    """Signed with the leaf's certificate alone in the chain."""
    end = "-----END CERTIFICATE-----\n"
    leaf = have.me.chain_pem.split(end)[0] + end
    return embed(make(mime), mime, replace(have.me, chain_pem=leaf))


def made_from(source: Make, source_mime: str = JPEG) -> Make:
    """A JPEG by `me` that was made from something."""
    return lambda have, mime: edit("page", have.me, source(have, source_mime), source_mime)


def source_changed(have: Materials, mime: str) -> bytes:
    """The claim of a source, edited in the finished file."""
    page = edit("page", have.me, produce("photo", have.me))
    return surgery.edited(page, JPEG, b"photo", b"Photo")


def source_in_a_circle(have: Materials, mime: str) -> bytes:
    """A file whose source names the file itself as its source."""
    page = edit("page", have.me, edit("middle", have.me, produce("photo", have.me)))
    named = surgery.labels(page, JPEG)
    return surgery.edited_everywhere(page, JPEG, b"/c2pa/" + named["photo"], b"/c2pa/" + named["page"])


def remote(have: Materials, mime: str) -> bytes:
    """A file that only names where its manifest is."""
    return surgery.remote_only(make(JPEG), definition(CLAIM, JPEG), have.me, NOWHERE)


def collage(have: Materials, mime: str) -> bytes:
    """Made from two things, one without credentials and one by a stranger."""
    steps = actions(act("c2pa.opened", "a"), act("c2pa.placed", "b"))
    parts = [Part("a", produce("photo", have.other)), Part("b", make(JPEG), "componentOf")]
    return produce("collage", have.me, steps, parts=parts)


NO_MANIFEST = "in a JPEG it takes such boxes for something else than a manifest"
EXPIRED = "it calls the file intact; that the certificate was not valid any more is a code beside it"
CASES = (
    Case("untouched", State.TRUSTED, lambda have, mime: have.signed(mime)),
    Case("one bit of the picture flipped", State.INVALID, pixel_flipped),
    Case("eight bytes appended", State.INVALID, altered(lambda data, _: data + bytes(8))),
    Case("the last 40 bytes cut off", State.INVALID, altered(lambda data, _: data[:-40]), unreadable=True),
    Case("the second half cut off", State.INVALID, altered(lambda data, _: data[: len(data) // 2]), unreadable=True),
    Case("EXIF inserted", State.INVALID, altered(surgery.exif_inserted), (JPEG, PNG)),
    Case("a comment inserted", State.INVALID, altered(surgery.comment_inserted), (JPEG, PNG)),
    Case("an empty box appended", State.INVALID, altered(surgery.free_box_appended), (MP4, AVIF)),
    Case("manifest of another picture", State.INVALID, exchanged),
    Case("manifest made for a PNG, in a JPEG", State.INVALID, of_another_type, (JPEG,)),
    Case("digital source type edited", State.INVALID, edited(b"trainedAlgorithmic", b"minorHumanEditings")),
    Case("an assertion edited", State.INVALID, edited(b"request-1", b"request-2")),
    Case("an assertion renamed", State.UNPARSEABLE, edited(b"c2pa.actions.v2\0", b"c2pa.actions.v3\0")),
    Case("the claim edited", State.INVALID, edited(b"output", b"Output")),
    Case("the signature edited", State.INVALID, altered(surgery.signature_flipped)),
    Case("the signer's name edited", State.INVALID, edited(b"development signer", b"development Signer")),
    Case(
        "a box of another type",
        State.UNPARSEABLE,
        edited(b"jumd", b"jumx"),
        theirs="nothing found",
        why=NO_MANIFEST,
    ),
    Case(
        "a box longer than the file",
        State.UNPARSEABLE,
        altered(surgery.box_too_long),
        theirs="nothing found",
        why=NO_MANIFEST,
    ),
    Case("the manifest twice", State.UNPARSEABLE, altered(surgery.second_store), (JPEG, PNG)),
    Case("stripped", State.NONE, lambda have, mime: make(mime)),
    Case("encoded anew", State.NONE, altered(reencode), tuple(m for m in MIMES if m != MP4)),
    Case("remuxed", State.NONE, altered(surgery.remuxed), (MP4,)),
    Case("place of the manifest renamed", State.NONE, altered(surgery.carrier_renamed), tuple(surgery.CARRIERS)),
    Case("manifest only at an address", State.REMOTE_NOT_FETCHED, remote, (JPEG,)),
    Case("signer on no list", State.VALID_UNTRUSTED, lambda have, mime: embed(make(mime), mime, have.other)),
    Case("intermediate certificate missing", State.VALID_UNTRUSTED, without_intermediate, (JPEG, PNG, MP4)),
    Case(
        "certificate for time stamps alone",
        State.INVALID,
        lambda have, mime: embed(make(mime), mime, have.imposter),
        (JPEG, PNG, MP4),
        lambda have: Trust(have.imposter.root_pem),
    ),
    Case(
        "certificate expired, no time stamp",
        State.EXPIRED_NO_TIMESTAMP,
        lambda have, mime: have.expired,
        (PNG,),
        lambda have: have.timed(clock=True),
        theirs="intact",
        why=EXPIRED,
    ),
    Case(
        "certificate expired, time stamp",
        State.TRUSTED,
        lambda have, mime: have.stamped,
        (PNG,),
        lambda have: have.timed(clock=True),
    ),
    Case(
        "certificate expired, time stamp by a stranger",
        State.EXPIRED_NO_TIMESTAMP,
        lambda have, mime: have.stamped,
        (PNG,),
        lambda have: have.timed(clock=False),
        theirs="intact",
        why=EXPIRED,
    ),
    Case("made from an intact file", State.TRUSTED, made_from(lambda have, mime: have.signed(mime)), (JPEG,)),
    Case("made from a stranger's file and a bare one", State.TRUSTED, collage, (JPEG,)),
    Case(
        "made from a file whose signer expired since",
        State.TRUSTED,
        lambda have, mime: have.made_from,
        (JPEG,),
        lambda have: Trust(have.me.root_pem + have.brief.root_pem),
    ),
    Case(
        "made from an altered file",
        State.INGREDIENT_FAILED,
        made_from(pixel_flipped),
        (JPEG,),
        theirs="trusted",
        why="it does not say what was found wrong with a source when that was taken in",
    ),
    Case("a source's claim edited afterwards", State.INVALID, source_changed, (JPEG,)),
    Case("a source that is made from its own copy", State.UNPARSEABLE, source_in_a_circle, (JPEG,)),
)
