"""CPU time and memory of other processes, from ``/proc``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
KIB = 1_024
GONE = (FileNotFoundError, ProcessLookupError)


@dataclass(frozen=True, slots=True)
class Stat:
    """What ``/proc/<pid>/stat`` says; ``cpu_s`` includes children that ended before."""

    pid: int
    parent: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Memory:
    """What a process takes, in bytes.

    Attributes:
        share: its own pages, and its part of those that it shares (PSS).
        own: its own pages alone.
    """

    share: int
    own: int


def read_stat(pid: int) -> Stat | None:
    """Return the figures of a process; ``None`` when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except GONE:
        return None
    # The name stands in brackets and may hold anything; the fields after it are numbers.
    after_name = text.rpartition(")")[2].split()
    ticks = sum(int(field) for field in after_name[11:15])
    return Stat(pid, int(after_name[1]), ticks * TICK_S)


def read_memory(pid: int) -> Memory:
    """Return the memory of a process; nothing when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except GONE:
        return Memory(0, 0)
    fields = (line.split() for line in lines)
    sizes = {name: int(size) * KIB for name, size, *_ in fields}
    return Memory(sizes["Pss:"], sizes["Private_Clean:"] + sizes["Private_Dirty:"])


def tree(root: int) -> list[Stat]:
    """Return a process and all its living descendants, in the order of their ids."""
    numbers = sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    stats = {stat.pid: stat for stat in map(read_stat, numbers) if stat}
    return [stat for stat in stats.values() if descends(stat, root, stats)]


def descends(stat: Stat | None, root: int, stats: dict[int, Stat]) -> bool:
    """Tell whether a process is ``root`` or below it."""
    while stat is not None and stat.pid != root:
        stat = stats.get(stat.parent)
    return stat is not None


def tree_cpu_s(root: int) -> float:
    """Return the CPU seconds of a process and all its living descendants."""
    return sum(stat.cpu_s for stat in tree(root))


def tree_memory_bytes(root: int) -> int:
    """Return what a process and its descendants take, shared pages counted once."""
    return sum(read_memory(stat.pid).share for stat in tree(root))
