"""One run of one design: from an empty server to the last accepted event."""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from corpus import write_corpus
from cpu import tree_cpu_s
from environments import python_of
from memory import tree_memory_bytes
from program import Program

from worker.local.embedded import EmbeddedServer

if TYPE_CHECKING:
    from designs import Design, Takes

WARM_UP = 200
POLL_S = 0.05
WARM_UP_S = 60
STILL_S = 12
"""A design whose next event does not come for so long has lost what is missing."""

QUIET_S = 0.3
"""After the last acceptance, so that what a worker does next (settle, acknowledge) is counted."""


@dataclass(frozen=True, slots=True)
class Course:
    """What all designs have in common.

    Attributes:
        concurrency: worker processes.
        latency_ms: of the sink, before each answer.
        seed: of the samples.
        warm_up: events that go all the way before the clock starts.
    """

    concurrency: int
    latency_ms: float = 0.0
    seed: int = 7
    warm_up: int = WARM_UP


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
        """Of producer, worker and Redis; other programs on the machine change it little."""
        return self.producer_us + self.worker_us + self.redis_us


class Sink:
    """The sink's process and its figures."""

    def __init__(self, program: Program) -> None:
        self.pid = program.pid
        self.url = program.read_line().removeprefix("READY ")
        self.session = requests.Session()
        self.session.trust_env = False

    def read(self, path: str) -> Any:
        """Return one of its answers; see ``sink.py``."""
        return self.session.get(f"{self.url}/{path}", timeout=60).json()

    def figures(self) -> dict[str, Any]:
        """Return what arrived so far."""
        figures: dict[str, Any] = self.read("count")
        return figures

    def arrivals(self) -> list[tuple[float, int]]:
        """Return when each request was accepted, and how many events it carried."""
        arrivals: list[tuple[float, int]] = self.read("arrivals")
        return arrivals

    def has(self, distinct: int) -> bool:
        """Tell whether so many different events arrived; decode only when they may have."""
        may_have: bool = self.read("progress")["events"] >= distinct
        return may_have and self.figures()["distinct"] >= distinct

    def wait_for(self, distinct: int, worker: Program, timeout_s: float) -> dict[str, Any]:
        """Wait until so many different events arrived.

        Raises:
            ProgramError: they did not in time, or the worker ended.
        """
        give_up_at = time.monotonic() + timeout_s
        while not self.has(distinct):
            worker.check()
            if time.monotonic() > give_up_at:
                raise worker.failure(f"{self.figures()['distinct']} of {distinct} events in time")
            time.sleep(POLL_S)
        return self.figures()

    def wait_while_moving(self, distinct: int, worker: Program) -> None:
        """Wait until so many different events arrived, or none did for a while.

        Raises:
            ProgramError: the worker ended.
        """
        moved_at = time.monotonic()
        while not self.has(distinct) and time.monotonic() < moved_at + STILL_S:
            worker.check()
            time.sleep(POLL_S)
            moved_at = max(moved_at, self.read("progress")["last_at"])


@cache
def corpus_directory() -> tempfile.TemporaryDirectory[str]:
    """Return where the corpora stand until this process ends."""
    return tempfile.TemporaryDirectory(prefix="bench-")


@cache
def corpus(takes: Takes, seed: int, events: int) -> Path:
    """Return a file of so many events."""
    file = Path(corpus_directory().name) / f"{takes}-{seed}-{events}.jsonl"
    write_corpus(file, events, seed, takes)
    return file


class Stage:
    """The four processes of a run, started and warm."""

    def __init__(
        self,
        design: Design,
        events: int,
        course: Course,
        stack: ExitStack,
        *,
        per_second: float = 0.0,
    ) -> None:
        self.events, self.first = events, course.warm_up
        self.server = stack.enter_context(EmbeddedServer())
        latency = ["--latency-ms", str(course.latency_ms)]
        self.sink = Sink(stack.enter_context(Program(["sink.py", *latency], speaks=True)))
        environment = design.environment(self.server.url, self.sink.url)
        python = python_of(design.peer)
        command = design.worker(course.concurrency)
        self.worker = stack.enter_context(Program(command, environment, python=python))
        numbers = {"--events": events, "--warm-up": self.first, "--per-second": per_second}
        options = [word for name, number in numbers.items() for word in (name, str(number))]
        file = str(corpus(design.takes, course.seed, self.first + events))
        command = ["producer.py", design.producer, "--corpus", file, *options]
        self.producer = stack.enter_context(
            Program(command, environment, speaks=True, python=python)
        )

    def warm_up(self) -> None:
        """Wait until the corpus is read and the first events went all the way."""
        self.producer.read_line()
        self.sink.wait_for(self.first, self.worker, WARM_UP_S)
        time.sleep(QUIET_S)

    def cpu_s(self) -> tuple[float, ...]:
        """Return the CPU seconds of the worker's processes, of the server, and of the sink."""
        return tuple(map(tree_cpu_s, (self.worker.pid, self.server.pid, self.sink.pid)))

    def run(self) -> Run:
        """Let the producer go, and measure."""
        before, cpu_before = self.sink.figures(), self.cpu_s()
        self.producer.write_line()
        self.sink.wait_while_moving(self.first + self.events, self.worker)
        time.sleep(QUIET_S)
        cpu = [after - b for after, b in zip(self.cpu_s(), cpu_before, strict=True)]
        return self.result(before, cpu, json.loads(self.producer.read_line()))

    def result(self, before: dict[str, Any], cpu_s: list[float], producer: dict[str, float]) -> Run:
        """Return the differences to ``before``, per event."""
        after = self.sink.figures()
        us = 1_000_000 / self.events
        arrived = after["distinct"] - before["distinct"]
        worker_us, redis_us, sink_us = (seconds * us for seconds in cpu_s)
        return Run(
            events=self.events,
            events_per_s=arrived / (after["last_at"] - producer["started_at"]),
            producer_us=producer["cpu_s"] * us,
            worker_us=worker_us,
            redis_us=redis_us,
            sink_us=sink_us,
            worker_mb=tree_memory_bytes(self.worker.pid) / 1e6,
            requests_per_1000=(after["requests"] - before["requests"]) * 1_000 / arrived,
            repeats=after["events"] - after["distinct"],
            lost=self.events - arrived,
        )


def run(design: Design, events: int, course: Course) -> Run:
    """Run one design once, on a server, a sink and a worker of its own.

    Raises:
        ProgramError: a program ended, or did not even warm up.
    """
    with ExitStack() as stack:
        stage = Stage(design, events, course, stack)
        stage.warm_up()
        return stage.run()
