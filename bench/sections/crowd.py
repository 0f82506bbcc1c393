"""Ten thousand pixels with few events each: are all delivered, at what cost, what is left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from bench.lab.corpus import Events, web_events
from bench.lab.program import ProgramError
from bench.lab.report import medians
from bench.lab.rounds import interleaved
from bench.lab.sink_reader import POLL_S
from bench.lab.site import Course, OurSite
from tiktok_events.outbox.shards import Shards
from worker.local.samples.events import pixel_code

SAMPLES = 1_000
CALL_EVENTS = 5_000
TIMEOUT_S = 300
IDLE_S = 10
KEYS = Shards().at(0)
PATTERNS = (KEYS.outbox("*"), KEYS.state("*"), KEYS.attempts("*"), KEYS.ready)


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
        """Return the events in calls; those of one pixel are all in the same call."""
        samples = web_events(SAMPLES, seed)
        events = [
            samples[number % SAMPLES] | {"event_source_id": pixel_code(number // self.events_each)}
            for number in range(self.events)
        ]
        size = max(1, CALL_EVENTS // self.events_each) * self.events_each
        return [events[first : first + size] for first in range(0, len(events), size)]


def enqueue(site: OurSite, calls: list[Events]) -> None:
    """Make all calls."""
    for events in calls:
        site.client.track_many(events)


def keys_left(site: OurSite) -> int:
    """Return how many keys of destinations there are."""
    return sum(1 for pattern in PATTERNS for _ in site.redis.scan_iter(pattern, count=1_000))


def wait_until_idle(site: OurSite) -> None:
    """Wait until the last settlement has removed what it settled, or as long as it may take."""
    give_up_at = time.monotonic() + IDLE_S
    while keys_left(site) and time.monotonic() < give_up_at:
        time.sleep(POLL_S)


def payload_bytes(site: OurSite, events: Events) -> float:
    """Return the mean JSON that waits for a destination, of some."""
    names = {f"web:{event['event_source_id']}" for event in events[:SAMPLES]}
    blocks: Any = [fields for name in names for _, fields in site.redis.xrange(KEYS.outbox(name))]
    return sum(len(fields[b"b"]) for fields in blocks) / len(names)


def weigh(site: OurSite, crowd: Crowd, calls: list[Events]) -> dict[str, float]:
    """Enqueue without a worker, then start it, and return what the destinations take.

    Returns:
        In bytes per destination, while they wait: ``waiting``, of it ``payload`` (their JSON);
        and the number of their keys: ``keys_waiting``, and ``keys_idle`` once they are idle.

    Raises:
        ProgramError: not every event arrived, or an idle destination has left a key.
    """
    before = site.memory_bytes()
    enqueue(site, calls)
    waiting, keys_waiting = site.memory_bytes() - before, keys_left(site)
    payload = payload_bytes(site, calls[0])
    site.start_ours(arriving=crowd.events)
    wait_until_idle(site)
    if keys_idle := keys_left(site):
        raise ProgramError(f"{keys_idle} keys are left of idle destinations")
    return {
        "waiting": waiting / crowd.destinations,
        "payload": payload,
        "keys_waiting": keys_waiting,
        "keys_idle": keys_idle,
    }


def run(site: OurSite, crowd: Crowd, calls: list[Events]) -> dict[str, float]:
    """Enqueue while the worker runs, until the last event is accepted.

    Returns:
        ``events_per_s``, from before the first enqueue to the last acceptance; the number of
        ``requests``; CPU microseconds of worker and server per request.

    Raises:
        ProgramError: not every event arrived.
    """
    wanted, taken_s = site.sink.arrived + crowd.events, 0.0

    def go() -> None:
        nonlocal taken_s
        started_at = time.monotonic()
        enqueue(site, calls)
        taken_s = site.sink.wait_for(wanted, site.worker, TIMEOUT_S) - started_at

    spent = site.measured(go)
    return {
        "events_per_s": crowd.events / taken_s,
        "requests": spent.requests,
        "worker_us": spent.worker_s * 1_000_000 / spent.requests,
        "redis_us": spent.redis_s * 1_000_000 / spent.requests,
    }


def measure_crowd(course: Course, rounds: int, crowd: Crowd) -> dict[str, Any]:
    """Return what so many destinations take, and how fast and at what cost they are served.

    ``idle`` is what the server holds more after all rounds than after the first time all were
    idle, in bytes per destination; what each round leaves behind would show in it.

    Raises:
        ProgramError: not every event arrived, or an idle destination has left a key.
    """
    calls = crowd.calls(course.seed)
    with ExitStack() as stack:
        site = OurSite(course, stack)
        footprint = weigh(site, crowd, calls)
        idle = site.memory_bytes()
        case = f"{crowd.destinations:,} pixels"
        found = interleaved(rounds, (case,), lambda _: run(site, crowd, calls))
        wait_until_idle(site)
        growth = (site.memory_bytes() - idle) / crowd.destinations
    runs = [each[case] for each in found]
    return {**asdict(crowd), **footprint, "idle": growth, **medians(runs), "runs": runs}


def rows(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Return names and figures for people."""
    yield "delivered, enqueueing included", f"{found['events_per_s']:,.0f} events/s"
    yield "requests", f"{found['requests']:,.0f}"
    yield "CPU per request, worker", f"{found['worker_us']:,.0f} us"
    yield "CPU per request, server", f"{found['redis_us']:,.0f} us"
    yield "memory per waiting destination", f"{found['waiting']:,.0f} B"
    yield "its JSON", f"{found['payload']:,.0f} B"
    yield "memory per idle destination, after all rounds", f"{found['idle']:,.1f} B"
    yield "keys, waiting", f"{found['keys_waiting']:,}"
    yield "keys, idle", f"{found['keys_idle']:,}"
