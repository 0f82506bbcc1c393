"""A place for our worker alone: a server, a sink, and the worker once it is wanted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from cpu import tree_cpu_s
from designs import BULK
from program import Program
from race import QUIET_S, WARM_UP, Sink
from redis import Redis

from tiktok_events import Client
from worker.local.embedded import EmbeddedServer
from worker.local.samples.events import sample_events
from worker.local.samples.people import SAMPLE_REGION

if TYPE_CHECKING:
    from contextlib import ExitStack

WARM_PIXEL = "C0WARM0000PIXEL00000"
WEB_SHARE = 0.8
POLL_S = 0.1
REWRITE_S = 60
START_S = 300

Events = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Course:
    """What both questions have in common.

    Attributes:
        rounds: of every measurement.
        concurrency: worker processes.
        latency_ms: of the sink, before each answer.
        seed: of the samples.
        compression: which blocks the producer packs.
    """

    rounds: int
    concurrency: int
    latency_ms: float
    seed: int
    compression: str


def web_samples(wanted: int, seed: int) -> Events:
    """Return web events without an id: the client makes a new one whenever one is enqueued."""
    samples = sample_events(round(wanted / WEB_SHARE), seed=seed, now=int(time.time()))
    web = (event for event in samples if event["event_source"] == "web")
    events = [{k: v for k, v in event.items() if k != "event_id"} for event in islice(web, wanted)]
    assert len(events) == wanted
    return events


class Site:
    """A server, a sink, a producer's client; and a worker, from ``start_worker`` on."""

    def __init__(self, course: Course, stack: ExitStack) -> None:
        self.course = course
        self.stack = stack
        self.server = stack.enter_context(EmbeddedServer())
        latency = ["--latency-ms", str(course.latency_ms)]
        self.sink = Sink(stack.enter_context(Program(["sink.py", *latency], speaks=True)))
        self.redis = stack.enter_context(Redis.from_url(self.server.url, protocol=2))
        self.client = stack.enter_context(
            Client(self.server.url, default_region=SAMPLE_REGION, compression=course.compression)
        )

    def start_worker(self, *, arriving: int = 0) -> None:
        """Start it, and wait until what waits and some events more have gone all the way.

        Args:
            arriving: how many events wait for it, of destinations that are not parked.
        """
        environment = BULK.environment(self.server.url, self.sink.url)
        command = BULK.worker(self.course.concurrency)
        self.worker = self.stack.enter_context(Program(command, environment))
        before = self.arrived
        events = web_samples(WARM_UP, self.course.seed + 1)
        self.client.track_many(event | {"event_source_id": WARM_PIXEL} for event in events)
        self.sink.wait_for(before + arriving + WARM_UP, self.worker, START_S)
        time.sleep(QUIET_S)

    @property
    def arrived(self) -> int:
        """How many different events have arrived."""
        distinct: int = self.sink.figures()["distinct"]
        return distinct

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

    def cpu_s(self) -> tuple[float, float]:
        """Return the CPU seconds of the worker's processes and of the server."""
        return tree_cpu_s(self.worker.pid), tree_cpu_s(self.server.pid)
