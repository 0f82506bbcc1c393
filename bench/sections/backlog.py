"""A million events of one pixel wait: what each takes, and whether they slow the worker down.

There are two sites: one has the backlog, the other only what a round drains. Their pixels are
parked between rounds. A rate is that of the arrivals after the first ``WARM`` events of a round,
because a destination that is resumed begins with one probe.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import orjson
from rich.console import Console
from rich.progress import track

from bench.lab.corpus import web_events
from bench.lab.report import hundredths, medians, spread
from bench.lab.rounds import interleaved
from bench.lab.site import Course, OurSite
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.store import Store
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


class Outlet(OurSite):
    """A site whose only destination is parked, except while it is measured."""

    def __init__(self, course: Course, stack: ExitStack) -> None:
        super().__init__(course, stack)
        self.parking = Parking(Store(self.redis, Shards()))
        self.parking.park(DESTINATION)
        samples = web_events(SAMPLES, course.seed)
        self.samples = [event | {"event_source_id": PIXEL} for event in samples]

    def fill(self, events: int, *, show: bool = False) -> None:
        """Enqueue so many."""
        console = Console(stderr=True)
        hidden = not (show and console.is_terminal)
        for first in track(range(0, events, SLICE), "enqueue", console=console, disable=hidden):
            begin = first % SAMPLES
            self.client.track_many(self.samples[begin : begin + min(SLICE, events - first)])

    def weigh(self, events: int) -> dict[str, float]:
        """Enqueue this many; return bytes per event, of the JSON and of the server."""
        before = self.memory_bytes()
        self.fill(events, show=True)
        memory = (self.memory_bytes() - before) / events
        return {"payload": self.payload_bytes(), "memory": memory}

    def payload_bytes(self) -> float:
        """Return the mean of the first blocks, which hold every sample once."""
        blocks: Any = self.redis.xrange(
            Shards().at(0).outbox(DESTINATION), count=SAMPLES // BLOCK_EVENTS
        )
        payloads = [fields[b"b"] for _, fields in blocks]
        return sum(map(len, payloads)) / sum(len(orjson.loads(one)) for one in payloads)

    def drain(self, events: int) -> dict[str, float]:
        """Let so many go, and measure until nothing more of it is under way.

        Returns:
            ``events_per_s`` of the arrivals without the first; CPU microseconds per event of the
            worker's processes (``worker_us``) and of the server (``redis_us``).
        """
        arrived, before = self.sink.arrived, len(self.sink.arrivals())

        def go() -> None:
            self.parking.resume(DESTINATION)
            self.sink.wait_for(arrived + events, self.worker, TIMEOUT_S)
            self.parking.park(DESTINATION)

        spent = self.measured(go)
        us = 1_000_000 / spent.distinct
        return {
            "events_per_s": rate(self.sink.arrivals()[before:], events),
            "worker_us": spent.worker_s * us,
            "redis_us": spent.redis_s * us,
        }


def rate(arrivals: list[tuple[float, int]], events: int) -> float:
    """Return the events per second from the first ``WARM`` of so many to the last."""
    arrived, begin = 0, (0.0, 0)
    for at, number in arrivals:
        arrived += number
        if arrived <= WARM:
            begin = (at, arrived)
        if arrived >= events:
            return (arrived - begin[1]) / (at - begin[0])
    raise ValueError(f"{arrived} of {events} events")


def measure_backlog(course: Course, rounds: int, events: int) -> dict[str, Any]:
    """Return bytes per waiting event, and drains with and without the others waiting."""
    part = min(FROM_BACKLOG, events // (rounds + 1))
    with ExitStack() as stack:
        full, empty = (Outlet(course, stack) for _ in CASES)
        weight = full.weigh(events)
        for outlet in (full, empty):
            outlet.start_ours()

        def drained(case: str) -> dict[str, float]:
            if case == FULL:
                return full.drain(part)
            empty.fill(ALONE)
            return empty.drain(ALONE)

        measured = interleaved(rounds, CASES, drained)
    return {"events": events, "drained": part, **weight, **summary(measured)}


def summary(rounds: list[dict[str, dict[str, float]]]) -> dict[str, Any]:
    """Return the medians of both cases, and the ratios of each round.

    Other programs on the machine change the CPU less than the rate.
    """
    pairs = [(each[FULL], each[EMPTY]) for each in rounds]
    figures: dict[str, Any] = {
        "ratios": [full["events_per_s"] / empty["events_per_s"] for full, empty in pairs],
        "cpu_ratios": [cpu_us(full) / cpu_us(empty) for full, empty in pairs],
    }
    for case in CASES:
        runs = [each[case] for each in rounds]
        figures[case] = {**medians(runs), "runs": runs}
    return figures


def cpu_us(drain: dict[str, float]) -> float:
    """Return what worker and server took per event."""
    return drain["worker_us"] + drain["redis_us"]


def rows(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Return names and figures for people."""
    yield "memory per waiting event", f"{found['memory']:,.0f} B"
    yield "its JSON", f"{found['payload']:,.0f} B"
    yield "memory / JSON", hundredths(found["memory"] / found["payload"])
    yield f"drain of {found['drained']:,} of them", drain_of(found[FULL])
    yield f"drain of {ALONE:,} alone", drain_of(found[EMPTY])
    yield "ratio of the rates", spread(found["ratios"], hundredths)
    yield "ratio of the CPU per event", spread(found["cpu_ratios"], hundredths)


def drain_of(drain: dict[str, float]) -> str:
    """Return rate and CPU of one case."""
    cpu = f"worker {drain['worker_us']:,.0f} us, server {drain['redis_us']:,.1f} us per event"
    return f"{drain['events_per_s']:,.0f} events/s; {cpu}"
