"""Making and improving media."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path

from countersign.clients.calls import NO_CONTEXT, Calls, new_id
from countersign.results import CompanionKind, Made, Preview, StageProgress, made_of, no_previews, no_stages
from countersign.uploads import Upload
from countersign.v1 import common_pb2, generation_pb2
from countersign.v1.generation_pb2_grpc import GenerationServiceStub

UNDECLARED = generation_pb2.Declarations()
"""Says nothing, which is not the same as no."""


class GenerationCalls(Calls):
    """GenerationService."""

    @cached_property
    def _generation(self) -> GenerationServiceStub:
        return GenerationServiceStub(self._connection.channel)

    def enhance(
        self,
        media: bytes | Path,
        task: str,
        *,
        model: str = "",
        parameters: Mapping[str, str] | None = None,
        seed: int = 0,
        context: common_pb2.Context = NO_CONTEXT,
        subject: str = "",
        declarations: generation_pb2.Declarations = UNDECLARED,
        label: generation_pb2.Label | None = None,
        private: bool = False,
        output_mime_type: str = "",
        companions: Collection[CompanionKind] = (),
        request_id: str | None = None,
        progress: StageProgress = no_stages,
    ) -> Made:
        """Improves media of at most 32 MiB.

        subject: your own opaque name of the person who ordered it. declarations: what you say the result is for, and
        of the people it shows. label: to be drawn visibly onto the output. private: its metadata are not to tell where
        and by which device it was made. output_mime_type: its format, "" for the upload's own. companions: pictures
        that explain it, to come with it: `COMPANION_KIND_COMPARISON`, `COMPANION_KIND_RISK_MAP`.
        progress: called with the stage and its fraction, 0 to 1.
        """
        request = generation_pb2.EnhanceRequest(
            request_id=request_id or new_id(),
            media=Upload.of(media).read(),
            task=task,
            model=model,
            parameters=dict(parameters or {}),
            seed=seed,
            context=context,
            subject=subject,
            declarations=declarations,
            label=label,
            private=private,
            output_mime_type=output_mime_type,
            companions=companions,
        )
        return self._connection.stream(
            self._generation.Enhance, request, lambda parts: made_of(parts, progress), self._long_timeout
        )

    def generate(
        self,
        prompt: str,
        *,
        negative_prompt: str = "",
        model: str = "",
        parameters: Mapping[str, str] | None = None,
        seed: int = 0,
        source: bytes | Path | None = None,
        mask: bytes | Path | None = None,
        control: bytes | Path | None = None,
        context: common_pb2.Context = NO_CONTEXT,
        subject: str = "",
        declarations: generation_pb2.Declarations = UNDECLARED,
        label: generation_pb2.Label | None = None,
        request_id: str | None = None,
        progress: StageProgress = no_stages,
        preview: Preview | None = None,
    ) -> Made:
        """Makes a picture from a prompt.

        source: a picture to begin from. mask: of the source's size; what is white in it is made anew, the rest is kept.
        control: edges or boxes to follow, drawn as a picture. Not every model takes them, see `list_models`; all of
        them together hold at most 32 MiB.
        preview: called with looks at unfinished work; without it the server takes none. The rest is as of `enhance`.
        """
        pictures = {"source": source, "mask": mask, "control": control}
        request = generation_pb2.GenerateRequest(
            request_id=request_id or new_id(),
            prompt=prompt,
            negative_prompt=negative_prompt,
            model=model,
            parameters=dict(parameters or {}),
            seed=seed,
            context=context,
            subject=subject,
            declarations=declarations,
            label=label,
            previews=preview is not None,
            **{name: Upload.of(given).read() for name, given in pictures.items() if given is not None},
        )
        return self._connection.stream(
            self._generation.Generate,
            request,
            lambda parts: made_of(parts, progress, preview or no_previews),
            self._long_timeout,
        )
