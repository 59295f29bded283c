"""The provenance of a file as a tree: its manifest, what that was made from, what that was made from, and so on.

A store is a graph drawn by whoever made the file: it may have cycles, and few manifests may refer to each other in very
many ways. So every manifest is told once, where it is met first, and no deeper than MAX_DEPTH. Pure.
"""

from __future__ import annotations

from core.credential import (
    ChainAction,
    ChainIngredient,
    ChainManifest,
    CredentialState,
    Preference,
    Signer,
    SoftBinding,
)
from server.provenance.read_manifest import ReadAction, ReadIngredient, ReadManifest, ReadSigner
from server.provenance.reading import Store
from server.provenance.trust import Trust
from server.provenance.verdict import (
    INACCESSIBLE,
    PURPOSE,
    SIGNER_TRUSTED,
    UNREADABLE,
    UNTRUSTED,
    Evidence,
    misused,
    verdict,
)

MAX_DEPTH = 16
TIME_PROVEN = "timeStamp.trusted"
# What c2pa finds where the manifest in the store is not the one that was taken in.
DETACHED = frozenset(
    {
        "ingredient.manifest.missing",
        "ingredient.manifest.mismatch",
        "ingredient.claimSignature.missing",
        "ingredient.claimSignature.mismatch",
    }
)


def chain_of(store: Store, trust: Trust) -> ChainManifest | None:
    """The chain that begins at the active manifest; None where the store has no manifest of that label."""
    active = store.active_manifest
    return Walk(store, trust).tell(active, store.successes, depth=0) if active else None


class Walk:
    """One walk over a store, which remembers whom it met."""

    def __init__(self, store: Store, trust: Trust) -> None:
        self._store = store
        self._trust = trust
        self._manifests = {one.label: one for one in store.manifests}
        self._told: set[str] = set()
        self._beneath: dict[str, set[str]] = {}

    def tell(self, read: ReadManifest, successes: tuple[str, ...], depth: int) -> ChainManifest:
        """A manifest and everything before it. successes: status codes on it."""
        self._told.add(read.label)
        outline = read.outline
        return ChainManifest(
            label=read.label,
            title=read.title,
            format=outline.format,
            claim_generator=read.claim_generator,
            signer=signer(read, self._store.signers.get(read.label)),
            signed_at=outline.signed_at,
            time_proven=outline.signed_at is not None and TIME_PROVEN in successes,
            actions=tuple(map(action, outline.actions)),
            ingredients=tuple(self._ingredient(one, depth + 1) for one in outline.ingredients),
            soft_bindings=tuple(SoftBinding(*one) for one in outline.soft_bindings),
            preferences=tuple(Preference(*one) for one in outline.preferences),
            cut=outline.cut,
        )

    def _ingredient(self, read: ReadIngredient, depth: int) -> ChainIngredient:
        """An ingredient, with its manifest unless that was told before or lies too deep."""
        manifest = self._manifests.get(read.manifest)
        repeated = manifest is not None and manifest.label in self._told
        state, codes = self._judge(read, manifest)
        told = manifest is not None and not repeated and depth < MAX_DEPTH
        return ChainIngredient(
            title=read.title,
            format=read.format,
            relationship=read.relationship,
            state=state,
            codes=codes,
            intact=manifest is not None and not DETACHED.intersection(read.failures),
            manifest=self.tell(manifest, read.successes, depth) if manifest and told else None,
            repeated=repeated,
        )

    def _judge(self, read: ReadIngredient, manifest: ReadManifest | None) -> tuple[CredentialState, tuple[str, ...]]:
        """The state of an ingredient's own credentials, and the codes on them."""
        codes = tuple(sorted(read.failures))
        if manifest is None:
            return absent(read), codes
        evidence = Evidence(
            failures=read.failures,
            deeper=self._failures_beneath(manifest),
            trusted=SIGNER_TRUSTED in read.successes,
            intact=True,  # of an ingredient the library tells by codes alone
            signer=self._store.signers.get(manifest.label),
        )
        state, extra = verdict(evidence, self._trust)
        return state, tuple(sorted({*codes, *extra}))

    def _failures_beneath(self, manifest: ReadManifest) -> set[str]:
        """Failures on everything that a manifest was made from, at any depth; linear in the size of the store."""
        if manifest.label in self._beneath:
            return self._beneath[manifest.label]
        found = self._beneath[manifest.label] = set[str]()  # first of all, so that a cycle ends here
        for one in manifest.outline.ingredients:
            found.update(one.failures)
            before = self._manifests.get(one.manifest)
            if before is not None:
                found.update(self._failures_beneath(before))
                if misused(self._store.signers.get(before.label), self._trust):
                    found.add(PURPOSE)
        return found


def absent(read: ReadIngredient) -> CredentialState:
    """The state of an ingredient without a manifest in the store."""
    if INACCESSIBLE in read.failures:
        return CredentialState.REMOTE_NOT_FETCHED
    if UNREADABLE in read.failures:
        return CredentialState.UNPARSEABLE
    if read.manifest or set(read.failures) - {UNTRUSTED}:
        return CredentialState.INVALID
    return CredentialState.NONE


def signer(read: ReadManifest, certificate: ReadSigner | None) -> Signer:
    """Who signed a manifest."""
    if certificate is None:
        return Signer(read.outline.name, read.issuer)
    return Signer(read.outline.name, read.issuer, certificate.not_before, certificate.not_after)


def action(read: ReadAction) -> ChainAction:
    """One action."""
    return ChainAction(
        action=read.action,
        when=read.when,
        tool=read.tool,
        source_type=read.source_type,
        description=read.description,
        ingredients=read.ingredients,
    )
