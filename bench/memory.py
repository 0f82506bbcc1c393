"""Memory of other processes, from ``/proc``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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


def _parted(line: str) -> tuple[str, str, str]:
    return line.partition(":")
