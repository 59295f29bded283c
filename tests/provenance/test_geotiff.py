"""Credentials in GeoTIFFs: every tag of the ground stays, and a validator that shares no code with ours agrees."""

from __future__ import annotations

import numpy as np
import pytest

from core.credential import CredentialState
from server.provenance import Identity, Trust
from tests.generators.scenes.conftest import cubic, made
from tests.geotiffs import TURNED, bands, geotiff, hole, seen
from tests.provenance.conftest import Validate
from tests.provenance.files import flip
from tests.provenance.signers import embed, judged

MIME = "image/tiff"
TILED = {"tiled": True, "blockxsize": 64, "blockysize": 64}
SAMPLES = hole(bands("uint16", 5), 0, slice(10, 30), slice(40, 70))
FILES = {
    "as rasterio writes it": geotiff(SAMPLES, 0),
    "tiles": geotiff(SAMPLES, 0, **TILED),
    "BigTIFF": geotiff(SAMPLES, 0, BIGTIFF="YES"),
    "BigTIFF of tiles": geotiff(SAMPLES, 0, BIGTIFF="YES", **TILED),
    "with overviews": geotiff(bands("uint16", 1, 600, 700), 0, driver="COG", described=False),
    "turned": geotiff(SAMPLES, 0, transform=TURNED),
    "as written here": made(geotiff(SAMPLES, 0), cubic(2)).data,
    "floats as written here": made(geotiff(bands("float32", 2), -9999.0), cubic(4)).data,
}


@pytest.mark.parametrize("name", FILES)
def test_a_signed_scene_is_the_same_scene(name: str, identity: Identity, trust: Trust, validate: Validate) -> None:
    plain = FILES[name]
    signed = embed(plain, MIME, identity)
    before, after = seen(plain), seen(signed)
    assert (after.profile, after.bounds) == (before.profile, before.bounds)
    assert (after.descriptions, after.tags, after.interpretation) == (
        before.descriptions,
        before.tags,
        before.interpretation,
    )
    np.testing.assert_array_equal(after.samples, before.samples)
    assert judged(signed, MIME, trust).state is CredentialState.TRUSTED
    opinion = validate(signed, MIME, trust)
    assert (opinion.intact, opinion.trusted) == (True, True)


def test_a_changed_sample_is_noticed_by_both(identity: Identity, trust: Trust, validate: Validate) -> None:
    plain = geotiff(SAMPLES, 0, compress="none")
    signed = embed(plain, MIME, identity)
    at = signed.index(SAMPLES[0, 0, :40].tobytes()[:2])
    broken = flip(signed, at + 4000)
    assert judged(broken, MIME, trust).state is CredentialState.INVALID
    assert not validate(broken, MIME, trust).intact
