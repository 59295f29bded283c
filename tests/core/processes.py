"""What the kernel says of this process's children."""

from __future__ import annotations

from pathlib import Path


def children() -> set[int]:
    """Process ids of our children, ended ones that nobody waited for included."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        found.update(map(int, (task / "children").read_text().split()))
    return found


def about(process: int, what: str) -> str:
    """A file of /proc, such as "status" or "limits"."""
    return Path(f"/proc/{process}/{what}").read_text()


def memory_files() -> list[str]:
    """The memory files that this process has open."""
    links = (str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return [name for name in links if "memfd:" in name]


def runs(process: int) -> bool:
    """Whether a process exists and has not ended."""
    try:
        return about(process, "stat").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
