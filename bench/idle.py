"""Small and quiet: what it costs to start, to be there, and to have nothing to do.

It takes some minutes, most of them waiting. See ``README.md`` for the method.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from machine import write_result
from our_site import Course
from rest import measure_rest
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from start_up import measure_start_up

from worker.local.embedded import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1_048_576
MOST_ASKED = 4


def table_of(title: str, *headings: str) -> Table:
    """Return an empty table; what is not a name is a figure."""
    table = Table(title=title, box=SIMPLE_HEAD)
    table.add_column(headings[0])
    for heading in headings[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def table_of_starts(found: dict[str, Any]) -> Table:
    """Return CPU by what was started."""
    table = table_of("Start-up", "", "CPU ms, least", "median")
    for name, times in found.items():
        table.add_row(name, f"{times['least']:,.0f}", f"{times['median']:,.0f}")
    return table


def table_of_memory(found: dict[str, Any]) -> Table:
    """Return memory by process."""
    table = table_of("Memory of the worker", "", "process", "MiB, share", "own")
    for moment, processes in found.items():
        for name, sizes in processes.items():
            table.add_row(moment, name, *(f"{sizes[one] / MIB:,.1f}" for one in ("share", "own")))
        total = sum(sizes["share"] for sizes in processes.values())
        table.add_row(moment, "all", f"{total / MIB:,.1f}", "")
    return table


def table_of_rest(found: dict[str, Any]) -> Table:
    """Return CPU by process, and commands."""
    table = table_of("Nothing to do", "", "process", "% of a core")
    for case, figures in found.items():
        for name, percent in figures["percent"].items():
            table.add_row(case, name, f"{percent:.2f}")
        table.add_row(case, "all", f"{sum(figures['percent'].values()):.2f}")
    return table


def sentences(found: dict[str, Any]) -> Iterator[str]:
    """Yield what no table holds."""
    start = found["start"]
    yield f"first events accepted after {start['cpu_s']:.2f} CPU s ({start['elapsed_s']:.1f} s)"
    for case, figures in found["rest"].items():
        asked = figures["commands_per_s"]
        most = ", ".join(f"{name} {rate:.1f}" for name, rate in list(asked.items())[:MOST_ASKED])
        yield f"{case}: {sum(asked.values()):.1f} commands/s ({most} …)"


def show(result: dict[str, Any], name: str) -> None:
    """Print everything for people."""
    console = Console(width=100, highlight=False)
    console.print(table_of_starts(result["start_up"]))
    console.print(table_of_memory(result["worker"]["memory"]))
    console.print(table_of_rest(result["worker"]["rest"]))
    for sentence in sentences(result["worker"]):
        console.print(sentence)
    console.print(f"written to bench/results/{name}")


def parsed() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="of each rest")
    parser.add_argument("--rounds", type=int, default=9, help="of the start-up")
    parser.add_argument("--events", type=int, default=100_000, help="between the two rests")
    parser.add_argument("--parked", type=int, default=1_000, help="destinations at the second")
    parser.add_argument("--concurrency", type=int, default=2, help="worker processes")
    parser.add_argument("--seed", type=int, default=7, help="of the samples")
    parser.add_argument("--json", action="store_true", help="print one object instead of tables")
    given = parser.parse_args()
    if min(given.seconds, given.rounds, given.events, given.parked, given.concurrency) < 1:
        parser.error("at least 1 of each")
    return given


def main() -> None:
    """Measure, write the result, and show it."""
    given = parsed()
    course = Course(1, given.concurrency, 0.0, given.seed)
    with EmbeddedServer() as server:
        start_up = measure_start_up(given.rounds, server.url)
    rest = measure_rest(course, given.events, given.parked, given.seconds)
    numbers = {name: getattr(given, name) for name in ("seconds", "rounds", "events", "parked")}
    result = {"course": asdict(course) | numbers, "start_up": start_up, "worker": rest}
    name = write_result("idle", result)
    if given.json:
        print(json.dumps(result))
    else:
        show(result, name)


if __name__ == "__main__":
    main()
