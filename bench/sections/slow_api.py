"""A real API answers in 100 to 300 ms, not at once: what is left of the rate then."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

from rich.table import Table

from bench.designs.catalogue import BULK, CELERY_BATCHES, NAIVE, Design
from bench.lab.report import short, table
from bench.lab.rounds import interleaved
from bench.sections.comparison import Comparison
from bench.sections.race import Run, run

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

    @property
    def events(self) -> int:
        """How many events it gets."""
        return NAIVE_EVENTS[self.latency_ms] if self.design == NAIVE else self.design.events

    def __str__(self) -> str:
        return f"{self.design.name} at {self.latency_ms} ms"


Round = dict[Case, Run | None]


def measure(comparison: Comparison) -> list[dict[str, Any]]:
    """Run every case; in fewer rounds than the rates, because the naive design waits a lot."""

    def attempt(case: Case) -> Run | None:
        slow = replace(comparison.course, latency_ms=case.latency_ms, warm_up=WARM_UP)
        events = comparison.scaled(case.events)
        return comparison.attempt(case.design, lambda: run(case.design, events, slow))

    taking_part = [design for design in DESIGNS if design in comparison.designs]
    cases = [Case(design, latency) for design in taking_part for latency in LATENCIES_MS]
    rounds = interleaved((comparison.rounds + 1) // 2, cases, attempt)
    return [summary(rounds, case) for case in cases]


def summary(rounds: list[Round], case: Case) -> dict[str, Any]:
    """Return the median rate of a case, what is left of the rate at once, and every run."""
    runs = [run for each in rounds if (run := each[case])]
    return {
        "design": case.design.name,
        "latency_ms": case.latency_ms,
        "events_per_s": median(run.events_per_s for run in runs) if runs else None,
        "of_no_latency": left(rounds, case),
        "runs": [asdict(run) for run in runs],
    }


def left(rounds: list[Round], case: Case) -> float | None:
    """Return the median over the rounds of the rate as a share of that at once."""
    pairs = [(each[case], each[replace(case, latency_ms=0)]) for each in rounds]
    shares = [one.events_per_s / other.events_per_s for one, other in pairs if one and other]
    return median(shares) if shares else None


def tables(found: list[dict[str, Any]]) -> list[Table]:
    """Return a row for each design: the rate at each latency, and what is left."""
    names = dict.fromkeys(each["design"] for each in found)
    rows = [(name, *(cell(each) for each in found if each["design"] == name)) for name in names]
    return [table(TITLE, ("design", *(f"{latency} ms" for latency in LATENCIES_MS)), rows)]


def cell(each: dict[str, Any]) -> str:
    """Return a rate and its share."""
    if each["events_per_s"] is None:
        return "failed"
    share = "" if each["of_no_latency"] is None else f" ({each['of_no_latency']:.2f})"
    return short(each["events_per_s"]) + share
