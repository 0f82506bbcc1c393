"""A million events of one pixel wait: what each takes, and whether they slow the worker down.

Two sites: at one stands the backlog, at the other only what a round drains. Their pixels are
parked between rounds. A rate is that of the arrivals after the first ``WARM`` events of a round,
because a destination that is resumed begins with one probe.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import orjson
from our_site import Course, Site, web_samples
from race import QUIET_S
from rich.console import Console
from rich.progress import track
from rounds import interleaved

from tiktok_events.outbox import keys
from tiktok_events.outbox.packing import unpacked
from worker.outbox.parking import Parking

PIXEL = "C0BACKLOG0PIXEL00000"
DESTINATION = f"web:{PIXEL}"
SAMPLES = 10_000
BLOCK_EVENTS = 100
SLICE = 5_000
WARM = 2_000
FROM_BACKLOG = 50_000
ALONE = 10_000
TIMEOUT_S = 120
FULL, EMPTY = CASES = ("backlog", "alone")

Arrivals = list[tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Weight:
    """What waiting events take, in bytes per event.

    Attributes:
        payload: their JSON.
        memory: what the server holds more than before.
    """

    payload: float
    memory: float


@dataclass(frozen=True, slots=True)
class Drain:
    """What one measurement found; CPU in microseconds per event.

    Attributes:
        events_per_s: of the arrivals, without the first.
        worker_us: of the worker's processes.
        redis_us: of the server.
    """

    events_per_s: float
    worker_us: float
    redis_us: float

    @property
    def cpu_us(self) -> float:
        """Of both; other programs on the machine change it less than the rate."""
        return self.worker_us + self.redis_us


class Outlet:
    """A site whose only destination is parked, but for the time of a measurement."""

    def __init__(self, course: Course, stack: ExitStack) -> None:
        self.site = Site(course, stack)
        self.parking = Parking(self.site.redis)
        self.parking.park(DESTINATION)
        samples = web_samples(SAMPLES, course.seed)
        self.samples = [event | {"event_source_id": PIXEL} for event in samples]

    def fill(self, events: int, *, show: bool = False) -> None:
        """Enqueue so many."""
        console = Console(stderr=True)
        hidden = not (show and console.is_terminal)
        slices = track(range(0, events, SLICE), "enqueue", console=console, disable=hidden)
        for first in slices:
            begin = first % SAMPLES
            self.site.client.track_many(self.samples[begin : begin + min(SLICE, events - first)])

    def weigh(self, events: int) -> Weight:
        """Enqueue so many, and return what each takes."""
        before = self.site.memory_bytes()
        self.fill(events, show=True)
        return Weight(self.payload_bytes(), (self.site.memory_bytes() - before) / events)

    def payload_bytes(self) -> float:
        """Return the mean of the first blocks, which hold every sample once."""
        blocks: Any = self.site.redis.xrange(
            keys.outbox(DESTINATION), count=SAMPLES // BLOCK_EVENTS
        )
        payloads = [unpacked(fields[b"b"]) for _, fields in blocks]
        return sum(map(len, payloads)) / sum(len(orjson.loads(one)) for one in payloads)

    def drain(self, events: int) -> Drain:
        """Let so many go, and measure until nothing more of it is under way."""
        arrived, before = self.site.arrived, len(self.site.sink.arrivals())
        cpu_before = self.site.cpu_s()
        self.parking.resume(DESTINATION)
        self.site.sink.wait_for(arrived + events, self.site.worker, TIMEOUT_S)
        self.parking.park(DESTINATION)
        time.sleep(QUIET_S)
        us = 1_000_000 / (self.site.arrived - arrived)
        cpu_s = zip(cpu_before, self.site.cpu_s(), strict=True)
        worker_us, redis_us = ((after - earlier) * us for earlier, after in cpu_s)
        return Drain(rate(self.site.sink.arrivals()[before:], events), worker_us, redis_us)


def rate(arrivals: Arrivals, events: int) -> float:
    """Return the events per second from the first ``WARM`` of so many to the last."""
    arrived, begin = 0, (0.0, 0)
    for at, number in arrivals:
        arrived += number
        if arrived <= WARM:
            begin = (at, arrived)
        if arrived >= events:
            return (arrived - begin[1]) / (at - begin[0])
    raise ValueError(f"{arrived} of {events} events")


def drained(outlet: Outlet, events: int, *, refill: bool) -> Drain:
    """Measure what waits already, or what is enqueued for it."""
    if refill:
        outlet.fill(events)
    return outlet.drain(events)


def measure_backlog(course: Course, events: int) -> dict[str, Any]:
    """Return bytes per waiting event, and drains with and without the others waiting."""
    part = min(FROM_BACKLOG, events // (course.rounds + 1))
    with ExitStack() as stack:
        full, empty = (Outlet(course, stack) for _ in CASES)
        weight = full.weigh(events)
        for outlet in (full, empty):
            outlet.site.start_worker()
        calls = {
            FULL: lambda: drained(full, part, refill=False),
            EMPTY: lambda: drained(empty, ALONE, refill=True),
        }
        rounds = interleaved(course.rounds, CASES, lambda case: calls[case]())
    return {"events": events, "drained": part, **asdict(weight), **summary(rounds)}


def summary(rounds: list[dict[str, Drain]]) -> dict[str, Any]:
    """Return the medians of both cases, and the ratios of each round."""
    figures: dict[str, Any] = {
        "ratios": [each[FULL].events_per_s / each[EMPTY].events_per_s for each in rounds],
        "cpu_ratios": [each[FULL].cpu_us / each[EMPTY].cpu_us for each in rounds],
    }
    for case in CASES:
        runs = [asdict(each[case]) for each in rounds]
        figures[case] = {name: median(run[name] for run in runs) for name in runs[0]}
        figures[case]["runs"] = runs
    return figures
