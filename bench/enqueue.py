"""What `track()` and `track_many()` cost the application: CPU and time per call.

On a server of its own, without a worker: what is measured is the caller's side, hashing
included, and the answer of Redis over the loopback interface. Measured are calls one after
the other, calls at the pace of a shop, large calls, calls that wait for the server's disk,
and calls while Redis is away.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from machine import write_result

from tiktok_events import Client
from worker.embedded import EmbeddedServer
from worker.loopback import free_port
from worker.sample_events import sample_events
from worker.sample_people import SAMPLE_REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worker.embedded import AppendFsync

WARM_UP = 200
PACE = 50
"""Calls a second of a shop."""

LARGE = 5_000
"""Events of a large call of `track_many()`."""

Events = list[dict[str, Any]]


def measured(
    call: Callable[[Any], object], arguments: Sequence[Any], pace: float | None = None
) -> dict[str, float]:
    """Call once per argument; return CPU per call, and percentiles of the elapsed time.

    Args:
        call: what is measured.
        arguments: one for each call.
        pace: calls a second; as fast as possible when absent.
    """
    elapsed: list[float] = []
    cpu, begun = time.process_time(), time.perf_counter()
    for number, argument in enumerate(arguments):
        if pace is not None:
            time.sleep(max(0.0, begun + number / pace - time.perf_counter()))
        start = time.perf_counter()
        call(argument)
        elapsed.append(time.perf_counter() - start)
    cpu_us = (time.process_time() - cpu) * 1_000_000 / len(arguments)
    percentiles = quantiles(elapsed, n=100)
    return {
        "cpu_us": cpu_us,
        "p50_us": percentiles[49] * 1_000_000,
        "p99_us": percentiles[98] * 1_000_000,
        "calls_per_s": len(arguments) / sum(elapsed),
    }


def per_event(figures: dict[str, float], size: int) -> dict[str, float]:
    """Add what one event of a call costs."""
    costs = {f"{name}_per_event": figures[name] / size for name in ("cpu_us", "p50_us")}
    return figures | costs | {"events_per_s": figures["calls_per_s"] * size}


def sliced(events: Events, size: int) -> list[Events]:
    """Return the events in slices of equal size."""
    return [events[start : start + size] for start in range(0, len(events), size)]


def client_of(url: str, **settings: Any) -> Client:
    """Return a client that has its connection, where there is one."""
    client = Client(url, default_region=SAMPLE_REGION, **settings)
    client.track_many(list(sample_events(WARM_UP, now=int(time.time()))))
    return client


def with_redis(events: Events, bulk: int) -> dict[str, Any]:
    """Measure while Redis is there."""
    with EmbeddedServer() as server, client_of(server.url) as client:
        client.track(events[0])
        return {
            "track": measured(client.track, events),
            "track_50_per_s": measured(client.track, events[: PACE * 20], PACE),
            "track_many": per_event(measured(client.track_many, sliced(events, bulk)), bulk),
            "track_many_large": per_event(
                measured(client.track_many, sliced(events, LARGE)), LARGE
            ),
        }


def with_fsync(events: Events, bulk: int, appendfsync: AppendFsync) -> dict[str, Any]:
    """Measure while each call waits for the server's disk."""
    with (
        EmbeddedServer(appendfsync=appendfsync) as server,
        client_of(server.url, durability="fsync") as client,
    ):
        many = measured(client.track_many, sliced(events, bulk)[:20])
        return {
            "track": measured(client.track, events[:100]),
            "track_many": per_event(many, bulk),
        }


def without_redis(events: Events, on_failure: str) -> dict[str, float]:
    """Measure while nobody listens where Redis should be."""
    logging.disable()
    with (
        tempfile.TemporaryDirectory() as folder,
        client_of(
            f"redis://127.0.0.1:{free_port()}/0",
            on_failure=on_failure,
            spool_file=Path(folder) / "spool.sqlite",
        ) as client,
    ):
        return measured(client.track, events)


def measure(count: int, bulk: int) -> dict[str, Any]:
    """Return the figures of all ways; those of `track_many()` also per event."""
    events = list(sample_events(count, now=int(time.time())))
    return {
        "events": count,
        "bulk": bulk,
        **with_redis(events, bulk),
        "fsync_always": with_fsync(events, bulk, "always"),
        "fsync_everysec": with_fsync(events, bulk, "everysec"),
        "away_spool": without_redis(events, "spool"),
        "away_drop": without_redis(events, "drop"),
    }


def main() -> None:
    """Measure, write the result, and show it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--bulk", type=int, default=100, help="events in a call of track_many()")
    arguments = parser.parse_args()
    if arguments.events < 2 * LARGE:
        parser.error(f"--events must be at least {2 * LARGE:,}: two of the largest calls")
    result = measure(arguments.events, arguments.bulk)
    write_result("enqueue", result)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
