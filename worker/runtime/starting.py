"""How a worker ends that has not begun: at once, and well.

Imports nothing that takes time: a signal may come while Celery loads.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM end this process with 0, until Celery sets handlers of its own.

    The first process of a container would ignore a SIGTERM that it has no handler for.
    """
    former = {number: signal.signal(number, _end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)
