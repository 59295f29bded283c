"""GeoTIFFs for tests, written by rasterio from photographs, and what rasterio reads of one."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from tests.generators.pictures import photo

ORIGIN = (399_960.1, 5_100_000.3)
PLACE = rasterio.Affine(10.0, 0.0, ORIGIN[0], 0.0, -10.0, ORIGIN[1])
TURNED = rasterio.Affine(8.0, 6.0, ORIGIN[0], 6.0, -8.0, ORIGIN[1])
CRS = "EPSG:32633"
NODATA = {"uint8": 0, "uint16": 0, "int16": -9999, "float32": -9999.0}


def bands(dtype: str, count: int = 4, height: int = 96, width: int = 128, seed: int = 0) -> NDArray[Any]:
    """(count, height, width): photographs' channels as radiances of few steps, without the type's nodata value."""
    rng = np.random.default_rng(seed)
    names = ("mountains.jpg", "stream.jpg", "crab.jpg", "fig.jpg")
    layers = [photo(names[band // 3 % 4], height, width)[..., band % 3].astype(np.float64) for band in range(count)]
    values = np.stack(layers) + rng.uniform(0, 1, (count, height, width))
    scaled = {
        "uint8": 1 + values * 0.98,
        "uint16": 40 + values * 12,
        "int16": -1000 + values * 14,
        "float32": values / 200 - 0.2,
    }[dtype]
    return scaled.astype(dtype)


def hole(samples: NDArray[Any], nodata: float, rows: slice, columns: slice) -> NDArray[Any]:
    """With nothing measured there."""
    made = samples.copy()
    made[:, rows, columns] = nodata
    return made


def geotiff(samples: NDArray[Any], nodata: float | None = None, **options: Any) -> bytes:
    """The file. options: rasterio's, over those of a common one; tags, units: of the file and of its first band."""
    count, height, width = samples.shape
    common = {
        "driver": "GTiff",
        "width": width,
        "height": height,
        "count": count,
        "dtype": samples.dtype.name,
        "crs": CRS,
        "transform": PLACE,
        "nodata": nodata,
        "compress": "deflate",
        "photometric": "MINISBLACK",  # GDAL takes four bands of bytes for colours otherwise
    }
    described, tags, units = (
        options.pop(name, default) for name, default in (("described", True), ("tags", {}), ("units", {}))
    )
    with warnings.catch_warnings(), MemoryFile() as file:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with file.open(**{name: value for name, value in (common | options).items() if value is not None}) as made:
            made.write(samples)
            made.update_tags(**tags)
            made.update_tags(1, **units)
            if described:
                made.update_tags(ACQUIRED="2021-06-01")
                for band in range(1, count + 1):
                    made.set_band_description(band, f"B{band}")
                    made.update_tags(band, WAVELENGTH=str(400 + 50 * band))
        return bytes(file.read())


@dataclass(frozen=True, eq=False)
class Seen:
    """What rasterio reads of a file."""

    samples: NDArray[Any]
    profile: dict[str, Any]
    bounds: Any
    descriptions: tuple[str | None, ...]
    interpretation: tuple[str, ...]
    tags: tuple[dict[str, str], ...]
    gcps: Any
    rpcs: Any

    @property
    def transform(self) -> Any:
        return self.profile["transform"]


def seen(data: bytes) -> Seen:
    with warnings.catch_warnings(), MemoryFile(data) as file, file.open() as opened:
        warnings.simplefilter(
            "ignore", PendingDeprecationWarning
        )  # of affine, in rasterio's own bounds of turned grids
        return Seen(
            opened.read(),
            dict(opened.profile),
            opened.bounds,
            opened.descriptions,
            tuple(each.name for each in opened.colorinterp),
            tuple(opened.tags(band) for band in range(1, opened.count + 1)),
            opened.gcps,
            opened.rpcs,
        )
