"""What does each leader of a cluster spend, beside one server that does it all?

The same events of 200 pixels go into one server with one shard, and into clusters with four shards
for each leader: in calls of 1,000 events, and one by one; then a worker in this process sends them
to the sink. Told is the CPU of the servers' processes per event, all together and of the busiest,
and both as a share of what the one server spent. What a leader spends on being part of a cluster
(about two milliseconds a second, of which the others do not rest) is in it.
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from random import Random
from typing import Any, Final

from redis import Redis

from bench.lab.cluster import cluster, url_of
from bench.lab.program import Program
from bench.lab.report import Options, hand_over, medians, table
from bench.lab.rounds import interleaved
from bench.lab.sink_reader import SinkReader
from tiktok_events import Client
from worker.local.embedded import EmbeddedServer
from worker.local.samples.events import sample_events
from worker.local.samples.people import SAMPLE_REGION
from worker.operations.status import read_figures
from worker.runtime.engine import Engine
from worker.settings import Settings

PIXELS: Final = [f"C0{Random(number).randrange(36**9):018}" for number in range(200)]
CALL: Final = 1_000
SHARDS_EACH: Final = 4
LEADERS: Final = (1, 2, 4)
PHASES: Final = ("track_many", "worker, full", "track", "worker, single")

Events = list[dict[str, Any]]


class Place:
    """One server, or the leaders of a cluster, with all that uses them.

    Args:
        leaders: how many; 1 is a server that is part of no cluster.
        sink: where the worker sends events.
        stack: ends everything.
    """

    def __init__(self, leaders: int, sink: SinkReader, stack: ExitStack) -> None:
        self._nodes: Sequence[EmbeddedServer]
        if leaders == 1:
            self._nodes = [stack.enter_context(EmbeddedServer())]
            url, shards = self._nodes[0].url, 1
        else:
            nodes = stack.enter_context(cluster(leaders))
            self._nodes, url, shards = nodes, url_of(nodes), SHARDS_EACH * leaders
        self.client = stack.enter_context(
            Client(url, shards=shards, default_region=SAMPLE_REGION, redis_timeout_s=30.0)
        )
        settings = Settings(
            redis_url=url,
            shards=shards,
            api_url=sink.url,
            access_token="any",  # noqa: S106 — because the sink takes any
        )
        self._engine = Engine(settings)
        stack.callback(self._engine.close)

    def deliver(self) -> None:
        """Send everything that waits."""
        while read_figures(self._engine.store).waiting:
            self._engine.drain()

    def spent_s(self) -> list[float]:
        """CPU seconds of each server until now, as it says itself: to the microsecond."""
        return list(map(_spent_s, self._nodes))

    def empty(self) -> None:
        """Begin anew."""
        for node in self._nodes:
            with Redis.from_url(node.url) as redis:
                redis.flushall()


def _spent_s(node: EmbeddedServer) -> float:
    with Redis.from_url(node.url) as redis:
        figures = redis.info("cpu")
    return float(figures["used_cpu_user"] + figures["used_cpu_sys"])


def track_many(client: Client, events: Events) -> None:
    """In calls of many events."""
    for first in range(0, len(events), CALL):
        client.track_many(events[first : first + CALL])


def track(client: Client, events: Events) -> None:
    """One by one."""
    for event in events:
        client.track(event)


def run(leaders: int, sink: SinkReader, events: Events, singles: int) -> dict[str, float]:
    """Microseconds per event, of all servers and of the busiest, in each phase."""
    figures: dict[str, float] = {}
    with ExitStack() as stack:
        place = Place(leaders, sink, stack)
        track_many(place.client, events[:CALL])
        place.deliver()
        place.empty()
        for phase, work, count in (
            (PHASES[0], lambda: track_many(place.client, events), len(events)),
            (PHASES[1], place.deliver, len(events)),
            (PHASES[2], lambda: track(place.client, events[:singles]), singles),
            (PHASES[3], place.deliver, singles),
        ):
            figures |= _figures(phase, place, work, count)
    return figures


def _figures(phase: str, place: Place, work: Callable[[], object], events: int) -> dict[str, float]:
    before = place.spent_s()
    work()
    each = [
        (after - then) * 1e6 / events for after, then in zip(place.spent_s(), before, strict=True)
    ]
    return {f"{phase}, all": sum(each), f"{phase}, busiest": max(each)}


def measure(count: int, singles: int, rounds: int, seed: int) -> dict[str, Any]:
    """The medians of each number of leaders, and every run."""
    found = sample_events(count, seed=seed, now=int(time.time()))
    events = [
        {**event, "event_source": "web", "event_source_id": PIXELS[number % len(PIXELS)]}
        for number, event in enumerate(found)
    ]
    gc.freeze()
    logging.disable(logging.WARNING)  # a line for each request, and for what it found
    with Program(["bench.lab.sink", "--latency-ms", "0"], speaks=True) as program:
        sink = SinkReader(program)
        each = interleaved(rounds, LEADERS, lambda number: run(number, sink, events, singles))
    runs = {str(number): [one[number] for one in each] for number in LEADERS}
    return {
        "events": count,
        "singles": singles,
        "leaders": {number: medians(of_it) for number, of_it in runs.items()},
        "runs": runs,
    }


def rows(result: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """One row for each phase and number of leaders."""
    one = result["leaders"]["1"]
    for phase in PHASES:
        for number, figures in result["leaders"].items():
            both = [figures[f"{phase}, {which}"] for which in ("all", "busiest")]
            shares = [figure / one[f"{phase}, all"] for figure in both]
            words = [f"{value:.2f}" for value in (*both, *shares)]
            yield (phase if number == "1" else "", number, *words)


def main() -> None:
    """Measure, write the result, and show it."""
    parser = Options(__doc__, "seed")
    parser.number("events", 40_000, "in each run", least=CALL)
    parser.number("singles", 8_000, "of them, one by one", least=100)
    parser.number("rounds", 3, "interleaved")
    given = parser.parse_args()
    result = measure(given.events, given.singles, given.rounds, given.seed)
    title = "leaders of a cluster beside one server; µs of the servers' CPU per event"
    headings = ("", "leaders", "all", "busiest", "all / one", "busiest / one")
    hand_over("leaders", given, result, [table(title, headings, rows(result))])


if __name__ == "__main__":
    main()
