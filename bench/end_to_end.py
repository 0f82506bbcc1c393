"""From the first enqueue to the last acceptance: ours beside the usual design.

The designs take turns in every round, and each round has its own ratios: a machine that is slow
for a while is slow for all of them. See ``README.md`` for the method.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from statistics import median
from typing import Any

from designs import BULK, DESIGNS, NAIVE, NAIVE_SESSION, ONE_AT_A_TIME, Design
from machine import write_result
from race import Course, Run, run
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rounds import interleaved

Round = dict[Design, Run]


def sizes(arguments: argparse.Namespace) -> dict[Design, int]:
    """Return how many events each design gets; a slow one needs fewer for the same time."""
    return {
        NAIVE: arguments.naive_events,
        NAIVE_SESSION: arguments.naive_events,
        ONE_AT_A_TIME: arguments.single_events,
        BULK: arguments.events,
    }


def run_rounds(rounds: int, events: dict[Design, int], course: Course) -> list[Round]:
    """Run every design once per round."""
    return interleaved(
        rounds,
        DESIGNS,
        lambda design: run(design, events[design], course),
        lambda design: design.name,
    )


def ratios(rounds: list[Round], design: Design, reference: Design) -> list[float]:
    """Return how many times faster than ``reference`` it was, round by round."""
    return [each[design].events_per_s / each[reference].events_per_s for each in rounds]


def summary(rounds: list[Round], design: Design) -> dict[str, Any]:
    """Return the medians of a design, its ratios, and every run."""
    runs = [each[design] for each in rounds]
    medians = {name: median(asdict(each)[name] for each in runs) for name in asdict(runs[0])}
    return {
        "design": design.name,
        "median": medians,
        "times_naive": ratios(rounds, design, NAIVE),
        "times_naive_with_session": ratios(rounds, design, NAIVE_SESSION),
        "runs": [asdict(each) for each in runs],
    }


def spread(values: list[float]) -> str:
    """Return the median, and the range below it where there is one."""
    if min(values) == max(values):
        return short(values[0])
    return f"{short(median(values))}\n{short(min(values))}-{short(max(values))}"


def short(value: float) -> str:
    """Return a figure with as many digits as it deserves."""
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


COLUMNS = (
    "events",
    "events/s",
    "x naive",
    "x naive,\nSession",
    "producer",
    "worker",
    "Redis",
    "requests\nper 1,000",
)


def table_of(summaries: list[dict[str, Any]]) -> Table:
    """Return the figures for people: medians, and ratios with their range."""
    table = Table(
        "design",
        title="From the first enqueue to the last acceptance",
        caption="naive: one task and one request per event; "
        "producer, worker, Redis: CPU in µs per event",
        box=SIMPLE_HEAD,
    )
    for name in COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for each in summaries:
        table.add_row(each["design"], *cells(each))
    return table


def cells(each: dict[str, Any]) -> list[str]:
    """Return one row of the table."""
    figures = each["median"]
    names = ("producer_us", "worker_us", "redis_us", "requests_per_1000")
    return [
        f"{figures['events']:,}",
        f"{figures['events_per_s']:,.0f}",
        spread(each["times_naive"]),
        spread(each["times_naive_with_session"]),
        *(f"{figures[name]:,.0f}" for name in names[:3]),
        f"{figures['requests_per_1000']:,.1f}",
    ]


def parsed() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--events", type=int, default=60_000, help="through track_many()")
    parser.add_argument("--single-events", type=int, default=10_000, help="through track()")
    parser.add_argument("--naive-events", type=int, default=1_500, help="of either naive design")
    parser.add_argument("--concurrency", type=int, default=2, help="worker processes")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="of the sink")
    parser.add_argument("--seed", type=int, default=7, help="of the samples")
    parser.add_argument("--json", action="store_true", help="print one object instead of a table")
    return parser.parse_args()


def result_name(course: Course) -> str:
    """Return the name of the result; a slow sink has one of its own."""
    return f"end-to-end-{course.latency_ms:g}ms" if course.latency_ms else "end-to-end"


def main() -> None:
    """Measure, write the result, and show it."""
    arguments = parsed()
    course = Course(arguments.concurrency, arguments.latency_ms, arguments.seed)
    rounds = run_rounds(arguments.rounds, sizes(arguments), course)
    summaries = [summary(rounds, design) for design in DESIGNS]
    result = {"rounds": arguments.rounds, "course": asdict(course), "designs": summaries}
    name = write_result(result_name(course), result)
    if arguments.json:
        print(json.dumps(result))
    else:
        console = Console(width=100)
        console.print(table_of(summaries))
        console.print(f"written to bench/results/{name}")


if __name__ == "__main__":
    main()
