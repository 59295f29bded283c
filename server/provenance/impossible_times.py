"""Points in time that cannot all be right: in the manifests of a chain, and in the file's EXIF beside them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

from core.credential import ChainManifest
from server.provenance.story import everything

TOLERANCE = timedelta(minutes=5)
"""By which honest clocks differ."""
EASTERNMOST = timedelta(hours=14)
"""A local time without a zone is at most this far ahead of UTC."""
_EXIF_TIME = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")


def signed_before_source(chain: ChainManifest) -> bool:
    """Whether something was signed before a thing that it was made from."""
    return any(
        made.signed_at < source.signed_at - TOLERANCE
        for made in everything(chain)
        for source in (one.manifest for one in made.ingredients)
        if made.signed_at and source and source.signed_at
    )


def done_after_signing(chain: ChainManifest) -> bool:
    """Whether an action is said to have been done after the manifest that lists it was signed."""
    return any(
        action.when > made.signed_at + TOLERANCE
        for made in everything(chain)
        for action in made.actions
        if made.signed_at and action.when
    )


def signed_before_certificate(chain: ChainManifest) -> bool:
    """Whether something was signed before the certificate that signed it was valid."""
    return any(
        made.signed_at < made.signer.not_before - TOLERANCE
        for made in everything(chain)
        if made.signed_at and made.signer.not_before
    )


def taken_after_signing(chain: ChainManifest, exif: Mapping[str, str]) -> bool:
    """Whether the file says that it was taken after it was signed."""
    taken = earliest_capture(exif)
    return taken is not None and chain.signed_at is not None and taken > chain.signed_at + TOLERANCE


def earliest_capture(exif: Mapping[str, str]) -> datetime | None:
    """The earliest point in time that the EXIF's local time of capture can mean; None where it has none."""
    match = _EXIF_TIME.fullmatch(exif.get("DateTimeOriginal", "").strip("\0 "))
    if match is None:
        return None
    try:
        local = datetime(*(int(part) for part in match.groups()), tzinfo=UTC)  # type: ignore[arg-type, misc]
        offset = _OFFSET.fullmatch(exif.get("OffsetTimeOriginal", "").strip("\0 "))
        if offset is None:
            return local - EASTERNMOST
        hours, minutes = int(offset[2]), int(offset[3])
        ahead = timedelta(hours=hours, minutes=minutes) * (1 if offset[1] == "+" else -1)
        return local.replace(tzinfo=timezone(ahead)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
