"""Memory of other processes, from ``/proc``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cpu import tree

KIB = 1_024


@dataclass(frozen=True, slots=True)
class Memory:
    """What a process takes, in bytes.

    Attributes:
        share: its own pages, and its part of those that it shares (PSS).
        own: its own pages alone.
    """

    share: int
    own: int


def read_memory(pid: int | str) -> Memory:
    """Return the figures of a process; of this one for ``"self"``."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {name: int(size.split()[0]) * KIB for name, _, size in map(_parted, lines)}
    return Memory(sizes["Pss"], sizes["Private_Clean"] + sizes["Private_Dirty"])


def tree_memory_bytes(root: int) -> int:
    """Return what a process and its descendants take, shared pages counted once."""
    return sum(map(_share_of, (stat.pid for stat in tree(root))))


def _share_of(pid: int) -> int:
    try:
        return read_memory(pid).share
    except (FileNotFoundError, ProcessLookupError):
        return 0  # it has ended meanwhile


def _parted(line: str) -> tuple[str, str, str]:
    return line.partition(":")
