"""What an event that waits takes in Redis, as each design enqueues it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from entrants import each_once
from environments import python_of
from program import Program
from race import Course, corpus
from redis import Redis

from worker.cli.terminal import plain_table
from worker.local.embedded import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from designs import Design
    from entrants import Notes
    from rich.table import Table

EVENTS = 5_000
WARM_UP = 20
NOWHERE = "http://127.0.0.1:9"
TITLE = "Memory of Redis per waiting event"


def run(design: Design, course: Course, events: int = EVENTS) -> dict[str, float]:
    """Enqueue without a worker; return bytes per event, in Redis and of the JSON itself.

    Raises:
        ProgramError: the producer ended.
    """
    file = corpus(design.takes, course.seed, WARM_UP + events)
    numbers = ["--events", str(events), "--warm-up", str(WARM_UP)]
    command = ["producer.py", design.producer, "--corpus", str(file), *numbers]
    with ExitStack() as stack:
        server = stack.enter_context(EmbeddedServer())
        redis = stack.enter_context(Redis.from_url(server.url, protocol=2))
        environment = design.environment(server.url, NOWHERE)
        python = python_of(design.peer)
        producer = Program(command, environment, speaks=True, python=python)
        stack.enter_context(producer).read_line()
        before = used_bytes(redis)
        producer.write_line()
        producer.read_line()
        memory = (used_bytes(redis) - before) / events
    return {"memory": memory, "payload": file.stat().st_size / (WARM_UP + events)}


def used_bytes(redis: Redis) -> int:
    """Return what the server's data take."""
    used: int = redis.info("memory")["used_memory"]
    return used


def measure(
    designs: Sequence[Design], events: int, course: Course, notes: Notes
) -> list[dict[str, Any]]:
    """Return the figures of every design that could be run."""
    found = each_once(designs, notes, lambda design: run(design, course, events), "memory")
    return [{"design": design.name, **one} for design, one in found.items()]


def table_of(found: list[dict[str, Any]]) -> Table:
    """Return the figures for people."""
    table = plain_table("design")
    for name in ("bytes", "of the application's JSON"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in found:
        share = each["memory"] / each["payload"]
        table.add_row(each["design"], f"{each['memory']:,.0f}", f"x {share:.2f}")
    return table
