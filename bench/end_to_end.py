"""Ours beside the usual designs and the peers: rates, CPU, memory, a slow API, latency.

The designs take turns in every round, and each round has its own ratios: a machine that is slow
for a while is slow for all of them. See ``README.md`` for the method.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import latency
import resting
import slow_api
import throughput
from designs import BY_KEY, DESIGNS, Design
from entrants import Notes, ready
from environments import versions
from machine import RESULTS, write_result
from race import Course

from worker.cli.terminal import console

SECTIONS = ("throughput", "memory", "latency", "slow-api")
TABLES = (
    ("throughput", throughput.RATE_TITLE, throughput.rate_table),
    ("throughput", throughput.REST_TITLE, throughput.rest_table),
    ("memory", resting.TITLE, resting.table_of),
    ("slow_api", slow_api.TITLE, slow_api.table_of),
    ("latency", latency.TITLE, latency.table_of),
)
QUICK_SCALE = 0.2
EXAMPLES = """\
examples:
  make bench                                      everything, about 20 minutes on two cores
  make bench ARGS=--quick                         everything, one short round
  make bench ARGS='--only naive,track_many'        these two
  make bench ARGS='--latency --json'              one section, one object

designs: """ + ", ".join(BY_KEY)


@dataclass
class Comparison:
    """What is compared, and what was found so far."""

    designs: list[Design]
    plan: throughput.Plan
    course: Course
    notes: Notes
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])
    found: dict[str, Any] = field(default_factory=dict)

    def throughput(self) -> None:
        """Rates of all designs."""
        rounds = throughput.measure(self.designs, self.plan, self.course, self.notes)
        self.found["throughput"] = throughput.summaries(rounds, self.notes)

    def slow_api(self) -> None:
        """Rates when the API needs time; fewer rounds, because the naive design waits a lot."""
        rounds = (self.plan.rounds + 1) // 2
        measured = slow_api.measure(self.designs, rounds, self.plan.scale, self.course, self.notes)
        self.found["slow_api"] = slow_api.summaries(measured)

    def memory(self) -> None:
        """What waiting events take."""
        events = self.scaled(resting.EVENTS)
        self.found["memory"] = resting.measure(self.designs, events, self.course, self.notes)

    def latency(self) -> None:
        """How long single events take."""
        events = self.scaled(latency.EVENTS)
        self.found["latency"] = latency.measure(self.designs, events, self.course, self.notes)

    def scaled(self, events: int) -> int:
        """Return how many events a section gets that has the same number for all."""
        return max(throughput.LEAST_EVENTS, round(events * self.plan.scale))

    def result(self) -> dict[str, Any]:
        """Return all that is written."""
        return {
            "rounds": self.plan.rounds,
            "scale": self.plan.scale,
            "course": asdict(self.course),
            "load_before": self.load_before,
            "peers": {each.name: versions(each.peer) for each in self.designs if each.peer},
            "notes": self.notes.lines,
            **self.found,
        }

    def show(self) -> None:
        """Print a table for everything that was found."""
        terminal = console()
        for section, title, table_of in TABLES:
            if section in self.found:
                terminal.print(title, style="bold")
                terminal.print(table_of(self.found[section]), "")
        for line in self.notes.lines:
            terminal.print(f"note: {line}")


def names(text: str) -> list[Design]:
    """Return the designs of a list of names, in our order."""
    wanted = {name.strip() for name in text.split(",")}
    if unknown := wanted - BY_KEY.keys():
        message = f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(BY_KEY)}"
        raise argparse.ArgumentTypeError(message)
    return [design for design in DESIGNS if design.key in wanted]


def positive(text: str) -> int:
    """Return a number from 1 up."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def parsed() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0],
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=positive, default=5, help="of the rates (default: 5)")
    parser.add_argument("--only", type=names, default=list(DESIGNS), help="designs, with commas")
    parser.add_argument("--section", choices=SECTIONS, action="append", help="default: all")
    parser.add_argument(
        "--latency",
        action="append_const",
        const="latency",
        dest="section",
        help="the same as --section latency",
    )
    parser.add_argument("--quick", action="store_true", help="one round of fewer events")
    parser.add_argument("--scale", type=float, default=1.0, help="of the numbers of events")
    parser.add_argument("--concurrency", type=positive, default=2, help="worker processes")
    parser.add_argument("--seed", type=int, default=7, help="of the samples")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where to write")
    parser.add_argument("--json", action="store_true", help="print one object instead of tables")
    return parser.parse_args()


def comparison_of(arguments: argparse.Namespace) -> Comparison:
    """Return what the arguments ask for; the environments are ready."""
    notes = Notes()
    scale, rounds = arguments.scale, arguments.rounds
    if arguments.quick:
        scale, rounds = scale * QUICK_SCALE, 1
    course = Course(arguments.concurrency, seed=arguments.seed)
    return Comparison(ready(arguments.only, notes), throughput.Plan(rounds, scale), course, notes)


def main() -> None:
    """Measure, write the result after every section, and show it."""
    arguments = parsed()
    comparison = comparison_of(arguments)
    for section in arguments.section or SECTIONS:
        getattr(comparison, section.replace("-", "_"))()
        file = write_result("end-to-end", comparison.result(), arguments.results)
    if arguments.json:
        print(json.dumps(comparison.result()))
    else:
        comparison.show()
        print(f"written to {file}")


if __name__ == "__main__":
    main()
