"""Large and many: a million waiting events of one pixel, ten thousand pixels with few each.

By default it takes some minutes, and about 2 GB of memory. See ``README.md`` for the method.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from statistics import median
from typing import Any

from backlog import ALONE, EMPTY, FULL, measure_backlog
from crowd import Crowd, measure_crowd
from machine import write_result
from our_site import Course
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tiktok_events.outbox.compression import CHOICES

LEAST_EVENTS = 40_000


def figures_of_backlog(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return names and figures of the first question."""
    return [
        ("memory per waiting event", f"{found['memory']:,.0f} B"),
        ("its JSON", f"{found['payload']:,.0f} B"),
        ("memory / JSON", f"{found['memory'] / found['payload']:.2f}"),
        (f"drain of {found['drained']:,} of them", drain_of(found[FULL])),
        (f"drain of {ALONE:,} alone", drain_of(found[EMPTY])),
        ("ratio of the rates", spread(found["ratios"])),
        ("ratio of the CPU per event", spread(found["cpu_ratios"])),
    ]


def drain_of(drain: dict[str, float]) -> str:
    """Return rate and CPU of one case."""
    cpu = f"worker {drain['worker_us']:,.0f} us, server {drain['redis_us']:,.1f} us per event"
    return f"{drain['events_per_s']:,.0f} events/s; {cpu}"


def spread(ratios: list[float]) -> str:
    """Return the median and the range."""
    return f"{median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"


def figures_of_crowd(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return names and figures of the second question."""
    return [
        ("delivered, enqueueing included", f"{found['events_per_s']:,.0f} events/s"),
        ("requests", f"{found['requests']:,.0f}"),
        ("CPU per request, worker", f"{found['worker_us']:,.0f} us"),
        ("CPU per request, server", f"{found['redis_us']:,.0f} us"),
        ("memory per waiting destination", f"{found['waiting']:,.0f} B"),
        ("its JSON", f"{found['payload']:,.0f} B"),
        ("memory per idle destination, after all rounds", f"{found['idle']:,.1f} B"),
        ("keys, waiting", f"{found['keys_waiting']:,}"),
        ("keys, idle", f"{found['keys_idle']:,}"),
    ]


def table_of(title: str, figures: list[tuple[str, str]]) -> Table:
    """Return the figures for people."""
    table = Table("", title=title, box=SIMPLE_HEAD, show_header=False)
    table.add_column(justify="right", no_wrap=True)
    for name, figure in figures:
        table.add_row(name, figure)
    return table


def show(result: dict[str, Any], name: str) -> None:
    """Print both tables."""
    console = Console(width=100)
    backlog, crowd = result["backlog"], result["crowd"]
    title = f"{backlog['events']:,} waiting events of one pixel"
    console.print(table_of(title, figures_of_backlog(backlog)))
    title = f"{crowd['destinations']:,} pixels, events of each: {crowd['events_each']:,}"
    console.print(table_of(title, figures_of_crowd(crowd)))
    console.print(f"written to bench/results/{name}")


def parsed() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=1_000_000, help="waiting, of one pixel")
    parser.add_argument("--destinations", type=int, default=10_000, help="with few events each")
    parser.add_argument("--events-each", type=int, default=1, help="of these destinations")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--concurrency", type=int, default=2, help="worker processes")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="of the sink")
    parser.add_argument("--seed", type=int, default=7, help="of the samples")
    parser.add_argument("--compression", choices=CHOICES, default="auto", help="of the producer")
    parser.add_argument("--json", action="store_true", help="print one object instead of tables")
    given = parser.parse_args()
    if given.events < LEAST_EVENTS:
        parser.error(f"at least {LEAST_EVENTS:,} events")
    if min(given.destinations, given.events_each, given.rounds) < 1:
        parser.error("at least one destination, one event of each, and one round")
    return given


def main() -> None:
    """Measure, write the result, and show it."""
    given = parsed()
    course = Course(
        given.rounds, given.concurrency, given.latency_ms, given.seed, given.compression
    )
    result = {
        "course": asdict(course),
        "backlog": measure_backlog(course, given.events),
        "crowd": measure_crowd(course, Crowd(given.destinations, given.events_each)),
    }
    name = write_result("scale", result)
    if given.json:
        print(json.dumps(result))
    else:
        show(result, name)


if __name__ == "__main__":
    main()
