"""How long a single event takes, from the return of the call to its acceptance, at 50 a second."""

from __future__ import annotations

import json
from contextlib import ExitStack
from statistics import quantiles
from typing import Any

from rich.table import Table

from bench.designs.catalogue import Design
from bench.lab.report import table
from bench.lab.site import Course, Site, Spent
from bench.sections.comparison import Comparison
from bench.sections.race import WARM_UP_S

PER_SECOND = 50.0
EVENTS = 400
TITLE = "From the return of the call to the acceptance, 50 events a second"
COLUMNS = {
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "max_ms": "max ms",
    "requests": "requests",
    "lost": "lost",
    "worker_us": "worker CPU µs/event",
}


def run(design: Design, course: Course, events: int) -> dict[str, float]:
    """Enqueue event by event at an even pace, on a server, a sink and a worker of its own.

    Raises:
        ProgramError: a program ended, or did not even warm up.
    """
    with ExitStack() as stack:
        site = Site(course, stack)
        site.start_worker(design)
        producer = site.start_producer(design, events, PER_SECOND)
        site.warm_up(course.warm_up, WARM_UP_S)
        returned_at: dict[str, float] = {}

        def go() -> None:
            producer.write_line()
            returned_at.update(json.loads(producer.read_line())["returned_at"])
            site.sink.wait_while_moving(course.warm_up + events, site.worker)

        spent = site.measured(go)
        return figures(returned_at, site.sink.read("acceptances"), spent)


def figures(
    returned_at: dict[str, float], first_at: dict[str, float], spent: Spent
) -> dict[str, float]:
    """Return what was found: milliseconds, and CPU of the worker's processes per event.

    An event that is accepted before the call returned took no time.

    Args:
        returned_at: when the call for each event returned.
        first_at: when each event that arrived was accepted first.
        spent: what it took.
    """
    arrived = returned_at.keys() & first_at.keys()
    waited = [max(0.0, first_at[each] - returned_at[each]) * 1_000 for each in arrived]
    cuts = quantiles(waited, n=100, method="inclusive")
    return {
        "events": len(returned_at),
        "p50_ms": cuts[49],
        "p99_ms": cuts[98],
        "max_ms": max(waited),
        "requests": spent.requests,
        "lost": len(returned_at) - len(waited),
        "worker_us": spent.worker_s * 1_000_000 / len(returned_at),
    }


def measure(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the figures of every design that could be run."""
    return comparison.each_once("latency", EVENTS, run)


def tables(found: list[dict[str, Any]]) -> list[Table]:
    """Return the figures for people."""
    rows = [(each["design"], *(f"{each[name]:,.0f}" for name in COLUMNS)) for each in found]
    return [table(TITLE, ("design", *COLUMNS.values()), rows)]
