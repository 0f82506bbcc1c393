"""What `track()` and `track_many()` cost the application: CPU and time per call.

On a server of its own, without a worker: what is measured is the caller's side, hashing
included, and the answer of Redis over the loopback interface. Measured are calls one after
the other, calls at the pace of a shop, large calls, calls that wait for the server's disk,
and calls while Redis is away.

Hashing is measured alone too, on the same events: normalising and hashing their match keys.
What is left of a call's CPU is *beyond hashing*. Between two waits for Redis the same hashing
costs more than in a loop of its own, because the caches have gone cold, so single calls are
also measured with events that have no match keys at all. The CPU of Redis is that of the
server process; of it, `script_us` is spent in the script, as the server itself counts.
"""

from __future__ import annotations

import gc
import logging
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any, TypeVar

from redis import Redis

from bench.lab.corpus import Events
from bench.lab.processes import tree_cpu_s
from bench.lab.report import Options, hand_over, table
from tiktok_events import Client
from tiktok_events.event.match_keys import prepare_user
from worker.local.embedded import AppendFsync, EmbeddedServer
from worker.local.loopback import free_port
from worker.local.samples.events import sample_events
from worker.local.samples.people import SAMPLE_REGION

WARM_UP = 200
PACE = 50
"""Calls a second of a shop."""

LARGE = 5_000
"""Events of a large call of `track_many()`."""

PARTS = 20
"""CPU is measured for each twentieth of the calls; the median is what others disturb least."""

T = TypeVar("T")


def measured(
    call: Callable[[Any], object], arguments: Sequence[Any], pace: float | None = None
) -> dict[str, float]:
    """Call once per argument, ``pace`` times a second or as fast as it goes.

    The median CPU of a call and the percentiles of its elapsed time are in microseconds.
    """
    elapsed: list[float] = []
    begun = time.perf_counter()

    def call_all(part: Sequence[Any]) -> None:
        for argument in part:
            if pace is not None:
                time.sleep(max(0.0, begun + len(elapsed) / pace - time.perf_counter()))
            start = time.perf_counter()
            call(argument)
            elapsed.append(time.perf_counter() - start)

    cpu_us, percentiles = median_cpu_us(call_all, arguments), quantiles(elapsed, n=100)
    return {
        "cpu_us": cpu_us,
        "p50_us": percentiles[49] * 1_000_000,
        "p99_us": percentiles[98] * 1_000_000,
        "calls_per_s": len(arguments) / sum(elapsed),
    }


def median_cpu_us(call_all: Callable[[Sequence[Any]], None], arguments: Sequence[Any]) -> float:
    """Return the CPU per argument, the median of the parts."""
    costs = []
    for part in sliced(arguments, max(1, len(arguments) // PARTS)):
        cpu = time.process_time()
        call_all(part)
        costs.append((time.process_time() - cpu) * 1_000_000 / len(part))
    return median(costs)


def hashing_us(events: Events) -> float:
    """Return the CPU that the match keys of one event take."""

    def hash_all(part: Sequence[Any]) -> None:
        for event in part:
            prepare_user(event["user"], SAMPLE_REGION)

    return median_cpu_us(hash_all, events)


def without_user(events: Events) -> Events:
    """Return the events without match keys: there is nothing to hash."""
    return [{name: value for name, value in event.items() if name != "user"} for event in events]


def beside_redis(
    server: EmbeddedServer, call: Callable[[Any], object], arguments: Sequence[Any]
) -> dict[str, float]:
    """Measure as `measured` does, and also what a call costs the server."""
    with Redis.from_url(server.url, protocol=2) as redis:
        redis.config_resetstat()
        before_s = tree_cpu_s(server.pid)
        figures = measured(call, arguments)
        spent_s = tree_cpu_s(server.pid) - before_s
        statistics: Any = redis.info("commandstats")
    in_script_us = statistics["cmdstat_evalsha"]["usec"]
    return figures | {
        "redis_cpu_us": spent_s * 1_000_000 / len(arguments),
        "script_us": in_script_us / len(arguments),
    }


def sliced(events: Sequence[T], size: int) -> list[Sequence[T]]:
    """Return the events in slices of equal size; the last may be shorter."""
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
            "hashing_us_per_event": hashing_us(events),
            "track": beside_redis(server, client.track, events),
            "track_no_user": beside_redis(server, client.track, without_user(events)),
            "track_50_per_s": measured(client.track, events[: PACE * 20], PACE),
            "track_many": beside_redis(server, client.track_many, sliced(events, bulk)),
            "track_many_large": beside_redis(server, client.track_many, sliced(events, LARGE)),
        }


def with_fsync(events: Events, bulk: int, appendfsync: AppendFsync) -> dict[str, Any]:
    """Measure while each call waits for the server's disk."""
    with (
        EmbeddedServer(appendfsync=appendfsync) as server,
        client_of(server.url, durability="fsync") as client,
    ):
        return {
            "track": measured(client.track, events[:100]),
            "track_many": measured(client.track_many, sliced(events, bulk)[:20]),
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
    """Return the figures of all ways, per call; ``bulk`` is the size of one of `track_many()`."""
    events = list(sample_events(count, now=int(time.time())))
    gc.freeze()  # an application does not hold a whole corpus that each collection looks at
    return {
        "events": count,
        "bulk": bulk,
        **with_redis(events, bulk),
        "fsync_always": with_fsync(events, bulk, "always"),
        "fsync_everysec": with_fsync(events, bulk, "everysec"),
        "away_spool": without_redis(events, "spool"),
        "away_drop": without_redis(events, "drop"),
    }


def rows(result: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Return the costs of one event, by the call that carries it."""
    hashing, bulk = result["hashing_us_per_event"], result["bulk"]
    yield "track", *_cells(result["track"], 1, hashing)
    yield "track, no match keys", *_cells(result["track_no_user"], 1, 0.0)
    yield f"track_many of {bulk:,}", *_cells(result["track_many"], bulk, hashing)
    yield f"track_many of {LARGE:,}", *_cells(result["track_many_large"], LARGE, hashing)


def _cells(figures: dict[str, float], size: int, hashing: float) -> Iterator[str]:
    caller = figures["cpu_us"] / size
    costs = (caller, caller - hashing, figures["redis_cpu_us"] / size, figures["script_us"] / size)
    yield from (f"{cost:.1f}" for cost in costs)
    yield f"{figures['calls_per_s']:,.0f}"
    yield f"{figures['p99_us'] / 1000:.2f}"


def _at_the_pace_of_a_shop(figures: dict[str, float]) -> str:
    p50_ms, p99_ms = figures["p50_us"] / 1000, figures["p99_us"] / 1000
    cpu = f"{figures['cpu_us']:.0f} µs of CPU"
    return f"track at {PACE} calls/s: {cpu}, p50 {p50_ms:.2f} ms, p99 {p99_ms:.2f} ms"


def main() -> None:
    """Measure, write the result, and show it."""
    parser = Options(__doc__)
    parser.number("events", 20_000, "two of the largest calls at least", least=2 * LARGE)
    parser.number("bulk", 100, "events in a call of track_many()")
    given = parser.parse_args()
    result = measure(given.events, given.bulk)
    hashing = result["hashing_us_per_event"]
    title = f"µs of CPU per event; hashing is {hashing:.1f} of the caller's"
    headings = ("call", "caller", "beyond hashing", "Redis", "in its script", "calls/s", "p99 ms")
    caption = _at_the_pace_of_a_shop(result["track_50_per_s"])
    hand_over("enqueue", given, result, [table(title, headings, rows(result)), caption])


if __name__ == "__main__":
    main()
