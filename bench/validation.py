"""Microseconds of CPU per event: our check, and the whole step, beside marshmallow as usual.

All get the same events as a worker has them (hashed, as JSON or decoded from it), and take turns
in every round. A round is short: of a noisy machine the quickest round says most.

Example: ``python -m bench.validation --seed 11 --hashed-share 1 --contents 10``
"""

from __future__ import annotations

import argparse
import gc
import logging
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import orjson
import structlog

from bench.designs.plain.schema import PlainEvent
from bench.lab.report import Options, hand_over, options_of, table
from bench.lab.rounds import interleaved
from schemas import check_event
from tiktok_events.event.destination import Destination
from tiktok_events.event.prepare import EventPreparer, PreparedEvent
from worker.delivery.batching import full_batches, request_body
from worker.delivery.prepare import Outgoing, Preparer
from worker.local.samples.events import sample_events
from worker.local.samples.people import SAMPLE_REGION
from worker.outbox.claim import ClaimedBlock
from worker.outbox.claimed_block import OpenBlock
from worker.settings import Settings

BLOCK_EVENTS = 100
BLOCKS_A_CLAIM = 10
SETTINGS = Settings(redis_url="redis://127.0.0.1:1/0")
PLAIN = "marshmallow as usual"
CHECK = "check_event"
STEP = "block to request body"
SALVAGED = "check_event, mended"
REFUSED = "check_event, with an error"
UNREADABLE = {"event_time": "soon"}

Work = Callable[[], object]


Samples = list[PreparedEvent]
"""Events as they stand in the outbox."""


def samples(arguments: argparse.Namespace) -> Samples:
    """Return the events that the options ask for."""
    preparer = EventPreparer({}, SAMPLE_REGION, 64 * 1024)
    events = sample_events(
        arguments.events,
        seed=arguments.seed,
        now=int(time.time()),
        raw_share=1 - arguments.hashed_share,
    )
    return [preparer.prepare(with_contents(event, arguments.contents)) for event in events]


def decoded(sample: PreparedEvent) -> dict[str, Any]:
    """Return the event; another object every time."""
    event: dict[str, Any] = orjson.loads(sample.body)
    return event


def with_contents(event: dict[str, Any], count: int | None) -> dict[str, Any]:
    """Return the event with so many contents, if it has any and a number is given."""
    contents = event.get("properties", {}).get("contents")
    if not contents or count is None:
        return event
    repeated = [contents[number % len(contents)] for number in range(count)]
    return {**event, "properties": {**event["properties"], "contents": repeated}}


def checking(corpus: Samples, changes: dict[str, Any] | None = None) -> Work:
    """Return what checks every sample by our schemas, each with the same changes."""
    changes = changes or {}
    events = [(decoded(each) | changes, each.destination.event_source) for each in corpus]
    assert all(check_event(*event).valid is (changes != UNREADABLE) for event in events)
    return lambda: [check_event(event, source).valid for event, source in events]


def loading(corpus: Samples) -> Work:
    """Return what loads every sample by the plain schema, made once."""
    schema = PlainEvent()
    events = [
        {
            **decoded(each),
            "event_source": each.destination.event_source,
            "event_source_id": each.destination.event_source_id,
        }
        for each in corpus
    ]
    return lambda: [schema.load(event) is not None for event in events]


def stepping(corpus: Samples) -> Work:
    """Return what makes request bodies of blocks, as one worker does with one claim."""
    claims = [
        (destination, blocks[at : at + BLOCKS_A_CLAIM])
        for destination, blocks in blocks_of(corpus).items()
        for at in range(0, len(blocks), BLOCKS_A_CLAIM)
    ]
    return lambda: [bodies(destination, blocks) for destination, blocks in claims]


def blocks_of(corpus: Samples) -> dict[Destination, list[ClaimedBlock]]:
    """Return the blocks that wait for each destination."""
    by_destination: dict[Destination, list[bytes]] = {}
    for each in corpus:
        by_destination.setdefault(each.destination, []).append(each.body)
    return {destination: cut(found) for destination, found in by_destination.items()}


def cut(found: list[bytes]) -> list[ClaimedBlock]:
    """Return events as claimed blocks."""
    parts = [found[at : at + BLOCK_EVENTS] for at in range(0, len(found), BLOCK_EVENTS)]
    id_ = f"{int(time.time()) * 1_000}-0"
    return [ClaimedBlock(id_, 1, len(part), b"[" + b",".join(part) + b"]", b"") for part in parts]


def bodies(destination: Destination, blocks: list[ClaimedBlock]) -> int:
    """Return the bytes of all requests for one claim."""
    preparer, now = Preparer(destination, SETTINGS), time.time()
    carried: list[Outgoing] = []
    for claimed in blocks:
        block = OpenBlock.of(claimed, lease_ends=0.0)
        carried += preparer.prepare(block, now=now).end_in(block)
        block.let_go()
    full, rest = full_batches(carried, max_events=1_000, max_bytes=2**24)
    return sum(len(request_body(destination, batch)) for batch in (*full, rest) if batch)


def cpu_us(work: Work, events: int) -> float:
    """Return the CPU microseconds per event, after collecting what others left behind."""
    gc.collect()
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1_000_000 / events


def summed_up(rounds: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return each case's quickest round, and its ratio to the plain schema by rounds."""
    return {
        case: {
            "quickest_us": round(min(each[case] for each in rounds), 2),
            "median_us": round(median(each[case] for each in rounds), 2),
            "ratio": round(median(each[case] / each[PLAIN] for each in rounds), 3),
        }
        for case in rounds[0]
    }


def parsed() -> argparse.Namespace:
    """Return the options."""
    parser = Options(__doc__, "seed")
    parser.number("rounds", 25, "short ones")
    parser.number("events", 2_000, "of one round")
    parser.number("hashed-share", 0.3, "0 to 1: match keys that came as digests")
    parser.add_argument("--contents", type=int, help="in each event with a basket; else 1 to 3")
    return parser.parse_args()


def main() -> None:
    """Measure, write the result, and show it."""
    given = parsed()
    # A remark is logged once a process: not what is measured.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    corpus = samples(given)
    works = {
        PLAIN: loading(corpus),
        CHECK: checking(corpus),
        STEP: stepping(corpus),
        SALVAGED: checking(corpus, {"limited_data_use": "perhaps"}),
        REFUSED: checking(corpus, UNREADABLE),
    }
    rounds = interleaved(given.rounds, list(works), lambda case: cpu_us(works[case], len(corpus)))
    cases = summed_up(rounds)
    size = sum(len(each.body) for each in corpus) / len(corpus)
    headings = ("CPU per event", "quickest µs", "median µs", "to marshmallow")
    rows = [(case, *(f"{figure:g}" for figure in found.values())) for case, found in cases.items()]
    result = {**options_of(given), "bytes_an_event": round(size), "cases": cases}
    hand_over("validation", given, result, [table("Validation", headings, rows)])


if __name__ == "__main__":
    main()
