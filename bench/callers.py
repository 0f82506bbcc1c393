"""What do callers that share one client cost, when they all track at once?

Threads and coroutines of one process, on a server of its own, without a worker: each tracks one
event after the other. Told are events per second, the CPU of the process and of Redis per event,
how long a call takes, and how many connections the process has. A round measures each number of
callers once, so that what else the machine does meets all of them; the medians are told.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles
from typing import Any, Final

from redis import Redis

from bench.lab.corpus import Events
from bench.lab.processes import tree_cpu_s
from bench.lab.report import Options, hand_over, medians, table
from bench.lab.rounds import interleaved
from tiktok_events import AsyncClient, Client
from worker.local.embedded import EmbeddedServer
from worker.local.samples.events import sample_events
from worker.local.samples.people import SAMPLE_REGION

CASES: Final = {
    "1 thread": 1,
    "8 threads": 8,
    "64 threads": 64,
    "256 threads": 256,
    "1 coroutine": 1,
    "100 coroutines": 100,
    "1,000 coroutines": 1_000,
}

TIMEOUT_S: Final = 30.0


class Callers:
    """So many callers, and how long each of their calls took."""

    def __init__(self, number: int, events: Events) -> None:
        self._shares = [events[first::number] for first in range(number)]
        self.elapsed: list[float] = []

    def by_threads(self, client: Client) -> None:
        """Track everything, each caller its share."""
        if len(self._shares) == 1:
            self._track(client, self._shares[0])
            return
        with ThreadPoolExecutor(len(self._shares)) as pool:
            list(pool.map(lambda share: self._track(client, share), self._shares))

    async def by_coroutines(self, client: AsyncClient) -> None:
        """Track everything, each caller its share."""
        await asyncio.gather(*(self._track_async(client.track, share) for share in self._shares))

    def _track(self, client: Client, share: Events) -> None:
        for event in share:
            start = time.perf_counter()
            client.track(event)
            self.elapsed.append(time.perf_counter() - start)

    async def _track_async(self, track: Callable[[Any], Awaitable[str]], share: Events) -> None:
        for event in share:
            start = time.perf_counter()
            await track(event)
            self.elapsed.append(time.perf_counter() - start)


def run(server: EmbeddedServer, case: str, events: Events) -> dict[str, float]:
    """Let them track, and return what it took."""
    callers = Callers(CASES[case], events)
    settings: dict[str, Any] = {"default_region": SAMPLE_REGION, "redis_timeout_s": TIMEOUT_S}
    with Redis.from_url(server.url) as redis:
        redis.flushall()
        if "coroutine" in case:
            figures = asyncio.run(_measured_async(server, redis, callers, settings, events))
        else:
            with Client(server.url, **settings) as client:
                client.track(events[0])
                clock = Clock(server)
                callers.by_threads(client)
                figures = clock.figures(redis, len(events))
    percentiles = quantiles(callers.elapsed, n=100)
    return figures | {"p50_ms": percentiles[49] * 1_000, "p99_ms": percentiles[98] * 1_000}


async def _measured_async(
    server: EmbeddedServer, redis: Redis, callers: Callers, settings: dict[str, Any], events: Events
) -> dict[str, float]:
    async with AsyncClient(server.url, **settings) as client:
        await client.track(events[0])
        clock = Clock(server)
        await callers.by_coroutines(client)
        return clock.figures(redis, len(events))


class Clock:
    """Measures elapsed time and CPU from the moment it is made."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self._redis_s = tree_cpu_s(server.pid)
        self._cpu_s = time.process_time()
        self._began = time.perf_counter()

    def figures(self, redis: Redis, events: int) -> dict[str, float]:
        """Return what this many events took; the client must still be connected."""
        took_s, cpu_s = time.perf_counter() - self._began, time.process_time() - self._cpu_s
        redis_s = tree_cpu_s(self._server.pid) - self._redis_s
        others = 1  # the one that asks
        return {
            "events_per_s": events / took_s,
            "cpu_us": cpu_s * 1_000_000 / events,
            "redis_us": redis_s * 1_000_000 / events,
            "connections": redis.info("clients")["connected_clients"] - others,
        }


def measure(count: int, rounds: int) -> dict[str, Any]:
    """Return the medians of each number of callers, and every run."""
    events = list(sample_events(count, now=int(time.time())))
    gc.freeze()
    with EmbeddedServer() as server:
        found = interleaved(rounds, tuple(CASES), lambda case: run(server, case, events))
    runs = {case: [each[case] for each in found] for case in CASES}
    return {
        "events": count,
        "callers": {case: medians(of_it) for case, of_it in runs.items()},
        "runs": runs,
    }


def rows(result: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Return one row for each number of callers."""
    for case, figures in result["callers"].items():
        lone = result["callers"]["1 coroutine" if "coroutine" in case else "1 thread"]
        yield (
            case,
            f"{figures['events_per_s']:,.0f}",
            f"{figures['events_per_s'] / lone['events_per_s']:.1f}",
            f"{figures['cpu_us']:.0f}",
            f"{figures['redis_us']:.1f}",
            f"{figures['p50_ms']:.2f}",
            f"{figures['p99_ms']:.2f}",
            f"{figures['connections']:.0f}",
        )


def main() -> None:
    """Measure, write the result, and show it."""
    parser = Options(__doc__)
    parser.number("events", 10_000, "in each run", least=1_000)
    parser.number("rounds", 5, "interleaved")
    given = parser.parse_args()
    result = measure(given.events, given.rounds)
    title = "callers that share a client; µs of CPU per event"
    headings = ("callers", "events/s", "times one", "process", "Redis", "p50 ms", "p99 ms", "conn.")
    hand_over("callers", given, result, [table(title, headings, rows(result))])


if __name__ == "__main__":
    main()
