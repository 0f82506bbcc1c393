"""The application's side, in a process of its own: enqueue a corpus as one design does it.

The corpus and the connection are ready before the clock starts. The process prints ``READY``,
waits for a line on standard input, enqueues, and prints one JSON object: ``started_at`` (seconds
of the monotonic clock), ``cpu_s`` (of the enqueueing alone), and ``returned_at``: when each call
returned, by the id of its first event. With ``--per-second`` each event has a call of its own.

It runs in the environments of the peers too, so it imports nothing of ours by itself.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

Events = list[dict[str, Any]]


def measured(
    enqueue: Callable[[Events], None], events: Events, per_second: float
) -> dict[str, Any]:
    """Enqueue, all at once or one by one at an even pace; return when, and at what cost."""
    returned_at = {}
    started_at, cpu_s = time.monotonic(), time.process_time()
    for number, call in enumerate([[event] for event in events] if per_second else [events]):
        if per_second:
            time.sleep(max(0.0, started_at + number / per_second - time.monotonic()))
        enqueue(call)
        returned_at[call[0]["event_id"]] = time.monotonic()
    cpu_s = time.process_time() - cpu_s
    return {"started_at": started_at, "cpu_s": cpu_s, "returned_at": returned_at}


def parsed() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(description="enqueue samples")
    parser.add_argument("enqueue", help="module:function")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--warm-up", type=int, required=True, help="the first of the corpus")
    parser.add_argument("--per-second", type=float, default=0.0, help="0: as fast as it goes")
    return parser.parse_args()


def main() -> None:
    """Warm up, wait for the word, and enqueue."""
    arguments = parsed()
    module, _, function = arguments.enqueue.partition(":")
    enqueue = getattr(import_module(module), function)
    with arguments.corpus.open() as lines:
        warm_up = [json.loads(line) for line in islice(lines, arguments.warm_up)]
        events = [json.loads(line) for line in islice(lines, arguments.events)]
    gc.freeze()  # an application does not hold a whole corpus that each collection looks at
    enqueue(warm_up)
    print("READY", flush=True)
    sys.stdin.readline()
    print(json.dumps(measured(enqueue, events, arguments.per_second)), flush=True)


if __name__ == "__main__":
    main()
