"""A place for one worker alone: a server, a sink, and what is started beside them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import astuple, dataclass
from itertools import cycle
from operator import sub

from redis import Redis

from bench.designs.catalogue import BULK, Design
from bench.lab.corpus import corpus, web_events
from bench.lab.environments import python_of
from bench.lab.processes import tree_cpu_s
from bench.lab.program import Program
from bench.lab.sink_reader import POLL_S, SinkReader
from tiktok_events import Client
from worker.local.embedded import EmbeddedServer
from worker.local.samples.people import SAMPLE_REGION

Settings = Mapping[str, str]

WARM_UP = 200
WARM_PIXEL = "C0WARM0000PIXEL00000"
REWRITE_S = 60
START_S = 300
QUIET_S = 0.3
"""Seconds to wait after the last acceptance, so that what a worker does next (settle, acknowledge)
is counted."""


@dataclass(frozen=True, slots=True)
class Course:
    """What all runs have in common.

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
class Spent:
    """What arrived and what it took: since the start, or between two moments.

    Attributes:
        events: that arrived, those that came again included.
        distinct: different events that arrived.
        worker_s: CPU seconds of the worker's processes; the same of the others.
    """

    requests: int
    events: int
    distinct: int
    worker_s: float
    redis_s: float
    sink_s: float

    def __sub__(self, before: Spent) -> Spent:
        return Spent(*map(sub, astuple(self), astuple(before)))


class Site:
    """A server and a sink, and the programs that are started for them.

    Args:
        course: what all runs have in common.
        stack: ends everything.
        sink_options: of the sink's command line.
    """

    def __init__(self, course: Course, stack: ExitStack, *sink_options: str) -> None:
        self.course, self.stack = course, stack
        self.server = stack.enter_context(EmbeddedServer())
        self.redis = stack.enter_context(Redis.from_url(self.server.url, protocol=2))
        command = ["bench.lab.sink", "--latency-ms", str(course.latency_ms), *sink_options]
        self.sink = SinkReader(stack.enter_context(Program(command, speaks=True)))

    def start(
        self, command: list[str], design: Design, settings: Settings | None = None, **more: bool
    ) -> Program:
        """Start a program of a design, with more settings if there are any; the site ends it."""
        environment = design.environment(self.server.url, self.sink.url) | dict(settings or {})
        program = Program(command, environment, python=python_of(design.peer), **more)
        return self.stack.enter_context(program)

    def start_worker(self, design: Design, settings: Settings | None = None) -> None:
        """Start the worker of a design."""
        self.worker = self.start(design.worker(self.course.concurrency), design, settings)

    def start_producer(self, design: Design, events: int, per_second: float = 0.0) -> Program:
        """Start the application's side, and return it once its first events are enqueued."""
        first = self.course.warm_up
        file = corpus(design.takes, self.course.seed, first + events)
        numbers = {"--events": events, "--warm-up": first, "--per-second": per_second}
        options = [word for name, number in numbers.items() for word in (name, str(number))]
        command = ["bench.lab.producer", design.producer, "--corpus", str(file), *options]
        producer = self.start(command, design, speaks=True)
        producer.read_line()
        return producer

    def warm_up(self, arrived: int, timeout_s: float = START_S) -> None:
        """Wait until this many events have arrived at the sink."""
        self.sink.wait_for(arrived, self.worker, timeout_s)
        time.sleep(QUIET_S)

    def spent(self) -> Spent:
        """Return what arrived and was spent until now, without the decoding of what arrived."""
        cpu_s = [tree_cpu_s(pid) for pid in (self.worker.pid, self.server.pid, self.sink.pid)]
        figures = self.sink.figures()
        return Spent(figures["requests"], figures["events"], figures["distinct"], *cpu_s)

    def measured(self, work: Callable[[], object]) -> Spent:
        """Do some work that ends with the last acceptance, and return what it took."""
        before = self.spent()
        work()
        time.sleep(QUIET_S)
        return self.spent() - before

    def memory_bytes(self) -> int:
        """Return what the server's data take, once it rewrites no file."""
        give_up_at = time.monotonic() + REWRITE_S
        while self.info("persistence", "aof_rewrite_in_progress") and time.monotonic() < give_up_at:
            time.sleep(POLL_S)
        return self.info("memory", "used_memory")

    def info(self, section: str, name: str) -> int:
        """Return one of the server's own figures."""
        figures: dict[str, int] = self.redis.info(section)
        return figures[name]


class OurSite(Site):
    """A site for our worker, with a client of an application in this process."""

    def __init__(self, course: Course, stack: ExitStack, *sink_options: str) -> None:
        super().__init__(course, stack, *sink_options)
        self.client = stack.enter_context(Client(self.server.url, default_region=SAMPLE_REGION))

    def start_ours(
        self,
        *,
        arriving: int = 0,
        settings: Settings | None = None,
        pixels: Sequence[str] = (WARM_PIXEL,),
    ) -> None:
        """Start our worker, and wait until what waits and some events more have gone all the way.

        Args:
            arriving: how many events wait for it, of destinations that are not parked.
            settings: of the worker, besides those of the site.
            pixels: which get the events that are sent in advance.
        """
        self.start_worker(BULK, settings)
        arrived = self.sink.arrived
        events = web_events(WARM_UP, self.course.seed + 1)
        self.client.track_many(
            event | {"event_source_id": pixel}
            for event, pixel in zip(events, cycle(pixels), strict=False)
        )
        self.warm_up(arrived + arriving + WARM_UP)
