"""Parsers that do what a file could make a hijacked decoder do."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import gc
import mmap
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import core.errors
from core.media import View
from core.sandbox.contract import Request
from core.sandbox.wire import Message, encode

_LIBC = ctypes.CDLL(None, use_errno=True)
_IO_URING_SETUP, _CLONE3 = 425, 435  # the same on every architecture


def _libc(name: str, *arguments: Any) -> None:
    if getattr(_LIBC, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)


def _map_code() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


_ACTS: dict[str, Callable[[int], object]] = {
    "open to read": lambda _: os.open("/etc/passwd", os.O_RDONLY),
    "open to write": lambda _: os.open("/tmp/countersign-escaped", os.O_WRONLY | os.O_CREAT),
    "list": lambda _: list(os.scandir("/")),
    "stat": lambda _: Path("/etc/passwd").stat(),
    "unlink": lambda _: Path("/tmp/countersign-escaped").unlink(),
    "chdir": lambda _: os.chdir("/tmp"),
    "socket": lambda _: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
    "unix socket": lambda _: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
    "socketpair": lambda _: socket.socketpair(),
    "pipe": lambda _: os.pipe(),
    "memory file": lambda _: os.memfd_create("more"),
    "fork": lambda _: os.fork(),
    "exec": lambda _: os.execv("/bin/true", ["/bin/true"]),  # noqa: S606 - to see it fail
    "clone3": lambda _: _libc("syscall", _CLONE3, 0, 0),
    "unshare": lambda _: _libc("unshare", 0x10000000),
    "kill the parent": lambda parent: os.kill(parent, 0),
    "signal a thread": lambda parent: _libc("tgkill", parent, parent, 0),
    "ptrace": lambda parent: _libc("ptrace", 16, parent, 0, 0),
    "read memory": lambda parent: _libc("process_vm_readv", parent, 0, 0, 0, 0, 0),
    "pidfd": lambda parent: os.pidfd_open(parent),
    "io_uring": lambda _: _libc("syscall", _IO_URING_SETUP, 1, 0),
    "change its limits": lambda _: _libc("prlimit", 0, resource.RLIMIT_NOFILE, (ctypes.c_ulong * 2)(8, 8), 0),
    "read the parent's limits": lambda parent: _libc("prlimit", parent, resource.RLIMIT_CPU, 0, 0),
    "memory with code": lambda _: _map_code(),
    "be dumpable": lambda _: _libc("prctl", 4, 1, 0, 0, 0),
    "set an owner": lambda _: fcntl.fcntl(0, fcntl.F_SETOWN, 1),
}


def attempts(request: Request) -> View:
    """Tries the acts that it is told, or all, and tells what came of each: the name of an errno, or "done"."""
    chosen = request.options.get("acts", list(_ACTS))
    return View({name: _outcome(_ACTS[name], request.options["parent"]) for name in chosen})


def _outcome(act: Callable[[int], object], parent: int) -> str:
    try:
        act(parent)
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "done"


def surroundings(_request: Request) -> View:
    """What the process was given."""
    fetching = [name for name in ("requests", "urllib3") if sys.modules.get(name) is not None]
    descriptors = [fd for fd in range(1024) if _is_open(fd)]
    collects = gc.isenabled() and gc.get_freeze_count() > 0
    facts = {"environment": sorted(os.environ), "descriptors": descriptors, "fetching": fetching, "collects": collects}
    return View(facts)


def _is_open(descriptor: int) -> bool:
    try:
        fcntl.fcntl(descriptor, fcntl.F_GETFD)
    except OSError:
        return False
    return True


def starts_thread(_request: Request) -> View:
    """Threads are allowed: decoders start them."""
    done: list[int] = []
    thread = threading.Thread(target=done.append, args=(1,))
    thread.start()
    thread.join()
    return View({"done": done})


def crash(_request: Request) -> View:
    """Reads where nothing is."""
    return View({"read": ctypes.string_at(0).hex()})


def abort(_request: Request) -> View:
    """Gives up as C libraries do."""
    os.abort()


def leave(_request: Request) -> View:
    """Ends without a word."""
    os._exit(3)


def hang_up(_request: Request) -> View:
    """Closes its socket and lives on."""
    os.close(int(sys.argv[1]))
    time.sleep(60)
    return View()


def spin(_request: Request) -> View:
    """Computes for ever."""
    while True:
        pass


def stubborn(_request: Request) -> View:
    """Computes for ever and ignores the signals that can be ignored."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGXCPU):
        signal.signal(number, signal.SIG_IGN)
    return spin(_request)


def eat(_request: Request) -> View:
    """Takes memory until there is none."""
    kept = []
    while True:
        kept.append(np.ones(1 << 22, dtype=np.uint8))


def hoard(request: Request) -> View:
    """Keeps memory from job to job."""
    _HOARD.append(np.ones(request.options["size"], dtype=np.uint8))
    return View({"jobs": len(_HOARD)})


_HOARD: list[object] = []


def say(request: Request) -> View:
    """Sends raw bytes to the parent, in place of an answer."""
    os.write(int(sys.argv[1]), request.blobs[0])
    time.sleep(60)
    return View()


def pester(_request: Request) -> View:
    """Asks for ever and never reads an answer."""
    question = encode(Message({"ask": True}))
    while True:
        os.write(int(sys.argv[1]), question)


def large(request: Request) -> View:
    """A result of that many bytes."""
    return View(arrays={"zeros": np.zeros(request.options["size"], dtype=np.uint8)})


def pickled(_request: Request) -> View:
    """An array of objects, which could only travel pickled."""
    return View(arrays={"objects": np.array([print, None], dtype=object)})


def bytes_in_facts(_request: Request) -> View:
    """Facts that are no JSON."""
    return View({"raw": b"bytes"})


def surrogates(_request: Request) -> View:
    """Text that is none, as careless decoding makes it."""
    return View({"text": "a\udcffb"})


def echo(request: Request) -> View:
    """What it was given."""
    facts = {"mime": request.mime, "options": dict(request.options), "sizes": [len(blob) for blob in request.blobs]}
    kinds = ("u1", "i1", "u2", "i2", "u4", "i4", "i8", "f4", "f8")
    arrays = {kind: np.arange(6, dtype=kind).reshape(2, 3) for kind in kinds}
    return View(facts, {**arrays, "blob": np.frombuffer(request.blobs[0], np.uint8), "none": np.zeros((0, 3))})


def asks(request: Request) -> View:
    """Asks as often as told, and tells the answers."""
    return View({"answers": [request.ask(bytes([number])).hex() for number in range(request.options["times"])]})


def fails(request: Request) -> View:
    """Raises what it is told to."""
    kind = getattr(core.errors, request.options["type"], None)
    if kind is None:
        raise ValueError("a bug that quotes a secret")
    raise kind("told to", field="f", limit="l", found="v")


PARSERS = {
    name: f"{__name__}:{name}"
    for name in (
        *("attempts", "surroundings", "starts_thread", "crash", "abort", "leave", "hang_up", "spin", "stubborn", "eat"),
        *("hoard", "say", "pester", "large", "pickled", "bytes_in_facts", "surrogates", "echo", "asks", "fails"),
    )
}
