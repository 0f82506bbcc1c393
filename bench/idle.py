"""Small and quiet: what it costs to start, to be there, and to have nothing to do.

It takes some minutes, most of them waiting. See ``README.md`` for the method.
"""

from __future__ import annotations

import argparse

from bench.lab.report import Options, course_of, hand_over, options_of
from bench.sections import rest, start_up


def parsed() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = Options(__doc__, "concurrency", "seed")
    parser.number("seconds", 60.0, "of each rest", least=1)
    parser.number("rounds", 9, "of the start-up")
    parser.number("events", 100_000, "between the two rests")
    parser.number("parked", 1_000, "destinations at the second rest")
    return parser.parse_args()


def main() -> None:
    """Measure, write the result, and show it."""
    given = parsed()
    starts = start_up.measure_start_up(given.rounds)
    found = rest.measure_rest(course_of(given), given.events, given.parked, given.seconds)
    result = {"course": options_of(given), "start_up": starts, "worker": found}
    hand_over("idle", given, result, [start_up.table_of(starts), *rest.shown(found)])


if __name__ == "__main__":
    main()
