"""A real time-stamping authority: `openssl ts` behind a small HTTP server."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.outside.strangers import Answer, Stranger, stranger

CONFIGURATION = """
[req]
distinguished_name = name
prompt = no
[name]
CN = Root of the tests' time
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[stamping]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[other_purpose]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = critical, codeSigning
[tsa]
serial = serial
crypto_device = builtin
signer_cert = stamper.pem
signer_key = stamper.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""
REPLY = "application/timestamp-reply"


@dataclass(frozen=True)
class Tsa:
    """An authority's files, in a directory of its own."""

    directory: Path

    @classmethod
    def make(cls, directory: Path, purpose: str = "stamping") -> Tsa:
        """Root, certificate for `purpose` and keys, made anew."""
        directory.mkdir()
        (directory / "openssl.cnf").write_text(CONFIGURATION)
        (directory / "serial").write_text("01\n")
        made = cls(directory)
        key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config openssl.cnf"
        made.openssl(f"req -x509 {key} -keyout root.key -out root.pem -days 2 -extensions root")
        made.openssl(f"req {key} -keyout stamper.key -out stamper.csr -subj /CN=Stamper")
        issue = "x509 -req -in stamper.csr -CA root.pem -CAkey root.key -CAcreateserial -out stamper.pem"
        made.openssl(f"{issue} -days 2 -extfile openssl.cnf -extensions {purpose}")
        return made

    @property
    def roots(self) -> bytes:
        return (self.directory / "root.pem").read_bytes()

    def reply(self, query: bytes) -> bytes:
        """A TimeStampResp in DER."""
        with tempfile.TemporaryDirectory() as folder:
            question, answer = Path(folder, "query"), Path(folder, "reply")
            question.write_bytes(query)
            self.openssl(f"ts -reply -config openssl.cnf -section tsa -queryfile {question} -out {answer}")
            return answer.read_bytes()

    def holds(self, token: bytes, data: bytes) -> bool:
        """What openssl itself thinks of a token over `data`."""
        with tempfile.TemporaryDirectory() as folder:
            stamp, content = Path(folder, "token"), Path(folder, "data")
            stamp.write_bytes(token)
            content.write_bytes(data)
            words = f"ts -verify -token_in -in {stamp} -data {content} -CAfile root.pem"
            command = ["openssl", *words.split()]
            return subprocess.run(command, cwd=self.directory, capture_output=True, check=False).returncode == 0

    def sign_again(self, token: bytes) -> bytes:
        """The content of `token`, time and all, in a token that this authority signs without a look at its purpose."""
        with tempfile.TemporaryDirectory() as folder:
            old, content, new = (Path(folder, name) for name in ("old", "content", "new"))
            old.write_bytes(token)
            self.openssl(f"cms -verify -noverify -inform DER -in {old} -binary -out {content}")
            sign = "cms -sign -binary -nodetach -econtent_type 1.2.840.113549.1.9.16.1.4 -outform DER"
            self.openssl(f"{sign} -signer stamper.pem -inkey stamper.key -in {content} -out {new}")
            return new.read_bytes()

    def openssl(self, words: str) -> None:
        subprocess.run(["openssl", *words.split()], cwd=self.directory, check=True, capture_output=True)


@contextmanager
def serving(tsa: Tsa) -> Iterator[Stranger]:
    """The authority on the network."""

    def answer(query: bytes) -> Answer:
        return 200, REPLY, tsa.reply(query)

    with stranger(answer) as server:
        yield server
