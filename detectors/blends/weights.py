"""The weights of a blend network, as training pins them. None ships: see docs/detectors.md, "Blends".

An operator's own, made within faces, is loaded by `detectors.own.with_blend`.
"""

from __future__ import annotations

from core.errors import IntegrityError
from core.weights import PinnedWeights
from detectors.blends.network import BlendNetwork
from detectors.manipulation.unet import Shape
from detectors.verdicts.familiar import Familiar, apart

NAME = "blend"
MARKED_FROM = "marked_from"
"""The parameter in the manifest: the probability from which on a cell counts as blended in."""


def network_of(pinned: PinnedWeights) -> tuple[BlendNetwork, Familiar]:
    """The network and what is familiar to it. Raises as `load_pinned` does, IntegrityError for other tensors."""
    tensors, known = apart(pinned.load())
    network = BlendNetwork(Shape.of(pinned.parameters))
    try:
        network.load_state_dict({name: value.float() for name, value in tensors.items()})
    except RuntimeError as error:
        raise IntegrityError(f"the weights {pinned.path.name} are not of the blend network") from error
    return network, Familiar.of(known)
