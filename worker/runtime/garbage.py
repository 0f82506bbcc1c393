"""Tune how a worker and its processes collect reference cycles."""

from __future__ import annotations

import gc
from typing import Final

THRESHOLDS: Final = (50_000, 20, 20)
"""Python's own are (700, 10, 10): made for programs whose objects refer to each other in rings.
Decoded events do not, so they go without being looked for; a look every 700 objects was a
tenth of the worker's CPU (measured). What may be left lying is some megabytes."""


def leave_shared() -> None:
    """Never look among what is there before a fork: its pages stay shared then.

    To be called just before it.
    """
    gc.collect()
    gc.freeze()


def look_rarely() -> None:
    """Look for it rarely from now on, and never among what is there already.

    To be called in each process, when all that stays for its life has been made.
    """
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
