"""The application's side, in a process of its own: enqueue a corpus as one design does it.

The corpus and the connection are ready before the clock starts. The process prints ``READY``,
waits for a line on standard input, enqueues, and prints one JSON object: ``started_at`` and
``ended_at`` (seconds of the monotonic clock) and ``cpu_s`` (of the enqueueing alone).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from itertools import islice
from typing import TYPE_CHECKING, Any

from tiktok_events import Client
from worker.sample_events import sample_events
from worker.sample_people import SAMPLE_REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SLICE = 5_000

Events = list[dict[str, Any]]


def with_delay() -> Callable[[Events], None]:
    """Return how the usual design enqueues: one Celery message per event."""
    from naive import send  # noqa: PLC0415 — because it needs an environment the others lack

    def enqueue(events: Events) -> None:
        for event in events:
            send.delay(event)

    return enqueue


def with_track() -> Callable[[Events], None]:
    """Return the enqueueing of one event per call."""
    client = Client(default_region=SAMPLE_REGION)

    def enqueue(events: Events) -> None:
        for event in events:
            client.track(event)

    return enqueue


def with_track_many() -> Callable[[Events], None]:
    """Return the enqueueing in slices."""
    client = Client(default_region=SAMPLE_REGION)

    def enqueue(events: Events) -> None:
        remaining = iter(events)
        while part := list(islice(remaining, SLICE)):
            client.track_many(part)

    return enqueue


PRODUCERS = {"delay": with_delay, "track": with_track, "track_many": with_track_many}


def corpus(events: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield the samples that every design gets."""
    return sample_events(events, seed=seed, now=int(time.time()))


def measured(enqueue: Callable[[Events], None], events: Events) -> dict[str, float]:
    """Enqueue, and return when and at what cost."""
    started_at, cpu = time.monotonic(), time.process_time()
    enqueue(events)
    cpu_s = time.process_time() - cpu
    return {"started_at": started_at, "ended_at": time.monotonic(), "cpu_s": cpu_s}


def main() -> None:
    """Warm up with the first samples of another seed, wait for the word, and enqueue."""
    parser = argparse.ArgumentParser(description="enqueue samples")
    parser.add_argument("how", choices=PRODUCERS)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--warm-up", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    arguments = parser.parse_args()
    enqueue = PRODUCERS[arguments.how]()
    events = list(corpus(arguments.events, arguments.seed))
    enqueue(list(corpus(arguments.warm_up, arguments.seed + 1)))
    print("READY", flush=True)
    sys.stdin.readline()
    print(json.dumps(measured(enqueue, events)), flush=True)


if __name__ == "__main__":
    main()
