"""One run of one design: from an empty server to the last accepted event."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from cpu import tree_cpu_s
from program import Program

from worker.embedded import EmbeddedServer

if TYPE_CHECKING:
    from designs import Design

WARM_UP = 200
POLL_S = 0.05
QUIET_S = 0.3
"""After the last acceptance, so that what a worker does next (settle, acknowledge) is counted."""


@dataclass(frozen=True, slots=True)
class Course:
    """What all designs have in common.

    Attributes:
        concurrency: worker processes.
        latency_ms: of the sink, before each answer.
        seed: of the samples.
    """

    concurrency: int
    latency_ms: float
    seed: int


@dataclass(frozen=True, slots=True)
class Run:
    """What one run measured; CPU in microseconds per event.

    Attributes:
        events_per_s: from before the first enqueue to the last acceptance.
        requests_per_1000: HTTP requests per 1,000 events.
        repeats: events that arrived more than once.
    """

    events: int
    events_per_s: float
    producer_us: float
    worker_us: float
    redis_us: float
    requests_per_1000: float
    repeats: int


class Sink:
    """The sink's process and its figures."""

    def __init__(self, program: Program) -> None:
        self.url = program.read_line().removeprefix("READY ")
        self.session = requests.Session()
        self.session.trust_env = False

    def figures(self) -> dict[str, Any]:
        """Return what arrived so far."""
        figures: dict[str, Any] = self.session.get(f"{self.url}/count", timeout=10).json()
        return figures

    def arrivals(self) -> list[tuple[float, int]]:
        """Return when each request was accepted, and how many events it carried."""
        arrivals: list[tuple[float, int]] = self.session.get(
            f"{self.url}/arrivals", timeout=10
        ).json()
        return arrivals

    def wait_for(self, distinct: int, worker: Program, timeout_s: float) -> dict[str, Any]:
        """Wait until so many different events arrived.

        Raises:
            ProgramError: they did not in time, or the worker ended.
        """
        give_up_at = time.monotonic() + timeout_s
        while (figures := self.figures())["distinct"] < distinct:
            worker.check()
            if time.monotonic() > give_up_at:
                raise worker.failure(f"{figures['distinct']} of {distinct} events in time")
            time.sleep(POLL_S)
        return figures


class Stage:
    """The four processes of a run, started and warm."""

    def __init__(self, design: Design, events: int, course: Course, stack: ExitStack) -> None:
        self.events = events
        self.server = stack.enter_context(EmbeddedServer())
        latency = ["--latency-ms", str(course.latency_ms)]
        self.sink = Sink(stack.enter_context(Program(["sink.py", *latency], speaks=True)))
        environment = design.environment(self.server.url, self.sink.url)
        self.worker = stack.enter_context(Program(design.worker(course.concurrency), environment))
        numbers = {"--events": events, "--warm-up": WARM_UP, "--seed": course.seed}
        options = [word for name, number in numbers.items() for word in (name, str(number))]
        command = ["producer.py", design.producer, *options]
        self.producer = stack.enter_context(Program(command, environment, speaks=True))

    def warm_up(self) -> None:
        """Wait until the corpus is made and the first events went all the way."""
        self.producer.read_line()
        self.sink.wait_for(WARM_UP, self.worker, timeout_s=60)
        time.sleep(QUIET_S)

    def cpu_s(self) -> tuple[float, float]:
        """Return the CPU seconds of the worker's processes and of the server."""
        return tree_cpu_s(self.worker.pid), tree_cpu_s(self.server.pid)

    def run(self) -> Run:
        """Let the producer go, and measure."""
        before, cpu_before = self.sink.figures(), self.cpu_s()
        self.producer.write_line()
        self.sink.wait_for(WARM_UP + self.events, self.worker, timeout_s=60 + self.events / 30)
        time.sleep(QUIET_S)
        return self.result(before, cpu_before, json.loads(self.producer.read_line()))

    def result(
        self, before: dict[str, Any], cpu_before: tuple[float, float], producer: dict[str, float]
    ) -> Run:
        """Return the differences to ``before``, per event."""
        after, cpu_after = self.sink.figures(), self.cpu_s()
        us = 1_000_000 / self.events
        return Run(
            events=self.events,
            events_per_s=self.events / (after["last_at"] - producer["started_at"]),
            producer_us=producer["cpu_s"] * us,
            worker_us=(cpu_after[0] - cpu_before[0]) * us,
            redis_us=(cpu_after[1] - cpu_before[1]) * us,
            requests_per_1000=(after["requests"] - before["requests"]) * 1_000 / self.events,
            repeats=after["events"] - after["distinct"],
        )


def run(design: Design, events: int, course: Course) -> Run:
    """Run one design once, on a server, a sink and a worker of its own.

    Raises:
        ProgramError: not every event arrived.
    """
    with ExitStack() as stack:
        stage = Stage(design, events, course, stack)
        stage.warm_up()
        return stage.run()
