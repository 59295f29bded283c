"""`countersign witness serve|key`: cosign the checkpoints of a log, for those who do not take its operator's word.

It needs no server of ours and no configuration but the keys of the logs to watch.
"""

from __future__ import annotations

import re
import signal
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from countersign.cli.checks import Rotations, trust_of
from countersign.cli.session import AsJson
from countersign.cli.text import complain, reporting, say, say_json
from countersign.errors import ConfigurationError
from countersign.verify.errors import VerificationError
from countersign.verify.policy import Trust
from countersign.verify.trust import TrustedKey
from countersign.witness.folder import opened
from countersign.witness.key import load_or_create
from countersign.witness.server import WitnessServer
from countersign.witness.witness import Witness

_ADDRESS = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:]+)):([0-9]{1,5})")

DataDir = Annotated[Path, typer.Option("--data-dir", help="Where the witness keeps its key and what it saw.")]
Name = Annotated[str | None, typer.Option("--name", help="Name of a new key, like a URL without https://.")]
LogKeys = Annotated[
    list[str],
    typer.Option("--log-key", metavar="VKEY", help="A verifier key of a log to watch, from its operator. Repeatable."),
]
Address = Annotated[
    str, typer.Option("--address", metavar="HOST:PORT", help="Where to listen; port 0 takes a free one.")
]


def serve(
    data_dir: DataDir,
    log_key: LogKeys,
    rotation: Rotations = None,
    name: Name = None,
    address: Address = "127.0.0.1:7380",
) -> None:
    """Cosign what these logs sign, as long as they only grow. Prints one line when it is ready."""
    with reporting(as_json=False), opened(data_dir) as folder:
        signer = load_or_create(data_dir, name)
        witness = Witness(signer, keys_of(trust_of(log_key, rotation)), folder, report=complain)
        server = listen(address, witness)
        say(f"witness {witness.key} listens on {server.url}")
        signal.signal(signal.SIGTERM, stop)
        with server:
            # What was stored is on the disk at any moment, so that it can simply be left.
            server.serve_forever()


def show_key(data_dir: DataDir, name: Name = None, as_json: AsJson = False) -> None:
    """Print the verifier key of the witness, for those who ask for its cosignature. Makes the key on first use."""
    with reporting(as_json):
        make_folder(data_dir)
        key = load_or_create(data_dir, name).key
    if as_json:
        say_json({"name": key.name, "key": str(key)})
    else:
        say(str(key))


def keys_of(trust: Trust) -> tuple[TrustedKey, ...]:
    """The keys of the logs. Raises ConfigurationError for one that is none, or a rotation that does not hold."""
    try:
        return trust.keys()
    except VerificationError as error:
        raise ConfigurationError(str(error), field="log_key") from error


def listen(address: str, witness: Witness) -> WitnessServer:
    """A server at "host:port" or "[IPv6 address]:port". Raises ConfigurationError."""
    match = _ADDRESS.fullmatch(address)
    if not match or int(match[3]) > 0xFFFF:
        raise ConfigurationError(f"not an address like 127.0.0.1:7380: {address}", field="address", found=address)
    try:
        return WitnessServer(match[1] or match[2], int(match[3]), witness, complain)
    except OSError as error:
        raise ConfigurationError(f"cannot listen on {address}: {error.strerror}", field="address") from error


def make_folder(folder: Path) -> None:
    """The folder, for its owner only. Raises ConfigurationError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"cannot make {folder}: {error.strerror}", field="data_dir") from error


def stop(_signal: int, _frame: FrameType | None) -> None:
    """Ends the program as an interrupt from the keyboard does."""
    raise SystemExit(0)


def register(group: typer.Typer) -> None:
    """Adds the commands to the group `witness`."""
    group.command("serve")(serve)
    group.command("key")(show_key)
