"""Microseconds of CPU per event: `schemas.check_event` beside marshmallow as usual.

Both get the same events as a worker has them (hashed, decoded from JSON), all of them valid, and
take turns in every round.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from statistics import median
from typing import TYPE_CHECKING, Any

import orjson
from machine import write_result
from plain_schema import PlainEvent

from schemas import check_event
from tiktok_events.event import EventPreparer
from worker.sample_events import sample_events
from worker.sample_people import SAMPLE_REGION

if TYPE_CHECKING:
    from collections.abc import Callable

Samples = list[tuple[str, str, dict[str, Any]]]
"""Event source, its id, and the body."""


def samples(count: int) -> Samples:
    """Return the events as they stand in the outbox, decoded."""
    preparer = EventPreparer({}, SAMPLE_REGION, 64 * 1024)
    prepared = (preparer.prepare(event) for event in sample_events(count, now=int(time.time())))
    return [
        (each.destination.event_source, each.destination.event_source_id, orjson.loads(each.body))
        for each in prepared
    ]


def ours(corpus: Samples) -> float:
    """Return the CPU seconds of our check; a refused sample ends the benchmark."""
    start = time.process_time()
    for source, _, body in corpus:
        assert check_event(body, source).valid
    return time.process_time() - start


def usual(corpus: Samples) -> float:
    """Return the CPU seconds of the plain schema, made once; it raises on a refused sample."""
    schema = PlainEvent()
    whole = [
        {**body, "event_source": source, "event_source_id": source_id}
        for source, source_id, body in corpus
    ]
    start = time.process_time()
    for event in whole:
        schema.load(event)
    return time.process_time() - start


def per_event_us(measure: Callable[[Samples], float], corpus: Samples) -> float:
    """Return one measurement, after collecting what the other side left behind."""
    gc.collect()
    return measure(corpus) * 1_000_000 / len(corpus)


def main() -> None:
    """Measure, write the result, and show it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=5_000)
    arguments = parser.parse_args()
    corpus = samples(arguments.events)
    per_event_us(ours, corpus)  # the first time fills caches and is not counted
    rounds = [
        {"ours_us": per_event_us(ours, corpus), "plain_us": per_event_us(usual, corpus)}
        for _ in range(arguments.rounds)
    ]
    result = {
        "events": arguments.events,
        "ours_us": median(each["ours_us"] for each in rounds),
        "plain_us": median(each["plain_us"] for each in rounds),
        "times_faster": median(each["plain_us"] / each["ours_us"] for each in rounds),
        "rounds": rounds,
    }
    write_result("validation", result)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
