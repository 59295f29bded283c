"""Models of the Hugging Face hub, from the cache that its own tools fill. Knows that cache, and no model."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from core.errors import ConfigurationError, PreconditionFailed
from core.weight_folder import DATA_SUFFIXES


def files_of(name: str, revision: str, *, download: bool) -> dict[str, Path]:
    """The files of a model that may be loaded, by their path within it. name: "owner/name".

    The network is not touched unless `download`. The cache keeps files once and links to them; a link that leads out
    of the model's own part of it is refused with ConfigurationError. Raises PreconditionFailed for a model that is not
    there.
    """
    patterns = [f"*{suffix}" for suffix in sorted(DATA_SUFFIXES)]
    try:
        snapshot = snapshot_download(name, revision=revision, local_files_only=not download, allow_patterns=patterns)
    except LocalEntryNotFoundError as error:
        told = "and could not be fetched" if download else "and allow_download is not set"
        raise PreconditionFailed(f"the model {name} at {revision} is not in the local cache {told}") from error
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise PreconditionFailed(f"the model {name} at {revision} cannot be fetched") from error
    folder = Path(snapshot)
    own = folder.parent.parent.resolve()  # …/models--owner--name/snapshots/<commit>
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix.lower() in DATA_SUFFIXES:
            target = path.resolve()
            if not target.is_relative_to(own):
                raise ConfigurationError(f"{path.name} of the model {name} leads out of its part of the cache")
            found[path.relative_to(folder).as_posix()] = target
    return found
