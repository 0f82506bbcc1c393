"""Our delivery loop in a plain process, to see what Celery adds.

The loop is the same (``Engine.drain``). Where a worker waits for a doorbell, this looks again.
"""

from __future__ import annotations

import time

from worker.runtime.engine import Engine
from worker.settings import Settings

LOOK_S = 0.05


def main() -> None:
    """Serve what is due until the process is ended."""
    engine = Engine(Settings.load())
    while True:
        engine.drain()
        time.sleep(LOOK_S)


if __name__ == "__main__":
    main()
