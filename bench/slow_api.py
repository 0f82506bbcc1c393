"""A real API answers in 100 to 300 ms, not at once: what is left of the rate then."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Any

from designs import BULK, CELERY_BATCHES, NAIVE, Design
from race import Course, Run, run
from rounds import interleaved
from throughput import LEAST_EVENTS, short

from worker.cli.terminal import plain_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entrants import Notes
    from rich.table import Table

LATENCIES_MS = (0, 100, 300)
DESIGNS = (NAIVE, CELERY_BATCHES, BULK)
TITLE = "Events per second when the API needs time to answer (share of the rate at 0 ms)"
WARM_UP = 20
NAIVE_EVENTS = {0: 1_000, 100: 120, 300: 60}
"""A process that sends one event after the other needs the latency for each."""


@dataclass(frozen=True, slots=True)
class Case:
    """A design at a latency."""

    design: Design
    latency_ms: int

    def events(self, scale: float) -> int:
        """Return how many events it gets."""
        full = NAIVE_EVENTS[self.latency_ms] if self.design == NAIVE else self.design.events
        return max(LEAST_EVENTS, round(full * scale))

    def __str__(self) -> str:
        return f"{self.design.name} at {self.latency_ms} ms"


Round = dict[Case, Run | None]


def measure(
    designs: Sequence[Design], rounds: int, scale: float, course: Course, notes: Notes
) -> list[Round]:
    """Run every case once per round."""

    def attempt(case: Case) -> Run | None:
        slow = replace(course, latency_ms=case.latency_ms, warm_up=WARM_UP)
        return notes.attempt(case.design, lambda: run(case.design, case.events(scale), slow))

    taking_part = [design for design in DESIGNS if design in designs]
    cases = [Case(design, latency) for design in taking_part for latency in LATENCIES_MS]
    return interleaved(rounds, cases, attempt)


def summaries(rounds: list[Round]) -> list[dict[str, Any]]:
    """Return each case's median rate, what is left of the rate at once, and every run."""
    found = []
    for case in rounds[0] if rounds else ():
        runs = [each[case] for each in rounds]
        rates = [one.events_per_s for one in runs if one]
        found.append(
            {
                "design": case.design.name,
                "latency_ms": case.latency_ms,
                "events_per_s": median(rates) if rates else None,
                "of_no_latency": left(rounds, case),
                "runs": [asdict(one) for one in runs if one],
            }
        )
    return found


def left(rounds: list[Round], case: Case) -> float | None:
    """Return the median over the rounds of the rate as a share of that at once."""
    pairs = [(each[case], each[replace(case, latency_ms=0)]) for each in rounds]
    shares = [one.events_per_s / other.events_per_s for one, other in pairs if one and other]
    return median(shares) if shares else None


def table_of(found: list[dict[str, Any]]) -> Table:
    """Return a row for each design: the rate at each latency, and what is left."""
    table = plain_table("design")
    for latency in LATENCIES_MS:
        table.add_column(f"{latency} ms", justify="right", no_wrap=True)
    for name in dict.fromkeys(each["design"] for each in found):
        table.add_row(name, *(cell(each) for each in found if each["design"] == name))
    return table


def cell(each: dict[str, Any]) -> str:
    """Return a rate and its share."""
    if each["events_per_s"] is None:
        return "failed"
    share = "" if each["of_no_latency"] is None else f" ({each['of_no_latency']:.2f})"
    return short(each["events_per_s"]) + share
