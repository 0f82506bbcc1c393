"""Ours beside the usual designs and the peers: rates, CPU, memory, a slow API, latency.

The designs take turns in every round, and each round has its own ratios: a machine that is slow
for a while is slow for all of them. See ``README.md`` for the method.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from typing import Any, Final

from bench.designs.catalogue import BY_KEY, DESIGNS, Design
from bench.lab.environments import versions
from bench.lab.machine import write_result
from bench.lab.report import Options, course_of, hand_over
from bench.sections import latency, slow_api, throughput, waiting
from bench.sections.comparison import Comparison

SECTIONS: Final = {
    "throughput": throughput,
    "memory": waiting,
    "latency": latency,
    "slow-api": slow_api,
}
QUICK_SCALE = 0.2
NAME = "end-to-end"
EXAMPLES = """\
examples:
  make bench                                      everything, about 20 minutes on two cores
  make bench ARGS=--quick                         everything, one short round
  make bench ARGS='--only naive,track_many'       these two
  make bench ARGS='--section latency --json'      one section, one object

designs: """ + ", ".join(BY_KEY)


def names(text: str) -> list[Design]:
    """Return the designs of a list of names, in our order."""
    wanted = {name.strip() for name in text.split(",")}
    if unknown := wanted - BY_KEY.keys():
        message = f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(BY_KEY)}"
        raise argparse.ArgumentTypeError(message)
    return [design for design in DESIGNS if design.key in wanted]


def parsed() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = Options(__doc__, "rounds", "concurrency", "seed", epilog=EXAMPLES)
    parser.add_argument("--only", type=names, default=list(DESIGNS), help="designs, with commas")
    parser.add_argument("--section", choices=SECTIONS, action="append", help="default: all")
    parser.add_argument("--quick", action="store_true", help="one round of fewer events")
    parser.number("scale", 1.0, "of the numbers of events")
    return parser.parse_args()


def comparison_of(given: argparse.Namespace) -> Comparison:
    """Return what the arguments ask for; the environments are ready."""
    scale, rounds = given.scale, given.rounds
    if given.quick:
        scale, rounds = scale * QUICK_SCALE, 1
    comparison = Comparison(given.only, rounds, scale, course_of(given))
    comparison.make_environments()
    return comparison


def main() -> None:
    """Measure, write the result after every section, and show it."""
    given = parsed()
    comparison, load_before = comparison_of(given), os.getloadavg()[0]
    result: dict[str, Any] = {
        "rounds": comparison.rounds,
        "scale": comparison.scale,
        "course": asdict(comparison.course),
        "load_before": load_before,
        "peers": {each.name: versions(each.peer) for each in comparison.designs if each.peer},
        "notes": comparison.notes,
    }
    shown = []
    for name in given.section or SECTIONS:
        found = result[name.replace("-", "_")] = SECTIONS[name].measure(comparison)
        shown += SECTIONS[name].tables(found)
        write_result(NAME, result, given.results)
    hand_over(NAME, given, result, [*shown, *(f"note: {line}" for line in comparison.notes)])


if __name__ == "__main__":
    main()
