"""From the first enqueue to the last acceptance: rates, their ratios, and CPU by process."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from designs import BULK, CELERY_BATCHES, NAIVE, WITHOUT_CELERY, Design
from race import Course, Run, run
from rounds import interleaved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entrants import Notes
    from rich.table import Table

from worker.cli.terminal import plain_table

LEAST_EVENTS = 20
RATE_TITLE = "From the first enqueue to the last acceptance; CPU in µs per event"
REST_TITLE = "Memory of the worker's processes, and what arrived"

Round = dict[Design, Run | None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run.

    Attributes:
        rounds: every design runs once in each.
        scale: of the number of events of each design.
    """

    rounds: int
    scale: float

    def events(self, design: Design) -> int:
        """Return how many events a design gets."""
        return max(LEAST_EVENTS, round(design.events * self.scale))


def measure(designs: Sequence[Design], plan: Plan, course: Course, notes: Notes) -> list[Round]:
    """Run every design once per round."""
    return interleaved(
        plan.rounds,
        list(designs),
        lambda design: notes.attempt(design, lambda: run(design, plan.events(design), course)),
        lambda design: design.name,
    )


def pairs(rounds: list[Round], design: Design, reference: Design) -> list[tuple[Run, Run]]:
    """Return the runs of both, of each round that has both."""
    found = [(each.get(design), each.get(reference)) for each in rounds]
    return [(one, other) for one, other in found if one and other]


def ratios(rounds: list[Round], design: Design, reference: Design) -> list[float]:
    """Return how many times faster than ``reference`` it was, round by round."""
    both = pairs(rounds, design, reference)
    return [one.events_per_s / other.events_per_s for one, other in both]


def savings(rounds: list[Round], design: Design, reference: Design) -> list[float]:
    """Return how many times less CPU than ``reference`` it took, round by round."""
    return [other.cpu_us / one.cpu_us for one, other in pairs(rounds, design, reference)]


def summary(rounds: list[Round], design: Design) -> dict[str, Any] | None:
    """Return the medians of a design, its ratios, and every run; ``None`` if it never ran."""
    runs = [asdict(found) for each in rounds if (found := each[design])]
    if not runs:
        return None
    return {
        "design": design.name,
        "median": {name: median(each[name] for each in runs) for name in runs[0]},
        "times_naive": ratios(rounds, design, NAIVE),
        "times_celery_batches": ratios(rounds, design, CELERY_BATCHES),
        "times_without_celery": ratios(rounds, design, WITHOUT_CELERY),
        "times_less_cpu_than_naive": savings(rounds, design, NAIVE),
        "times_less_cpu_than_celery_batches": savings(rounds, design, CELERY_BATCHES),
        "runs": runs,
    }


def summaries(rounds: list[Round], notes: Notes) -> list[dict[str, Any]]:
    """Return the summary of every design, and note what the table has no room for."""
    found = [one for design in rounds[0] if (one := summary(rounds, design))]
    if shares := ratios(rounds, BULK, WITHOUT_CELERY):
        notes.add(f"{BULK.name} is {spread(shares)} times the same loop without Celery")
    return found


def rate_table(found: list[dict[str, Any]]) -> Table:
    """Return rates, ratios with their range, and CPU."""
    table = plain_table("design")
    names = ("events/s", "x naive", "x batches", "producer", "worker", "Redis", "sink", "less\nCPU")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for each in found:
        figures = each["median"]
        table.add_row(
            each["design"],
            f"{figures['events_per_s']:,.0f}",
            spread(each["times_naive"]),
            spread(each["times_celery_batches"]),
            *(short(figures[f"{name}_us"]) for name in ("producer", "worker", "redis", "sink")),
            less(each["times_less_cpu_than_naive"]),
        )
    return table


def rest_table(found: list[dict[str, Any]]) -> Table:
    """Return memory, requests, and what arrived twice or not at all."""
    table = plain_table("design")
    for name in ("worker MB", "requests per 1,000 events", "lost", "repeated"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in found:
        figures = each["median"]
        table.add_row(
            each["design"],
            f"{figures['worker_mb']:,.0f}",
            short(figures["requests_per_1000"]),
            *(f"{sum(run[name] for run in each['runs']):,}" for name in ("lost", "repeats")),
        )
    return table


def less(values: list[float]) -> str:
    """Return how many times less CPU than the naive design producer, worker and Redis took."""
    return f"x {short(median(values))}" if values else "-"


def spread(values: list[float]) -> str:
    """Return the median, and the range below it where there is one."""
    if not values:
        return "-"
    if min(values) == max(values):
        return short(values[0])
    return f"{short(median(values))} ({short(min(values))}-{short(max(values))})"


def short(value: float) -> str:
    """Return a figure with as many digits as it deserves."""
    if value == round(value) or value >= 10:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 1 else f"{value:.1f}"
