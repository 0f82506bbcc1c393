"""Ten pixels, one of them in trouble: what the other nine lose by it.

Every round measures all cases, beginning with another one, and makes ratios of its own. The
figure is the events per second of the nine, from before the first enqueue to the last of their
events accepted; in each case all ten get the same events.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

from designs import TOKEN
from machine import write_result
from program import Program
from race import QUIET_S, WARM_UP, Sink
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rounds import interleaved

from tiktok_events import Client
from worker.local.embedded import EmbeddedServer
from worker.local.samples.events import sample_events
from worker.local.samples.people import SAMPLE_REGION

ILL = "C0ILL0000PIXEL000000"
PIXELS = [ILL, *(f"C0WELL000PIXEL00000{number}" for number in range(9))]
FILE = f'[[destinations]]\nevent_source_id = "{ILL}"\naccess_token = "another-{TOKEN}"\n'
CASES = ("none", "parked", "hanging", "throttled")
SLICE = 1_000
WEB_SHARE = 0.8
TARGET = 0.9

Events = list[dict[str, Any]]
Round = dict[str, float]


@dataclass(frozen=True, slots=True)
class Course:
    """What all cases have in common.

    Attributes:
        events: of the nine pixels together.
        concurrency: worker processes.
        latency_ms: of the sink, before each answer.
        seed: of the samples.
    """

    events: int
    concurrency: int
    latency_ms: float
    seed: int


def corpus(wanted: int, seed: int, pixels: list[str]) -> Events:
    """Return web samples, the pixels in turns."""
    samples = sample_events(round(wanted / WEB_SHARE), seed=seed, now=int(time.time()))
    web = (event for event in samples if event.get("event_source", "web") == "web")
    events = [
        event | {"event_source_id": pixel}
        for event, pixel in zip(islice(web, wanted), cycle(pixels), strict=False)
    ]
    assert len(events) == wanted
    return events


class Stage:
    """The processes of a run, started and warm."""

    def __init__(self, case: str, course: Course, stack: ExitStack) -> None:
        self.server = stack.enter_context(EmbeddedServer())
        options = ["--trouble", case, "--source-id", ILL, "--latency-ms", str(course.latency_ms)]
        self.sink = Sink(stack.enter_context(Program(["troubled_sink.py", *options], speaks=True)))
        file = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "destinations.toml"
        file.write_text(FILE)
        environment = {
            "TIKTOK_EVENTS_REDIS_URL": self.server.url,
            "TIKTOK_EVENTS_API_URL": self.sink.url,
            "TIKTOK_EVENTS_ACCESS_TOKEN": TOKEN,
            "TIKTOK_EVENTS_DESTINATIONS_FILE": str(file),
        }
        command = ["tiktok-events", "worker", "--concurrency", str(course.concurrency)]
        self.worker = stack.enter_context(Program(command, environment))
        self.client = stack.enter_context(Client(self.server.url, default_region=SAMPLE_REGION))

    def warm_up(self, seed: int) -> None:
        """Wait until some events of the nine went all the way."""
        self.client.track_many(corpus(WARM_UP, seed + 1, PIXELS[1:]))
        self.sink.wait_for(WARM_UP, self.worker, timeout_s=60)
        time.sleep(QUIET_S)

    def run(self, events: Events, wanted: int) -> float:
        """Enqueue, and return the events per second of the nine."""
        started_at = time.monotonic()
        for first in range(0, len(events), SLICE):
            self.client.track_many(events[first : first + SLICE])
        figures = self.sink.wait_for(WARM_UP + wanted, self.worker, timeout_s=120)
        rate: float = wanted / (figures["last_at"] - started_at)
        return rate


def run(case: str, events: Events, course: Course) -> float:
    """Run one case once, on a server, a sink and a worker of its own.

    Raises:
        ProgramError: not every event of the nine arrived.
    """
    with ExitStack() as stack:
        stage = Stage(case, course, stack)
        stage.warm_up(course.seed)
        return stage.run(events, course.events)


def run_rounds(rounds: int, course: Course) -> list[Round]:
    """Run every case once per round."""
    events = corpus(course.events * len(PIXELS) // (len(PIXELS) - 1), course.seed, PIXELS)
    return interleaved(rounds, CASES, lambda case: run(case, events, course))


def summary(rounds: list[Round], case: str) -> dict[str, Any]:
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
    table = Table(
        "trouble of one pixel",
        title="Events of the other nine pixels",
        caption=f"ratio: to no trouble, of the same round; wanted: {TARGET} or more",
        box=SIMPLE_HEAD,
    )
    for name in ("events/s", "ratio", "range"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in summaries:
        spread = f"{min(each['ratios']):.2f}-{max(each['ratios']):.2f}"
        table.add_row(
            each["trouble"], f"{each['events_per_s']:,.0f}", f"{each['ratio']:.2f}", spread
        )
    return table


def parsed() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=45_000, help="of the nine, a multiple of 9")
    parser.add_argument("--concurrency", type=int, default=2, help="worker processes")
    parser.add_argument("--latency-ms", type=float, default=100.0, help="of the sink")
    parser.add_argument("--seed", type=int, default=7, help="of the samples")
    parser.add_argument("--json", action="store_true", help="print one object instead of a table")
    return parser.parse_args()


def main() -> None:
    """Measure, write the result, and show it."""
    given = parsed()
    course = Course(given.events // 9 * 9, given.concurrency, given.latency_ms, given.seed)
    rounds = run_rounds(given.rounds, course)
    summaries = [summary(rounds, case) for case in CASES]
    result = {"rounds": given.rounds, "course": asdict(course), "cases": summaries}
    name = write_result("isolation", result)
    if given.json:
        print(json.dumps(result))
    else:
        console = Console(width=100)
        console.print(table_of(summaries))
        console.print(f"written to bench/results/{name}")


if __name__ == "__main__":
    main()
