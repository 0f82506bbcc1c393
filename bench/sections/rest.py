"""A worker with nothing to do: what it takes to get there, and what it costs to stay."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from itertools import cycle, islice
from typing import Any

from redis import Redis
from rich.console import RenderableType

from bench.lab.corpus import web_events
from bench.lab.processes import read_memory, read_stat, tree, tree_cpu_s
from bench.lab.report import table
from bench.lab.site import Course, OurSite
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.store import Store
from worker.local.samples.events import pixel_code
from worker.outbox.parking import Parking

MIB = 1_048_576
MOST_ASKED = 4
SETTLED_S = 3
"""Seconds after the last event until the worker is at rest."""

WATCHED_S = 10
"""Seconds in which the server tells each command; not while CPU is measured, because telling
costs."""

SAMPLES = 1_000
TIMEOUT_S = 600
SERVER = "server"


def measure_rest(course: Course, events: int, parked: int, seconds: float) -> dict[str, Any]:
    """Start a worker, let it rest, give it events, let it rest beside parked destinations."""
    with ExitStack() as stack:
        site = OurSite(course, stack)
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


def started(site: OurSite) -> dict[str, float]:
    """Start the worker; return seconds, and CPU seconds of its processes, to the first events."""
    began = time.monotonic()
    site.start_ours()
    return {"elapsed_s": time.monotonic() - began, "cpu_s": tree_cpu_s(site.worker.pid)}


def processes(site: OurSite) -> dict[str, int]:
    """Return the worker's processes by name."""
    main, *pool = (stat.pid for stat in tree(site.worker.pid))
    return {"main": main} | {f"pool {number}": pid for number, pid in enumerate(pool, 1)}


def memory(site: OurSite) -> dict[str, dict[str, int]]:
    """Return the bytes that each process takes, once the worker is at rest."""
    time.sleep(SETTLED_S)
    return {name: asdict(read_memory(pid)) for name, pid in processes(site).items()}


def deliver(site: OurSite, events: int) -> None:
    """Enqueue this many, and wait until all are accepted."""
    before, samples = site.sink.arrived, web_events(SAMPLES, site.course.seed)
    site.client.track_many(islice(cycle(samples), events))
    site.sink.wait_for(before + events, site.worker, TIMEOUT_S)


def park(site: OurSite, destinations: int) -> None:
    """Let an event wait at each of so many parked destinations."""
    parking, pixels = (
        Parking(Store(site.redis, Shards())),
        [pixel_code(number) for number in range(destinations)],
    )
    for pixel in pixels:
        parking.park(f"web:{pixel}")
    samples = cycle(web_events(SAMPLES, site.course.seed))
    site.client.track_many(
        event | {"event_source_id": pixel} for event, pixel in zip(samples, pixels, strict=False)
    )


def at_rest(site: OurSite, seconds: float) -> dict[str, Any]:
    """Watch for a time; return per cent of a core by process, and commands a second by name."""
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


def commands_per_s(site: OurSite) -> dict[str, float]:
    """Return what clients ask the server a second, by command; a script counts as one."""
    counted = Counter(told(site, WATCHED_S))
    return {name: number / WATCHED_S for name, number in counted.most_common()}


def told(site: OurSite, seconds: float) -> Iterator[str]:
    """Yield the name of each command that the server is asked, for so long."""
    with Redis.from_url(site.server.url, protocol=2) as redis, redis.monitor() as monitor:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            command = monitor.next_command()
            if command["client_type"] != "lua":
                yield command["command"].split()[0]


def shown(found: dict[str, Any]) -> Iterator[RenderableType]:
    """Return tables of memory and of rest, and what no table holds."""
    memory_headings = ("", "process", "MiB, share", "own")
    yield table("Memory of the worker", memory_headings, memory_rows(found["memory"]), names=2)
    yield table("Nothing to do", ("", "process", "% of a core"), rest_rows(found["rest"]), names=2)
    start = found["start"]
    yield f"first events accepted after {start['cpu_s']:.2f} CPU s ({start['elapsed_s']:.1f} s)"
    for case, figures in found["rest"].items():
        asked = figures["commands_per_s"]
        most = ", ".join(f"{name} {rate:.1f}" for name, rate in list(asked.items())[:MOST_ASKED])
        yield f"{case}: {sum(asked.values()):.1f} commands/s ({most} …)"


def memory_rows(found: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Return memory by process."""
    for moment, sizes in found.items():
        for name, one in sizes.items():
            yield moment, name, f"{one['share'] / MIB:,.1f}", f"{one['own'] / MIB:,.1f}"
        yield moment, "all", f"{sum(one['share'] for one in sizes.values()) / MIB:,.1f}", ""


def rest_rows(found: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Return CPU by process."""
    for case, figures in found.items():
        for name, percent in figures["percent"].items():
            yield case, name, f"{percent:.2f}"
        yield case, "all", f"{sum(figures['percent'].values()):.2f}"
