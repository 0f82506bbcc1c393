"""Ten thousand pixels with few events each: are all delivered, at what cost, what is left."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from our_site import POLL_S, Course, Events, Site, web_samples
from program import ProgramError
from race import QUIET_S
from rounds import interleaved

from tiktok_events.outbox import keys
from tiktok_events.outbox.packing import unpacked
from worker.local.samples.events import pixel_code

SAMPLES = 1_000
CALL_EVENTS = 5_000
TIMEOUT_S = 300
IDLE_S = 10
PATTERNS = (keys.outbox("*"), keys.state("*"), keys.attempts("*"), keys.READY)


@dataclass(frozen=True, slots=True)
class Run:
    """What one round measured.

    Attributes:
        events_per_s: from before the first enqueue to the last acceptance.
        requests: made for it.
        worker_us: CPU per request.
        redis_us: the same, of the server.
    """

    events_per_s: float
    requests: int
    worker_us: float
    redis_us: float


@dataclass(frozen=True, slots=True)
class Footprint:
    """What the server holds, in bytes per destination.

    Attributes:
        waiting: more than before, while the events of each wait.
        payload: of that, their JSON.
        keys_waiting: keys of destinations, while they wait.
        keys_idle: and once they are idle.
    """

    waiting: float
    payload: float
    keys_waiting: int
    keys_idle: int


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many pixels, and so many events of each."""

    destinations: int
    events_each: int

    @property
    def events(self) -> int:
        """How many events all have."""
        return self.destinations * self.events_each

    def calls(self, seed: int) -> list[Events]:
        """Return the events in calls, none of which parts those of a pixel."""
        samples = web_samples(SAMPLES, seed)
        events = [
            samples[number % SAMPLES] | {"event_source_id": pixel_code(number // self.events_each)}
            for number in range(self.events)
        ]
        size = max(1, CALL_EVENTS // self.events_each) * self.events_each
        return [events[first : first + size] for first in range(0, len(events), size)]


def enqueue(site: Site, calls: list[Events]) -> None:
    """Make all calls."""
    for events in calls:
        site.client.track_many(events)


def keys_left(site: Site) -> int:
    """Return how many keys of destinations there are."""
    return sum(1 for pattern in PATTERNS for _ in site.redis.scan_iter(pattern, count=1_000))


def wait_until_idle(site: Site) -> None:
    """Wait until the last settlement has removed what it settled, or as long as it may take."""
    give_up_at = time.monotonic() + IDLE_S
    while keys_left(site) and time.monotonic() < give_up_at:
        time.sleep(POLL_S)


def payload_bytes(site: Site, events: Events) -> float:
    """Return the mean JSON that waits for a destination, of some."""
    names = {f"web:{event['event_source_id']}" for event in events[:SAMPLES]}
    blocks: Any = [fields for name in names for _, fields in site.redis.xrange(keys.outbox(name))]
    return sum(len(unpacked(fields[b"b"])) for fields in blocks) / len(names)


def weigh(site: Site, crowd: Crowd, calls: list[Events]) -> Footprint:
    """Enqueue without a worker, then start it, and return what the destinations take."""
    before = site.memory_bytes()
    enqueue(site, calls)
    waiting, keys_waiting = site.memory_bytes() - before, keys_left(site)
    payload = payload_bytes(site, calls[0])
    site.start_worker(arriving=crowd.events)
    wait_until_idle(site)
    return Footprint(waiting / crowd.destinations, payload, keys_waiting, keys_left(site))


def run(site: Site, crowd: Crowd, calls: list[Events]) -> Run:
    """Enqueue while the worker runs, until the last event is accepted.

    Raises:
        ProgramError: not every event arrived.
    """
    before, cpu_before = site.sink.figures(), site.cpu_s()
    started_at = time.monotonic()
    enqueue(site, calls)
    site.sink.wait_for(before["distinct"] + crowd.events, site.worker, TIMEOUT_S)
    time.sleep(QUIET_S)
    after, cpu_after = site.sink.figures(), site.cpu_s()
    requests = after["requests"] - before["requests"]
    worker_s, redis_s = (b - a for a, b in zip(cpu_before, cpu_after, strict=True))
    return Run(
        crowd.events / (after["last_at"] - started_at),
        requests,
        worker_s * 1_000_000 / requests,
        redis_s * 1_000_000 / requests,
    )


def measure_crowd(course: Course, crowd: Crowd) -> dict[str, Any]:
    """Return what so many destinations take, and how fast and at what cost they are served.

    ``idle`` is what the server holds more after all rounds than after the first time all were
    idle, in bytes per destination; what each round leaves behind would show in it.

    Raises:
        ProgramError: not every event arrived, or an idle destination has left a key.
    """
    calls = crowd.calls(course.seed)
    with ExitStack() as stack:
        site = Site(course, stack)
        footprint = weigh(site, crowd, calls)
        if footprint.keys_idle:
            raise ProgramError(f"{footprint.keys_idle} keys are left of idle destinations")
        idle = site.memory_bytes()
        case = f"{crowd.destinations:,} pixels"
        rounds = interleaved(course.rounds, (case,), lambda _: run(site, crowd, calls))
        wait_until_idle(site)
        growth = (site.memory_bytes() - idle) / crowd.destinations
    runs = [asdict(each[case]) for each in rounds]
    medians = {name: median(each[name] for each in runs) for name in runs[0]}
    return {**asdict(crowd), **asdict(footprint), "idle": growth, **medians, "runs": runs}
