"""The worker on a machine whose clock is wrong: `shifted_worker.py SECONDS worker …`."""

from __future__ import annotations

import sys
import time

right = time.time
SHIFT_S = float(sys.argv.pop(1))


def shifted() -> float:
    """Unix seconds, as this machine believes."""
    return right() + SHIFT_S


time.time = shifted

if __name__ == "__main__":
    from worker.cli import main

    main()
