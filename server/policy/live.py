"""The policy that decides now, which may be another one a moment later.

A decision is made by one version from beginning to end: the choice is one look at one immutable value. Whoever switches
replaces that value; decisions on their way end under the version that they began with.

This module knows which version decides on what. It does not know where versions come from: `following` does.
"""

from __future__ import annotations

from dataclasses import dataclass

from policies.base import Decision, Policy, Subject
from server.audit.entries.policy import Live


@dataclass(frozen=True, slots=True)
class Loaded:
    """A version that can decide here. configuration: digest by which decisions name what they were made with.

    version: what the text calls itself.
    """

    policy: Policy
    configuration: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Deciding:
    """What decides: `stable`, but for the content of which `live` says that `staged` does. Both as the log has it."""

    live: Live
    stable: Loaded
    staged: Loaded | None = None

    def choose(self, content: str) -> Loaded:
        """The version for the content with this digest."""
        if self.staged is not None and self.live.chosen(content) == self.live.staged:
            return self.staged
        return self.stable


class LivePolicy:
    """`policies.base.Policy`, for the examiner. id, digest: of the version that decides on most content."""

    def __init__(self, deciding: Deciding) -> None:
        self._made_with: dict[str, str] = {}
        self.switch(deciding)

    @property
    def id(self) -> str:
        """Of the stable version."""
        return self._deciding.stable.policy.id

    @property
    def digest(self) -> str:
        """Of the stable version."""
        return self._deciding.stable.policy.digest

    @property
    def deciding(self) -> Deciding:
        """What decides at this moment."""
        return self._deciding

    def decide(self, subject: Subject) -> Decision:
        """By one version, which the decision names."""
        return self._deciding.choose(subject.digest).policy.decide(subject)

    def switch(self, deciding: Deciding) -> None:
        """From the next decision on."""
        for loaded in (deciding.stable, deciding.staged):
            if loaded is not None:
                # Never forgotten: a decision that was made just before a switch is recorded after it.
                self._made_with[loaded.policy.digest] = loaded.configuration
        self._deciding = deciding

    def made_with(self, policy_digest: str = "") -> str:
        """Digest of the configuration that names the version; of what decides now where no version decided.

        "" for one that was recorded without any.
        """
        return self._made_with.get(policy_digest, self._deciding.stable.configuration)
