"""The painter that ships tells what it offers before it is loaded, and is loaded once, with its first order."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import ConfigurationError, IntegrityError
from core.weight_folder import read_folders
from generators import catalog, restoration
from generators.base import CONTROL, SOURCE, Card
from generators.diffusion import shipped
from generators.diffusion.text_to_image import TextToImage
from generators.diffusion.waiting import Waiting, painter
from tests.generators import tiny_diffusion
from tests.generators.diffusion.painting import order, paint
from tests.generators.networks import compact, pin

CARD = Card("Apache-2.0", "A test.", "None.", "# Test")
HEAVY = ("diffusers", "transformers", "spandrel", "torchvision", "torch._dynamo", "scipy.stats")


def waiting(folder: Path) -> Waiting:
    return painter(read_folders(folder / "weights.toml")["text_to_image"], CARD, "cpu")


def told(generator: Waiting | TextToImage) -> tuple[object, ...]:
    """What a server tells of a generator, and records."""
    described = (generator.name, generator.version, generator.card, generator.inputs, generator.parameters)
    kinds = (generator.task, generator.kinds, generator.source_type)
    return (*described, *kinds, generator.source_type_of(()), generator.source_type_of({SOURCE}))


def test_it_says_of_itself_what_it_says_when_loaded(weights: Path, tmp_path: Path, plain: TextToImage) -> None:
    pinned = read_folders(weights / "weights.toml")["text_to_image"]
    networks = [restoration.load(pin(tmp_path, "x2", compact(2)), "cpu")]
    assert told(painter(pinned, CARD, "cpu", networks)) == told(shipped.load(pinned, CARD, "cpu", networks))
    bare = waiting(tiny_diffusion.pin(tmp_path))
    assert told(bare) == told(plain)
    assert CONTROL not in bare.inputs


def test_what_ships_says_so_too() -> None:
    pinned = read_folders(catalog.WEIGHTS / "weights.toml")["text_to_image"]
    assert told(painter(pinned, CARD, "cpu")) == told(shipped.load(pinned, CARD, "cpu"))


def test_it_paints_as_when_loaded_and_batches_alike(tmp_path: Path, plain: TextToImage) -> None:
    bare = waiting(tiny_diffusion.pin(tmp_path))
    assert bare.batch_key(order(seed=1)) == plain.batch_key(order(seed=2))
    assert np.array_equal(paint(bare, order(seed=3))[0], paint(plain, order(seed=3))[0])


def test_what_cannot_work_is_refused_before_anything_is_loaded(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="'abacus'"):
        painter(read_folders(weights / "weights.toml")["text_to_image"], CARD, "abacus")
    spoilt = Path(shutil.copytree(weights, tmp_path / "spoilt"))
    (spoilt / "text_to_image/unet/config.json").write_text('{"sample_size": []}')
    with pytest.raises(IntegrityError, match=r"unet/config\.json"):
        waiting(spoilt)
    (spoilt / "weights.toml").write_text(tiny_diffusion.manifest(spoilt / "text_to_image", "text_to_image"))
    with pytest.raises(IntegrityError, match=r"text_to_image is no whole Stable Diffusion.*TypeError"):
        waiting(spoilt)


def test_a_folder_swapped_before_the_first_order_is_refused(tmp_path: Path) -> None:
    folder = tiny_diffusion.pin(tmp_path)
    bare = waiting(folder)
    (folder / "text_to_image/scheduler/scheduler_config.json").write_text("{}")
    with pytest.raises(IntegrityError, match="scheduler_config"):
        paint(bare, order())


def test_a_server_is_imported_without_what_only_orders_need() -> None:
    script = (
        "import sys\n"
        "import server.app\n"
        "from generators import catalog\n"
        "built = catalog.build(catalog.WEIGHTS, 'cpu')\n"
        "assert 'text_to_image' in built and 'nafnet' in built\n"
        f"print([name for name in {HEAVY} if name in sys.modules])\n"
        # And what the first upload needs is there before it comes.
        "from detectors.manipulation.network import ManipulationNetwork\n"
        "from detectors.manipulation.unet import Shape\n"
        "from server.startup import import_ahead\n"
        "import_ahead()\n"
        "before = set(sys.modules)\n"
        "ManipulationNetwork(Shape())\n"
        "print([name for name in set(sys.modules) - before if name.startswith('diffusers')])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "[]"]
