"""Manifests of files that lost them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from countersign.clients.calls import Calls, new_id
from countersign.uploads import Upload
from countersign.v1 import softbinding_pb2
from countersign.v1.softbinding_pb2_grpc import SoftBindingServiceStub


class SoftBindingCalls(Calls):
    """SoftBindingService."""

    @cached_property
    def _soft_bindings(self) -> SoftBindingServiceStub:
        return SoftBindingServiceStub(self._connection.channel)

    def by_content(
        self, media: bytes | Path, *, watermark: str = "", max_results: int = 0, request_id: str | None = None
    ) -> softbinding_pb2.ByContentResponse:
        """Manifests of what media of at most 32 MiB shows. watermark: an id read in it, 12 hexadecimal digits."""
        request = softbinding_pb2.ByContentRequest(
            request_id=request_id or new_id(),
            media=Upload.of(media).read(),
            hint_alg="org.countersign.watermark.1" if watermark else "",
            hint_value=watermark,
            max_results=max_results,
        )
        return self._connection.unary(self._soft_bindings.ByContent, request, self._timeout)

    def by_binding(
        self, alg: str, value: str, *, max_results: int = 0, request_id: str | None = None
    ) -> softbinding_pb2.ByBindingResponse:
        """Manifests by the value of one soft binding; whether a file shows what they are of, nobody looked."""
        request = softbinding_pb2.ByBindingRequest(
            request_id=request_id or new_id(), alg=alg, value=value, max_results=max_results
        )
        return self._connection.unary(self._soft_bindings.ByBinding, request, self._timeout)

    def manifest(self, manifest_id: str, *, only_active: bool = False, request_id: str | None = None) -> bytes:
        """A manifest store (JUMBF) by the label of its active manifest. Raises NotFound."""
        request = softbinding_pb2.GetManifestRequest(
            request_id=request_id or new_id(), manifest_id=manifest_id, return_active_manifest=only_active
        )
        return self._connection.unary(self._soft_bindings.GetManifest, request, self._timeout).manifest

    def soft_binding_algorithms(self, *, request_id: str | None = None) -> softbinding_pb2.SupportedAlgorithmsResponse:
        """The algorithms by which `by_binding` finds something."""
        request = softbinding_pb2.SupportedAlgorithmsRequest(request_id=request_id or new_id())
        return self._connection.unary(self._soft_bindings.SupportedAlgorithms, request, self._timeout)
