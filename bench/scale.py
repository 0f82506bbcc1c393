"""Large and many: a million waiting events of one pixel, ten thousand pixels with few each.

By default it takes some minutes, and about 2 GB of memory. See ``README.md`` for the method.
"""

from __future__ import annotations

import argparse

from bench.lab.report import Options, course_of, hand_over, options_of, table
from bench.sections import backlog, crowd

LEAST_EVENTS = 40_000


def parsed() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = Options(__doc__, "rounds", "concurrency", "latency-ms", "seed")
    parser.number("events", 1_000_000, "waiting, of one pixel", least=LEAST_EVENTS)
    parser.number("destinations", 10_000, "with few events each")
    parser.number("events-each", 1, "of these destinations")
    return parser.parse_args()


def main() -> None:
    """Measure, write the result, and show it."""
    given = parsed()
    many = crowd.Crowd(given.destinations, given.events_each)
    run = (course_of(given), given.rounds)
    waiting = backlog.measure_backlog(*run, given.events)
    served = crowd.measure_crowd(*run, many)
    result = {"course": options_of(given), "backlog": waiting, "crowd": served}
    title = f"{many.destinations:,} pixels, events of each: {many.events_each:,}"
    shown = [
        table(f"{given.events:,} waiting events of one pixel", ("", ""), backlog.rows(waiting)),
        table(title, ("", ""), crowd.rows(served)),
    ]
    hand_over("scale", given, result, shown)


if __name__ == "__main__":
    main()
