"""What decisions are made with, put on the record at every start: policy, models with their cards, trust list, release.

One entry of kind "configuration" names the digests; decisions name that entry's content by its own digest, so that
each can be explained years later with the very texts that held then. A start with nothing new adds nothing.

This module does not know how decisions are made, or how the log keeps anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError
from core.media import digest_of
from detectors.base import Source
from generators.base import Generator
from policies.base import Policy
from server.audit import AuditLog
from server.audit.operations import Configure
from server.convert.models import detector_card

# As `countersign.verify.case.setting` has them: they become the names of files in a case.
POLICY_TYPE = "application/yaml"
CARD_TYPE = "text/markdown"
TRUST_TYPE = "text/plain"
_VERSIONS = 4
"""Of one detector that a configuration names: the present one, and what may still be on its way to the record."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model as the record names it. role: "detector" or "generator". card: Markdown."""

    role: str
    name: str
    version: str
    card: str

    @property
    def content(self) -> dict[str, str]:
        """With the digest in place of the card."""
        return {
            "role": self.role,
            "name": self.name,
            "version": self.version,
            "card": digest_of(self.card.encode()),
        }


class Register:
    """Puts on the record what decisions are made with, once for each policy. trust_list: its whole text."""

    def __init__(
        self, log: AuditLog, detectors: Iterable[Source], generators: Iterable[Generator], trust_list: str
    ) -> None:
        self._log = log
        self._models = [Model("detector", each.name, each.version, detector_card(each)) for each in detectors]
        self._models += [Model("generator", each.name, each.version, each.card.markdown) for each in generators]
        self._trust_list = trust_list

    def renew(self, detector: Source) -> None:
        """Names this version of a detector as well from now on. The ones before it stay for a while: what they found
        may be recorded after this.
        """
        fresh = Model("detector", detector.name, detector.version, detector_card(detector))
        named = [model for model in self._models if (model.role, model.name) == (fresh.role, fresh.name)]
        earlier = [model for model in named if model.version != fresh.version][1 - _VERSIONS :]
        self._models = [model for model in self._models if model not in named] + [*earlier, fresh]

    async def record(self, policy: Policy, text: str) -> str:
        """Record that `policy` decides from now on, and return the digest by which decisions name that. text: its."""
        operation = configure(policy, text, self._models, self._trust_list)
        await self._log.perform(operation)
        return operation.request_digest


def configure(policy: Policy, text: str, models: Iterable[Model], trust_list: str) -> Configure:
    """The operation that records these. text: of the policy."""
    known = sorted(models, key=lambda model: (model.role, model.name))
    content: dict[str, Any] = {
        "policy": {"id": policy.id, "digest": policy.digest},
        "models": [model.content for model in known],
        "trust": digest_of(trust_list.encode()),
        "release": version("countersign"),
    }
    cards = [(CARD_TYPE, model.name, model.card) for model in known]
    return Configure(content, [(POLICY_TYPE, policy.id, text), (TRUST_TYPE, "trust list", trust_list), *cards])


def policy_text(policy: Policy, file: Path) -> str:
    """The text that `policy` was compiled from. ConfigurationError if the file holds another one by now."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"cannot read the policy {file}: {error.strerror}") from error
    if digest_of(data) != policy.digest:
        raise ConfigurationError(f"the policy {file} was changed while the server started; start it again")
    return data.decode()
