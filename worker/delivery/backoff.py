"""Compute how long a destination waits after a failure."""

from __future__ import annotations

from random import Random
from typing import Final

LARGEST_DOUBLING: Final = 32
"""2**32 of any base is over every cap; more would only overflow."""


def delay_s(
    failures: int, *, base_s: float, cap_s: float, rng: Random, floor_s: float = 0.0
) -> float:
    """Exponential back-off with full jitter: anywhere from 0 to the step, at least the floor.

    Full jitter spreads workers and destinations that failed together; the floor is the
    server's own advice.

    Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    (read 2026-11-22).

    Args:
        failures: failures in a row before this one.
        base_s: the first step.
        cap_s: the longest step.
        rng: for the jitter.
        floor_s: never less than this, the cap notwithstanding.
    """
    step = min(cap_s, base_s * 2 ** min(failures, LARGEST_DOUBLING))
    return max(rng.uniform(0, step), floor_s)
