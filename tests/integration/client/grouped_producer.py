"""A process whose threads track until it is killed, and tell which calls have returned.

Argument: URL of Redis. Each line on standard output is the id of an event whose `track()` has
returned. Killed at any line, it owes no more than it has told.
"""

from __future__ import annotations

import os
import sys
import threading
from itertools import count

from tiktok_events import Client

THREADS = 16


def main() -> None:
    """Track, tell, and so on."""
    client = Client(sys.argv[1], event_source_id="C0PIXEL")

    def track(name: int) -> None:
        for number in count():
            event_id = client.track({"event": "Lead", "event_id": f"{name}-{number}"})
            os.write(1, f"{event_id}\n".encode())

    for name in range(THREADS):
        threading.Thread(target=track, args=(name,)).start()


if __name__ == "__main__":
    main()
