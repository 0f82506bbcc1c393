"""Ten pixels, one of them in trouble: what the other nine lose by it.

Every round measures all cases, beginning with another one, and makes ratios of its own. The
figure is the events per second of the nine, from before the first enqueue to the last of their
events accepted; in each case all ten get the same events.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

from rich.table import Table

from bench.designs.catalogue import TOKEN
from bench.lab.corpus import Events, web_events
from bench.lab.report import SHARED, Options, course_of, hand_over, hundredths, options_of, table
from bench.lab.rounds import interleaved
from bench.lab.site import Course, OurSite

ILL = "C0ILL0000PIXEL000000"
PIXELS = [ILL, *(f"C0WELL000PIXEL00000{number}" for number in range(9))]
FILE = f'[[destinations]]\nevent_source_id = "{ILL}"\naccess_token = "another-{TOKEN}"\n'
CASES = ("none", "parked", "hanging", "throttled")
SLICE = 1_000
TIMEOUT_S = 120
TITLE = "Events of the other nine pixels; ratio to no trouble, of the same round: wanted 0.9"


def corpus(wanted: int, seed: int) -> Events:
    """Return so many events of the nine pixels, and as many of the tenth as of each of them."""
    events = web_events(wanted * len(PIXELS) // (len(PIXELS) - 1), seed)
    return [
        event | {"event_source_id": pixel}
        for event, pixel in zip(events, cycle(PIXELS), strict=False)
    ]


def run(case: str, events: Events, wanted: int, course: Course) -> float:
    """Return the events per second of the nine in one case, on a site of its own.

    Raises:
        ProgramError: not every event of the nine arrived.
    """
    with ExitStack() as stack:
        site = OurSite(course, stack, "--trouble", case, "--source-id", ILL)
        file = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "destinations.toml"
        file.write_text(FILE)
        settings = {"TIKTOK_EVENTS_DESTINATIONS_FILE": str(file)}
        site.start_ours(settings=settings, pixels=PIXELS[1:])
        before, started_at = site.sink.arrived, time.monotonic()
        for first in range(0, len(events), SLICE):
            site.client.track_many(events[first : first + SLICE])
        return wanted / (site.sink.wait_for(before + wanted, site.worker, TIMEOUT_S) - started_at)


def summary(rounds: list[dict[str, float]], case: str) -> dict[str, Any]:
    """Return the median of a case, and its ratios to the case without trouble."""
    ratios = [each[case] / each["none"] for each in rounds]
    return {
        "trouble": case,
        "events_per_s": median(each[case] for each in rounds),
        "ratio": median(ratios),
        "ratios": ratios,
        "runs": [each[case] for each in rounds],
    }


def table_of(summaries: list[dict[str, Any]]) -> Table:
    """Return the figures for people."""
    rows = [
        (
            each["trouble"],
            f"{each['events_per_s']:,.0f}",
            hundredths(each["ratio"]),
            f"{min(each['ratios']):.2f}-{max(each['ratios']):.2f}",
        )
        for each in summaries
    ]
    return table(TITLE, ("trouble of one pixel", "events/s", "ratio", "range"), rows)


def parsed() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = Options(__doc__, "rounds", "concurrency", "seed")
    parser.number("latency-ms", 100.0, SHARED["latency-ms"][1])
    parser.number("events", 45_000, "of the nine, a multiple of 9")
    return parser.parse_args()


def main() -> None:
    """Measure, write the result, and show it."""
    given = parsed()
    wanted, course = given.events // 9 * 9, course_of(given)
    events = corpus(wanted, course.seed)
    rounds = interleaved(given.rounds, CASES, lambda case: run(case, events, wanted, course))
    summaries = [summary(rounds, case) for case in CASES]
    options = options_of(given)
    result = {"rounds": options.pop("rounds"), "course": options, "cases": summaries}
    hand_over("isolation", given, result, [table_of(summaries)])


if __name__ == "__main__":
    main()
