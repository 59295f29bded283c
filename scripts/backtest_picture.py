"""Makes the README's picture of a backtest: `python scripts/backtest_picture.py`.

A server of its own screens the photographs of tests/media, and copies of them in which a piece was pasted elsewhere.
Then a candidate, which blocks by the probability of `copy_move` where the shipped policy sends to review, is replayed
over what was recorded. Nothing is drawn: the picture is what `countersign policy backtest` prints.
"""

from __future__ import annotations

import asyncio
import io
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from rich.console import Console

from countersign import Client
from countersign.cli.policy_tables import backtest_tables
from countersign.views import backtest_json
from policies.files import DEFAULT_PACK
from server import logs
from server.app import App
from server.config import Settings

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs/images/backtest.svg"
SHARES = (0.2, 0.4)
"""Of width and height that the pasted pieces have."""
LIMIT = "copy_move.probability > 0.95"


def candidate() -> str:
    """The shipped policy, blocking what is all but certain where it only sent to review."""
    text = DEFAULT_PACK.read_text()
    rule = "    when: copy_move.detected\n    action: review\n"
    if rule not in text:
        raise SystemExit("the shipped policy has no rule on copied regions as this script knows it")
    return text.replace(rule, f"    when: {LIMIT}\n    action: block\n")


def uploads() -> Iterator[bytes]:
    """Photographs as they are, and with a piece copied, larger from copy to copy."""
    for file in sorted((ROOT / "tests/media").glob("*.jpg")):
        yield file.read_bytes()
        for share in SHARES:
            picture = Image.open(file).convert("RGB")
            width, height = (round(side * share) for side in picture.size)
            piece = picture.crop(
                (picture.width // 8, picture.height // 8, picture.width // 8 + width, picture.height // 8 + height)
            )
            picture.paste(piece, (picture.width - width - 9, picture.height - height - 9))
            buffer = io.BytesIO()
            picture.save(buffer, "JPEG", quality=92)
            yield buffer.getvalue()


async def main() -> int:
    """Screens, replays, and keeps what was printed. 1 where the candidate would have changed nothing."""
    logs.configure(level="ERROR")
    with tempfile.TemporaryDirectory() as folder:
        app = await App.start(Settings(address="127.0.0.1:0", data_dir=Path(folder) / "data"))
        try:
            view = await asyncio.to_thread(visit, app.address)
        finally:
            await app.close()
    console = Console(record=True, width=112, file=io.StringIO(), color_system="truecolor")
    console.print("$ countersign policy backtest blocks-copies.yaml", style="bold")
    for row in backtest_tables(view):
        console.print(row)
    # The font would be fetched from another host by whoever looks at the picture.
    text = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title="policy backtest"), flags=re.DOTALL)
    PICTURE.write_text(text)
    return 0 if view["changed"] else 1


def visit(address: str) -> dict[str, object]:
    """What staff do: the uploads of a day come in, and a change of policy is tried on them."""
    with Client(address, timeout=300, long_timeout=300) as client:
        for media in uploads():
            client.screen(media)
        return backtest_json(client.backtest_policy(candidate(), samples=3))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
