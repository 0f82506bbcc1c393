"""When a worker last looked for work: a number in memory that its processes share."""

from __future__ import annotations

import mmap
import struct
import time
from typing import Final

_SECONDS: Final = struct.Struct("d")


class Progress:
    """The newest sign of life of a prefork worker's children; the main process reads it."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SECONDS.size)
        self.beat()

    def beat(self) -> None:
        """Note that this process looked for work, and Redis answered."""
        _SECONDS.pack_into(self._memory, 0, time.monotonic())

    def age_s(self) -> float:
        """Seconds since the newest beat; the monotonic clock is the same in all processes."""
        (beat_at,) = _SECONDS.unpack_from(self._memory)
        return float(time.monotonic() - beat_at)


SIGN_OF_LIFE: Final = Progress()
"""The sign of life of this worker: its processes share it."""
