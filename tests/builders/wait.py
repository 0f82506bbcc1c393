"""Waiting for something that happens, never for time to pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

POLL_S: Final = 0.02

Found = TypeVar("Found")


def wait_until(condition: Callable[..., Found], timeout_s: float = 20.0) -> Found:
    """Return the condition's first true value.

    Raises:
        AssertionError: there was none within `timeout_s`.
    """
    ends = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < ends, f"not within {timeout_s:g} s"
        time.sleep(POLL_S)
    return found
