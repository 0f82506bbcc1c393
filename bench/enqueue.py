"""What `track()` and `track_many()` cost the application: CPU and time per call.

On a server of its own, without a worker: what is measured is the caller's side, hashing
included, and the answer of Redis over the loopback interface.
"""

from __future__ import annotations

import argparse
import json
import time
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from machine import write_result

from tiktok_events import Client
from worker.embedded import EmbeddedServer
from worker.sample_events import sample_events
from worker.sample_people import SAMPLE_REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WARM_UP = 200


def measured(call: Callable[[Any], object], arguments: Sequence[Any]) -> dict[str, float]:
    """Call once per argument; return CPU per call, and percentiles of the elapsed time."""
    elapsed, cpu = [], time.process_time()
    for argument in arguments:
        start = time.perf_counter()
        call(argument)
        elapsed.append(time.perf_counter() - start)
    cpu_us = (time.process_time() - cpu) * 1_000_000 / len(arguments)
    percentiles = quantiles(elapsed, n=100)
    return {
        "cpu_us": cpu_us,
        "p50_us": percentiles[49] * 1_000_000,
        "p99_us": percentiles[98] * 1_000_000,
    }


def sliced(events: list[dict[str, Any]], size: int) -> list[list[dict[str, Any]]]:
    """Return the events in slices of equal size."""
    return [events[start : start + size] for start in range(0, len(events), size)]


def measure(events: int, bulk: int) -> dict[str, Any]:
    """Return the figures of both ways; those of `track_many()` also per event."""
    stream = sample_events(WARM_UP + events, now=int(time.time()))
    corpus = list(stream)
    with EmbeddedServer() as server, Client(server.url, default_region=SAMPLE_REGION) as client:
        client.track_many(corpus[:WARM_UP])
        client.track(corpus[0])
        single = measured(client.track, corpus[WARM_UP:])
        many = measured(client.track_many, sliced(corpus[WARM_UP:], bulk))
    per_event = {f"{name}_per_event": value / bulk for name, value in many.items()}
    return {"events": events, "bulk": bulk, "track": single, "track_many": many | per_event}


def main() -> None:
    """Measure, write the result, and show it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--bulk", type=int, default=100, help="events in a call of track_many()")
    arguments = parser.parse_args()
    result = measure(arguments.events, arguments.bulk)
    write_result("enqueue", result)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
