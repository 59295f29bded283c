"""Figures and terms of the record in plain words. Pure, and independent of locale and machine."""

from __future__ import annotations

import re

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?Z")

_ACRONYMS = {"ai": "AI", "c2pa": "C2PA", "jpeg": "JPEG", "exif": "EXIF"}

ACTIONS = {
    "ALLOW": "The media may be shown.",
    "LABEL": "The media may be shown with a label.",
    "REVIEW": "A person has to decide.",
    "BLOCK": "The media may not be shown.",
    "": "The media could not be examined, and nothing was decided about its content.",
}
VERDICTS = {
    "detected": "found",
    "not_detected": "found nothing",
    "abstained": "could not tell",
}
STATES = {
    "none": "Nobody has reviewed or contested this decision.",
    "awaiting": "The decision waits for a person to review it.",
    "appealed": "The decision is contested, and nobody has reviewed it since.",
    "resolved": "A person has decided what the policy left open.",
    "upheld": "A person has looked at the decision again and upheld it.",
    "overturned": "A person has looked at the decision again and overturned it.",
}
OUTCOMES = {
    "appealed": "It contested what held then.",
    "resolved": "It decided what the policy had left open.",
    "upheld": "It upheld what held before.",
    "overturned": "It overturned what held before.",
}
"""What one review or appeal came to, whatever came after it."""
CREDENTIALS = {
    "none": "The file carries no Content Credentials. That does not mean that it is authentic, or that it is not.",
    "trusted": "Intact, and signed by a signer on the trust list. That does not mean that what they say is true.",
    "valid_untrusted": "Intact, but signed by somebody who is not on the trust list.",
    "invalid": "They do not match the file or their own signature.",
    "expired_no_timestamp": "Signed with a certificate that is not valid any more, and without a proof of the time.",
    "ingredient_failed": "Those of something that the file was made from do not match.",
    "remote_not_fetched": "They lie on another computer, which was not asked.",
    "unparseable": "They could not be read.",
}


def moment(time: str) -> str:
    """RFC 3339 in UTC as people write it; anything else as it is."""
    found = _TIME.fullmatch(time)
    if found is None or not 1 <= int(found[2]) <= 12:
        return time
    return f"{int(found[3])} {_MONTHS[int(found[2]) - 1]} {int(found[1])}, {found[4]} UTC"


def percent(share: float) -> str:
    """0 to 1 as a percentage of three digits at most, which never rounds to a certainty."""
    if 0 < share < 0.001:
        return "less than 0.1 %"
    if 0.999 < share < 1:
        return "more than 99.9 %"
    return f"{100 * share:.3g} %"


def figure(value: float) -> str:
    """Six significant digits; a whole number too large for a float as it is."""
    try:
        return f"{value:.6g}"
    except OverflowError:
        return str(value)


def likelihood(log10: float) -> str:
    """What a base-10 logarithm of a likelihood ratio means. The power itself is not computed: libraries differ."""
    if log10 == 0:
        return "0: what was measured speaks neither for nor against it"
    side = "for" if log10 > 0 else "against"
    return f"{log10:.2f}: what was measured speaks {side} it; each step of 1 is a factor of ten"


def digest(value: str) -> str:
    """The digits of a digest."""
    return value.removeprefix("sha256:")


def size(count: float) -> str:
    """Bytes."""
    return f"{count:,.0f} bytes"


def title(name: str) -> str:
    """A name in snake_case as words."""
    words = [_ACRONYMS.get(word, word) for word in name.split("_") if word]
    return " ".join([word[:1].upper() + word[1:] for word in words[:1]] + words[1:])
