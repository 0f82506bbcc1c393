"""What an event that waits takes in Redis, as each design enqueues it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from rich.table import Table

from bench.designs.catalogue import Design
from bench.lab.corpus import corpus
from bench.lab.report import table
from bench.lab.site import Course, Site
from bench.sections.comparison import Comparison

EVENTS = 5_000
WARM_UP = 20
TITLE = "Memory of Redis per waiting event"


def run(design: Design, course: Course, events: int) -> dict[str, float]:
    """Enqueue without a worker; return bytes per event, in Redis and of the JSON itself.

    Raises:
        ProgramError: the producer ended.
    """
    with ExitStack() as stack:
        site = Site(replace(course, warm_up=WARM_UP), stack)
        producer = site.start_producer(design, events)
        before = site.memory_bytes()
        producer.write_line()
        producer.read_line()
        memory = (site.memory_bytes() - before) / events
    file = corpus(design.takes, course.seed, WARM_UP + events)
    return {"memory": memory, "payload": file.stat().st_size / (WARM_UP + events)}


def measure(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the figures of every design that could be run."""
    return comparison.each_once("memory", EVENTS, run)


def tables(found: list[dict[str, Any]]) -> list[Table]:
    """Return the figures for people."""
    rows = [
        (each["design"], f"{each['memory']:,.0f}", f"x {each['memory'] / each['payload']:.2f}")
        for each in found
    ]
    return [table(TITLE, ("design", "bytes", "of the application's JSON"), rows)]
