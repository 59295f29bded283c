"""How a worker locks itself in: resource limits, no new privileges, and a system-call allow-list.

Rlimits alone are no sandbox, so a worker that cannot install the filter does not start. This module knows Linux and
`pyseccomp` and is the only one that does; it does not know what the worker parses.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import resource
import signal
from enum import StrEnum
from typing import Any

from core.errors import ConfigurationError
from core.limits import Limits

_log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_PROT_EXEC = 4
_F_DUPFD_CLOEXEC, _F_GETFD, _F_GETFL = 1030, 1, 3
# What pthread_create of glibc asks of clone(2): VM | FS | FILES | SIGHAND | THREAD | SYSVSEM | SETTLS |
# PARENT_SETTID | CHILD_CLEARTID. Any other combination would be a process or a namespace.
_CLONE_THREAD = 0x003D0F00
_OPEN_FILES = 32

# All that pure computation, threads, and an already open socket or memory file need. There is no open, no stat, no
# socket, no exec, no kill and no ptrace among them; whatever is missing here fails with EPERM.
_ALLOWED = (
    *("brk", "munmap", "mremap", "madvise"),
    *("futex", "sched_yield", "sched_getaffinity", "set_robust_list", "rseq", "membarrier"),
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall", "exit", "exit_group"),
    *("clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time"),
    *("getpid", "gettid", "getrandom", "poll", "ppoll"),
    *("read", "readv", "pread64", "preadv", "write", "writev", "pwrite64", "pwritev", "lseek", "close"),
    *("recvmsg", "recvfrom", "sendmsg", "sendto"),
)


class Confinement(StrEnum):
    """What holds a worker."""

    SECCOMP = "seccomp"
    UNSAFE_NONE = "UnsafeNoConfinement"
    """Parses hostile files with the rights of the server. For a machine without seccomp, at its owner's risk."""


def warn_if_unsafe(confinement: Confinement) -> None:
    """Logs a warning, by name, that nothing confines the parsers."""
    if confinement is Confinement.UNSAFE_NONE:
        _log.warning("UnsafeNoConfinement: hostile media is parsed WITHOUT a system-call filter")


def tie_to_parent(parent: int) -> None:
    """Makes the kernel kill this process when the thread that started it ends.

    parent: process id of the starter, to notice that it ended before the tie held.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise ConfigurationError("the parent of a parsing worker ended while it started")


def confine(limits: Limits, confinement: Confinement) -> None:
    """Locks this process in for good. Raises ConfigurationError where that does not hold."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)  # nobody of the same user may attach to it or read its memory
    if confinement is Confinement.UNSAFE_NONE:
        _limit_resources(limits)
        return
    try:
        rules = _filter()
        _limit_resources(limits)
        rules.load()
        _prove()
    except (ImportError, RuntimeError, OSError) as error:
        raise ConfigurationError(
            f"parsing workers cannot be confined by seccomp ({error}); install libseccomp2, or run the server with "
            "UnsafeNoConfinement and accept that a hostile file can take it over"
        ) from error


def _limit_resources(limits: Limits) -> None:
    """RLIMIT_CPU is not here: the parent renews it for each job (`core.sandbox.process`)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits.max_memory, limits.max_memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.max_result, limits.max_result))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))


def _prove() -> None:
    """Raises RuntimeError for a filter that was accepted and does nothing, which would be worse than none."""
    try:
        os.close(os.open("/", os.O_RDONLY))
    except PermissionError:
        return
    raise RuntimeError("the filter lets files be opened")


def _filter() -> Any:
    """The allow-list, as a filter that also holds threads that run already.

    Imported here, because `pyseccomp` raises RuntimeError where libseccomp is missing, and the parent needs neither.
    """
    import pyseccomp

    arg = pyseccomp.Arg
    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    rules.set_attr(pyseccomp.Attr.CTL_TSYNC, 1)
    rules.set_attr(pyseccomp.Attr.CTL_OPTIMIZE, 2)  # a search tree, not a list
    for name in _ALLOWED:
        rules.add_rule(pyseccomp.ALLOW, name)
    # No page may ever become code: neither fresh memory nor a file.
    for name in ("mmap", "mprotect"):
        rules.add_rule(pyseccomp.ALLOW, name, arg(2, pyseccomp.MASKED_EQ, _PROT_EXEC, 0))
    for command in (_F_DUPFD_CLOEXEC, _F_GETFD, _F_GETFL):
        rules.add_rule(pyseccomp.ALLOW, "fcntl", arg(1, pyseccomp.EQ, command))
    # Limits may be read, and only this process's own.
    rules.add_rule(pyseccomp.ALLOW, "prlimit64", arg(0, pyseccomp.EQ, 0), arg(2, pyseccomp.EQ, 0))
    # abort(3) signals itself.
    rules.add_rule(pyseccomp.ALLOW, "tgkill", arg(0, pyseccomp.EQ, os.getpid()))
    rules.add_rule(pyseccomp.ALLOW, "clone", arg(0, pyseccomp.EQ, _CLONE_THREAD))
    # The flags of clone3 lie in memory that a filter cannot see; ENOSYS makes libc fall back to clone.
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    return rules


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise ConfigurationError(f"prctl {option} was refused: {os.strerror(ctypes.get_errno())}")
