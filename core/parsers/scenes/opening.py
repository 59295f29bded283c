"""GDAL, held to one driver and to the bytes that it is given.

Knows how GDAL is told to look for nothing beside a file and on no network, and what it raises. The process around it
could not reach either (`core.sandbox.confinement`); this keeps it from trying. Source: gdal.org, "Security
considerations" and "Configuration options".
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import rasterio
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from core.errors import CorruptMedia

DRIVER = "GTiff"
SETTINGS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # no files beside this one: overviews, masks, world files
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_CACHEMAX": 64,  # MiB of decoded blocks
    "GDAL_NUM_THREADS": "1",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
    "GDAL_HTTP_MAX_RETRY": "0",
    "PROJ_NETWORK": "OFF",
}
_DAMAGE = (RasterioError, ValueError, LookupError, TypeError, OSError, ArithmeticError, AttributeError)


@contextmanager
def dataset(data: bytes) -> Iterator[Any]:
    """An open dataset of rasterio. Raises CorruptMedia for what GDAL cannot open or decode, while it is open too."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of what a file lacks, or says twice
            with rasterio.Env(**SETTINGS), MemoryFile(data) as file, file.open(driver=DRIVER) as opened:
                yield opened
    except _DAMAGE as error:
        # A library's text may quote the file, and refusals are recorded for good: the type has to do.
        raise CorruptMedia(f"the scene cannot be decoded ({type(error).__name__})", field="media") from error


def quiet() -> None:
    """Keeps rasterio from logging what GDAL says of a file."""
    logging.getLogger("rasterio").setLevel(logging.CRITICAL + 1)
