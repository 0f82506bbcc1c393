"""The application's side, in a process of its own: enqueue a corpus as one design does it.

The corpus and the connection are ready before the clock starts. The process prints ``READY``,
waits for a line on standard input, enqueues, and prints one JSON object: ``started_at`` and
``ended_at`` (seconds of the monotonic clock), ``cpu_s`` (of the enqueueing alone), and with
``--per-second`` under ``returned_at`` when the call for each event id returned.

It runs in the environments of the peers too, so it imports nothing of ours by itself.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Events = list[dict[str, Any]]


def enqueue_of(name: str) -> Callable[[Events], None]:
    """Return the function that ``module:function`` names."""
    module, _, function = name.partition(":")
    enqueue: Callable[[Events], None] = getattr(import_module(module), function)
    return enqueue


def measured(enqueue: Callable[[Events], None], events: Events) -> dict[str, Any]:
    """Enqueue, and return when and at what cost."""
    started_at, cpu = time.monotonic(), time.process_time()
    enqueue(events)
    cpu_s = time.process_time() - cpu
    return {"started_at": started_at, "ended_at": time.monotonic(), "cpu_s": cpu_s}


def paced(
    enqueue: Callable[[Events], None], events: Events, per_second: float
) -> dict[str, dict[str, float]]:
    """Enqueue one by one at an even pace, and return when each call returned."""
    started_at = time.monotonic()
    returned_at = {}
    for number, event in enumerate(events):
        time.sleep(max(0.0, started_at + number / per_second - time.monotonic()))
        enqueue([event])
        returned_at[event["event_id"]] = time.monotonic()
    return {"returned_at": returned_at}


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
    enqueue = enqueue_of(arguments.enqueue)
    with arguments.corpus.open() as lines:
        warm_up = [json.loads(line) for line in islice(lines, arguments.warm_up)]
        events = [json.loads(line) for line in islice(lines, arguments.events)]
    gc.freeze()  # an application does not hold a whole corpus that each collection looks at
    enqueue(warm_up)
    print("READY", flush=True)
    sys.stdin.readline()
    if arguments.per_second:
        print(json.dumps(paced(enqueue, events, arguments.per_second)), flush=True)
    else:
        print(json.dumps(measured(enqueue, events)), flush=True)


if __name__ == "__main__":
    main()
