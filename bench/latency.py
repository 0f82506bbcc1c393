"""How long a single event takes, from the return of the call to its acceptance, at 50 a second."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from entrants import each_once
from race import QUIET_S, Course, Stage

from worker.cli.terminal import plain_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from designs import Design
    from entrants import Notes
    from rich.table import Table

PER_SECOND = 50.0
EVENTS = 400
TITLE = "From the return of the call to the acceptance, 50 events a second"


@dataclass(frozen=True, slots=True)
class Figures:
    """What was found, in milliseconds.

    An event that is accepted before the call returned took no time.

    Attributes:
        lost: events that did not arrive.
        worker_us: CPU of the worker's processes per event.
    """

    events: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    requests: int
    lost: int
    worker_us: float


def run(design: Design, course: Course, events: int = EVENTS) -> Figures:
    """Enqueue event by event at an even pace, on a server, a sink and a worker of its own.

    Raises:
        ProgramError: a program ended, or did not even warm up.
    """
    with ExitStack() as stack:
        stage = Stage(design, events, course, stack, per_second=PER_SECOND)
        stage.warm_up()
        requests_before, cpu_before = stage.sink.figures()["requests"], stage.cpu_s()
        stage.producer.write_line()
        returned_at: dict[str, float] = json.loads(stage.producer.read_line())["returned_at"]
        stage.sink.wait_while_moving(course.warm_up + events, stage.worker)
        time.sleep(QUIET_S)
        first_at: dict[str, float] = stage.sink.read("acceptances")
        waited = [
            max(0.0, first_at[event_id] - at) * 1_000
            for event_id, at in returned_at.items()
            if event_id in first_at
        ]
        return figures(
            waited,
            events=events,
            requests=stage.sink.figures()["requests"] - requests_before,
            worker_s=stage.cpu_s()[0] - cpu_before[0],
        )


def figures(waited: list[float], *, events: int, requests: int, worker_s: float) -> Figures:
    """Return what the waiting times (milliseconds) of the events that arrived come to."""
    cuts = quantiles(waited, n=100, method="inclusive")
    return Figures(
        events=events,
        p50_ms=cuts[49],
        p99_ms=cuts[98],
        max_ms=max(waited),
        requests=requests,
        lost=events - len(waited),
        worker_us=worker_s * 1_000_000 / events,
    )


def measure(
    designs: Sequence[Design], events: int, course: Course, notes: Notes
) -> list[dict[str, Any]]:
    """Return the figures of every design that could be run."""
    found = each_once(designs, notes, lambda design: run(design, course, events), "latency")
    return [{"design": design.name, **asdict(one)} for design, one in found.items()]


def table_of(found: list[dict[str, Any]]) -> Table:
    """Return the figures for people."""
    table = plain_table("design")
    for name in ("p50 ms", "p99 ms", "max ms", "requests", "lost", "worker CPU µs/event"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in found:
        table.add_row(
            each["design"],
            *(f"{each[name]:,.0f}" for name in ("p50_ms", "p99_ms", "max_ms")),
            *(f"{each[name]:,.0f}" for name in ("requests", "lost", "worker_us")),
        )
    return table
