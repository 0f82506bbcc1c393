"""A worker with nothing to do: what it takes to get there, and what it costs to stay."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

from cpu import read_stat, tree
from memory import read_memory
from our_site import Course, Site, web_samples
from redis import Redis

from worker.local.samples.events import pixel_code
from worker.outbox.parking import Parking

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTLED_S = 3
"""After the last event, until the worker is at rest."""

WATCHED_S = 10
"""For so long the server tells each command; not while CPU is measured, because telling costs."""

SAMPLES = 1_000
TIMEOUT_S = 600
SERVER = "server"


def measure_rest(course: Course, events: int, parked: int, seconds: float) -> dict[str, Any]:
    """Start a worker, let it rest, give it events, let it rest beside parked destinations."""
    with ExitStack() as stack:
        site = Site(course, stack)
        start = started(site)
        fresh = memory(site)
        nothing = at_rest(site, seconds)
        deliver(site, events)
        used = memory(site)
        park(site, parked)
        beside = at_rest(site, seconds)
    return {
        "start": start,
        "memory": {"started": fresh, f"after {events:,} events": used},
        "rest": {"nothing": nothing, f"{parked:,} parked": beside},
    }


def started(site: Site) -> dict[str, float]:
    """Start the worker; return seconds, and CPU seconds of its processes, to the first events."""
    began = time.monotonic()
    site.start_worker()
    return {"elapsed_s": time.monotonic() - began, "cpu_s": site.cpu_s()[0]}


def processes(site: Site) -> dict[str, int]:
    """Return the worker's processes by name."""
    main, *pool = (stat.pid for stat in tree(site.worker.pid))
    return {"main": main} | {f"pool {number}": pid for number, pid in enumerate(pool, 1)}


def memory(site: Site) -> dict[str, dict[str, int]]:
    """Return the bytes that each process takes, once the worker is at rest."""
    time.sleep(SETTLED_S)
    found = {name: read_memory(pid) for name, pid in processes(site).items()}
    return {name: {"share": one.share, "own": one.own} for name, one in found.items()}


def deliver(site: Site, events: int) -> None:
    """Enqueue so many, and wait until all are accepted."""
    before, samples = site.arrived, web_samples(SAMPLES, site.course.seed)
    site.client.track_many(islice(cycle(samples), events))
    site.sink.wait_for(before + events, site.worker, TIMEOUT_S)


def park(site: Site, destinations: int) -> None:
    """Let an event wait at each of so many parked destinations."""
    parking, pixels = Parking(site.redis), [pixel_code(number) for number in range(destinations)]
    for pixel in pixels:
        parking.park(f"web:{pixel}")
    samples = cycle(web_samples(SAMPLES, site.course.seed))
    site.client.track_many(
        event | {"event_source_id": pixel} for event, pixel in zip(samples, pixels, strict=False)
    )


def at_rest(site: Site, seconds: float) -> dict[str, Any]:
    """Watch for so long; return per cent of a core by process, and commands a second by name."""
    watched = processes(site) | {SERVER: site.server.pid}
    time.sleep(SETTLED_S)
    before = cpu_s(watched)
    time.sleep(seconds)
    after = cpu_s(watched)
    percent = {name: 100 * (after[name] - before[name]) / seconds for name in watched}
    return {"percent": percent, "commands_per_s": commands_per_s(site)}


def cpu_s(watched: dict[str, int]) -> dict[str, float]:
    """Return the CPU seconds of each process until now."""
    stats = {name: read_stat(pid) for name, pid in watched.items()}
    return {name: stat.cpu_s for name, stat in stats.items() if stat is not None}


def commands_per_s(site: Site) -> dict[str, float]:
    """Return what clients ask the server a second, by command; a script counts as one."""
    counted = Counter(told(site, WATCHED_S))
    return {name: number / WATCHED_S for name, number in counted.most_common()}


def told(site: Site, seconds: float) -> Iterator[str]:
    """Yield the name of each command that the server is asked, for so long."""
    with Redis.from_url(site.server.url, protocol=2) as redis, redis.monitor() as monitor:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            command = monitor.next_command()
            if command["client_type"] != "lua":
                yield command["command"].split()[0]
