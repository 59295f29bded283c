"""Every parser of core, by name. Add a line here to add a parser; the server may start its sandbox with more."""

from __future__ import annotations

from collections.abc import Mapping

PARSERS: Mapping[str, str] = {
    "pixels": "core.parsers.pixels:parse",
    "tags": "core.parsers.tags:parse",
    "jpeg": "core.parsers.jpeg:parse",
    "thumbnail": "core.parsers.thumbnail:parse",
    "samples": "core.parsers.deep:parse",
    "dicom": "core.parsers.dicom.view:parse",
    "scene": "core.parsers.scenes.read:parse",
}
"""name: "package.module:function", imported in the workers alone."""
