"""Makes the picture of a chain in docs/provenance.md out of a real run: `python scripts/chain_picture.py`.

A camera's photograph is enlarged by a server that runs here; a newspaper puts it on a page, beside an agency's picture
that somebody altered; the server says what can be known of the page.
"""

from __future__ import annotations

import asyncio
import io
import re
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from countersign import Client
from countersign.cli.inspect import shown
from countersign.views import inspection_json
from server import logs
from server.app import App
from server.config import Settings
from server.demo import files
from server.provenance import Trust
from server.provenance.trust import ListKind
from server.sections import TrustedList
from tests.outside.authority import Tsa, serving
from tests.provenance.manifests import CAPTURED, JPEG, SOURCE, Part, act, actions, produce
from tests.provenance.signers import stranger

PICTURE = Path(__file__).resolve().parent.parent / "docs/images/chain.svg"
CAMERA = stranger(name=("Camera 4711", "A camera maker"))
PAPER = stranger(name=("Picture desk", "The Daily Example"))


async def run(folder: Path, console: Console) -> None:
    """Starts the server, makes the page, and prints what is found in it."""
    tsa = Tsa.make(folder / "tsa")
    (folder / "paper.pem").write_text(PAPER.root_pem)
    (folder / "time.pem").write_bytes(tsa.roots)
    lists = (
        TrustedList(name="press", kind=ListKind.LEGACY, file=folder / "paper.pem"),
        TrustedList(name="time", kind=ListKind.TSA, file=folder / "time.pem"),
    )
    app = await App.start(Settings(address="127.0.0.1:0", data_dir=folder / "data", trust=lists))
    try:
        ours = (folder / "data/provenance/root.pem").read_text()
        await asyncio.to_thread(visit, app.address, Trust(PAPER.root_pem + ours), tsa, console)
    finally:
        await app.close()


def visit(address: str, believed: Trust, tsa: Tsa, console: Console) -> None:
    """What camera, server, agency and newspaper do, and then what `inspect` shows."""
    with Client(address) as client, serving(tsa) as clock:
        photo = produce("IMG_4711.jpg", CAMERA, actions(CAPTURED), data=files.small(), tool="Camera firmware")
        enlarged = client.enhance(photo, "upscale", parameters={"scale": "2"})
        agency = files.altered(produce("crowd.jpg", CAMERA, data=files.photograph(), tool="Camera firmware"))
        steps = actions(
            act("c2pa.opened", "enlarged.jpg"),
            act("c2pa.placed", "crowd.jpg"),
            act("c2pa.color_adjustments", softwareAgent={"name": "Layout", "version": "7"}),
            act("c2pa.published", digitalSourceType=SOURCE + "composite"),
        )
        wishes = {"label": "cawg.training-mining", "data": {"entries": {"cawg.ai_training": {"use": "notAllowed"}}}}
        parts = [Part("enlarged.jpg", enlarged.media or b""), Part("crowd.jpg", agency, "componentOf")]
        page = produce(
            "page-1.jpg",
            PAPER,
            steps,
            wishes,
            parts=parts,
            data=files.photograph(),
            mime=JPEG,
            tool="Layout",
            trust=believed,
            clock=clock.url,
        )
        for row in shown(inspection_json("page-1.jpg", client.inspect(page))):
            console.print(row)


def main() -> int:
    """Writes the picture."""
    console = Console(record=True, width=118, file=io.StringIO(), color_system="truecolor", highlight=False)
    logs.configure(level="ERROR")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder), console))
    svg = console.export_svg(title="countersign inspect page-1.jpg")
    # The font would be fetched from another host by whoever looks at the picture.
    PICTURE.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL))
    return 0


if __name__ == "__main__":
    sys.exit(main())
