"""One run of one design: from an empty server to the last accepted event."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass

from bench.designs.catalogue import Design
from bench.lab.processes import tree_memory_bytes
from bench.lab.site import Course, Site

WARM_UP_S = 60


@dataclass(frozen=True, slots=True)
class Run:
    """What one run measured; CPU in microseconds per event.

    Attributes:
        events_per_s: from before the first enqueue to the last acceptance.
        worker_mb: memory of the worker's processes after it, shared pages counted once.
        requests_per_1000: HTTP requests per 1,000 events.
        repeats: events that arrived more than once.
        lost: events that did not arrive until nothing more came.
    """

    events: int
    events_per_s: float
    producer_us: float
    worker_us: float
    redis_us: float
    sink_us: float
    worker_mb: float
    requests_per_1000: float
    repeats: int
    lost: int

    @property
    def cpu_us(self) -> float:
        """CPU of producer, worker and Redis; other programs on the machine change it little."""
        return self.producer_us + self.worker_us + self.redis_us


def run(design: Design, events: int, course: Course) -> Run:
    """Run one design once, on a server, a sink and a worker of its own.

    Raises:
        ProgramError: a program ended, or did not even warm up.
    """
    with ExitStack() as stack:
        return measured(Site(course, stack), design, events)


def measured(site: Site, design: Design, events: int) -> Run:
    """Start worker and producer, let the producer go, and measure until nothing more comes."""
    site.start_worker(design)
    producer = site.start_producer(design, events)
    site.warm_up(site.course.warm_up, WARM_UP_S)

    def go() -> None:
        producer.write_line()
        site.sink.wait_while_moving(site.course.warm_up + events, site.worker)

    spent, us = site.measured(go), 1_000_000 / events
    enqueued = json.loads(producer.read_line())
    return Run(
        events=events,
        events_per_s=spent.distinct / (site.sink.last_at() - enqueued["started_at"]),
        producer_us=enqueued["cpu_s"] * us,
        worker_us=spent.worker_s * us,
        redis_us=spent.redis_s * us,
        sink_us=spent.sink_s * us,
        worker_mb=tree_memory_bytes(site.worker.pid) / 1e6,
        requests_per_1000=spent.requests * 1_000 / spent.distinct,
        repeats=spent.events - spent.distinct,
        lost=events - spent.distinct,
    )
