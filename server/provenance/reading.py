"""What the sandboxed parser `credentials` saw, as typed values.

Every field is checked on the way in, because a worker that a file has taken over may answer anything. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import ParserFailed
from core.media import View
from server.provenance.read_manifest import ReadManifest, ReadSigner, manifest_of, signer_of, text, texts


@dataclass(frozen=True, slots=True)
class Store:
    """A manifest store that could be read.

    state: "Trusted", "Valid" or "Invalid", as c2pa says. active: label of the active manifest. successes, failures,
    notes: status codes on the active manifest. ingredient_failures: status codes on ingredients. signers: by label of
    the manifest they signed, only those whose certificate could be examined. report: c2pa's JSON.
    """

    state: str
    active: str
    manifests: tuple[ReadManifest, ...]
    successes: tuple[str, ...]
    failures: tuple[str, ...]
    notes: tuple[str, ...]
    ingredient_failures: tuple[str, ...]
    signers: Mapping[str, ReadSigner]
    report: str

    @property
    def active_manifest(self) -> ReadManifest | None:
        """The manifest that speaks for the file itself."""
        return next((one for one in self.manifests if one.label == self.active), None)


@dataclass(frozen=True, slots=True)
class Reading:
    """One file's credentials before judgement.

    trust: digest of the trust list they were read under. store: None where there is none; then `remote` if the file
    names one elsewhere, and `unparseable`, the reason, if there is something that cannot be read.
    """

    trust: str
    store: Store | None = None
    remote: bool = False
    unparseable: str = ""

    @classmethod
    def of(cls, view: View) -> Reading:
        """The reading in a view without error. Raises ParserFailed where a field has another type than it must."""
        try:
            return reading_of(view.facts)
        except (KeyError, TypeError, AttributeError) as error:
            raise ParserFailed(f"the credentials parser's answer is malformed: {error}", field="media") from error


def reading_of(facts: Mapping[str, Any]) -> Reading:
    """Raises KeyError for a missing field and TypeError for one of another type."""
    return Reading(
        trust=text(facts["trust"]),
        store=store_of(facts["store"]) if facts.get("store") is not None else None,
        remote=facts.get("remote") is True,
        unparseable=text(facts.get("unparseable", "")),
    )


def store_of(facts: Mapping[str, Any]) -> Store:
    """The store in its facts."""
    return Store(
        state=text(facts["state"]),
        active=text(facts["active"]),
        manifests=tuple(manifest_of(one) for one in facts["manifests"]),
        successes=texts(facts["successes"]),
        failures=texts(facts["failures"]),
        notes=texts(facts["notes"]),
        ingredient_failures=texts(facts["ingredient_failures"]),
        signers={text(label): signer_of(signer) for label, signer in facts["signers"].items()},
        report=text(facts["report"]),
    )
