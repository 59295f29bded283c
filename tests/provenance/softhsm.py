"""SoftHSM: a token in files, behind the same interface as one in hardware. From Debian's package softhsm2."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from server.provenance.certificates import PrivateKey

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so")
MUST_RUN = "COUNTERSIGN_TEST_HSM"
LABEL, PIN = "countersign", "1234"


@dataclass(frozen=True)
class Token:
    """A token in `folder`. SoftHSM reads where it is once in a process, so there is one for all tests."""

    module: Path
    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Token:
        """A fresh one. Skips the test, or fails it where it must run, if SoftHSM is not installed."""
        found = next((Path(each) for each in MODULES if Path(each).exists()), None)
        if found is None:
            words = f"SoftHSM IS NOT INSTALLED, so keys in tokens are NOT TESTED: none of {MODULES} (apt: softhsm2)"
            if os.environ.get(MUST_RUN):
                pytest.fail(words)
            pytest.skip(words)
        (folder / "tokens").mkdir()
        configuration = folder / "softhsm2.conf"
        configuration.write_text(
            f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
        os.environ["SOFTHSM2_CONF"] = str(configuration)
        made = cls(found, folder)
        made.tool("--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "5678")
        return made

    def put(self, label: str, key: PrivateKey) -> None:
        """Copies a key into the token."""
        file = self.folder / f"{label}.pem"
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(key.private_bytes(*form))
        numbered = label.encode().hex()
        self.tool("--import", str(file), "--token", LABEL, "--label", label, "--id", numbered, "--pin", PIN)

    def tool(self, *words: str) -> None:
        subprocess.run(["softhsm2-util", *words], check=True, capture_output=True)
