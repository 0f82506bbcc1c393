"""CPU time and memory of other processes, from ``/proc``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Stat:
    """What ``/proc/<pid>/stat`` says; ``cpu_s`` includes children that ended before."""

    pid: int
    parent: int
    cpu_s: float


def read_stat(pid: int) -> Stat | None:
    """Return the figures of a process; ``None`` when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name stands in brackets and may hold anything; the fields after it are numbers.
    after_name = text.rpartition(")")[2].split()
    ticks = sum(int(field) for field in after_name[11:15])
    return Stat(pid, int(after_name[1]), ticks * TICK_S)


def tree_cpu_s(root: int) -> float:
    """Return the CPU seconds of a process and all its living descendants."""
    return sum(stat.cpu_s for stat in tree(root))


def tree(root: int) -> list[Stat]:
    """Return a process and all its living descendants, in the order of their ids."""
    numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    stats = {stat.pid: stat for stat in map(read_stat, sorted(numbers)) if stat}
    return [stat for stat in stats.values() if descends(stat, root, stats)]


def descends(stat: Stat | None, root: int, stats: dict[int, Stat]) -> bool:
    """Tell whether a process is ``root`` or below it."""
    while stat is not None and stat.pid != root:
        stat = stats.get(stat.parent)
    return stat is not None
