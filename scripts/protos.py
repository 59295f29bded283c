"""Regenerates the committed stubs from proto/: `python scripts/protos.py`; with `--check`, fails on a difference.

buf.validate is vendored: its generated module would otherwise claim the top-level name `buf`, which is not ours.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
OURS = sorted((ROOT / "proto/countersign/v1").glob("*.proto"))
VENDORED = ROOT / "proto/buf/validate/validate.proto"
IMPORT = "from buf.validate import validate_pb2"
REWRITTEN = "from countersign._vendor.buf.validate import validate_pb2"


def run_protoc(out: Path) -> None:
    """Writes all stubs below `out`, laid out as in the repository."""
    vendor = out / "countersign/_vendor"
    vendor.mkdir(parents=True)
    includes = ["-I", str(ROOT / "proto"), "-I", str(Path(protoc.__file__).parent / "_proto")]
    ours = ["--python_out", "--grpc_python_out", "--mypy_out", "--mypy_grpc_out"]
    commands = [
        ["protoc", *includes, *(f"{flag}={out}" for flag in ours), *map(str, OURS)],
        ["protoc", *includes, f"--python_out={vendor}", f"--pyi_out={vendor}", str(VENDORED)],
    ]
    for command in commands:
        if protoc.main(command) != 0:
            raise SystemExit(f"protoc failed: {' '.join(command)}")
    for file in out.rglob("*.py"):
        file.write_text(file.read_text().replace(IMPORT, REWRITTEN))


def main() -> int:
    """Writes the stubs, or compares them with the committed ones."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        run_protoc(out)
        stale = []
        for file in sorted(p for p in out.rglob("*") if p.is_file()):
            target = ROOT / file.relative_to(out)
            if "--check" in sys.argv:
                if not target.exists() or target.read_bytes() != file.read_bytes():
                    stale.append(str(file.relative_to(out)))
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read_bytes())
    if stale:
        print("stale stubs, run `make proto`:", *stale, sep="\n  ", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
