"""A process that tracks until it is killed, and tells which calls have returned.

Arguments: URL of Redis, the spool's file, a name. Each line on standard output is the id of
an event whose `track()` has returned. Killed at any line, it owes no more than it has told.
"""

from __future__ import annotations

import logging
import os
import sys
from itertools import count
from pathlib import Path

from tiktok_events import Client


def main() -> None:
    """Track, tell, and so on."""
    logging.disable()
    url, path, name = sys.argv[1:]
    client = Client(
        url, event_source_id="PIXEL1", on_failure="spool", spool_file=Path(path), redis_timeout_s=1
    )
    for number in count():
        event_id = client.track({"event": "Purchase", "event_id": f"{name}-{number}"})
        os.write(1, f"{event_id}\n".encode())


if __name__ == "__main__":
    main()
