"""Rates from the first enqueue to the last acceptance, their ratios, and CPU by process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from statistics import median
from typing import Any

from rich.table import Table

from bench.designs.catalogue import BULK, CELERY_BATCHES, NAIVE, WITHOUT_CELERY, Design
from bench.lab.report import medians, short, spread, table
from bench.lab.rounds import interleaved
from bench.sections.comparison import Comparison
from bench.sections.race import Run, run

RATE_TITLE = "From the first enqueue to the last acceptance; CPU in µs per event"
RATES = ("events/s", "x naive", "x batches", "producer", "worker", "Redis", "sink", "less\nCPU")
REST_TITLE = "Memory of the worker's processes, and what arrived"
REST = ("worker MB", "requests per 1,000 events", "lost", "repeated")

Round = dict[Design, Run | None]


def measure(comparison: Comparison) -> list[dict[str, Any]]:
    """Run every design once per round, and return the summary of each that ran."""

    def attempt(design: Design) -> Run | None:
        events = comparison.scaled(design.events)
        return comparison.attempt(design, lambda: run(design, events, comparison.course))

    rounds = interleaved(comparison.rounds, comparison.designs, attempt, lambda one: one.name)
    if shares := ratios(rounds, BULK, WITHOUT_CELERY, faster):
        comparison.note(f"{BULK.name} is {spread(shares)} times the same loop without Celery")
    return [one for design in comparison.designs if (one := summary(rounds, design))]


def faster(run: Run, reference: Run) -> float:
    """Return how many times faster than the reference it was."""
    return run.events_per_s / reference.events_per_s


def cheaper(run: Run, reference: Run) -> float:
    """Return how many times less CPU than the reference it took."""
    return reference.cpu_us / run.cpu_us


def ratios(
    rounds: list[Round], design: Design, reference: Design, ratio: Callable[[Run, Run], float]
) -> list[float]:
    """Return the ratio of each round that has both."""
    pairs = [(each.get(design), each.get(reference)) for each in rounds]
    return [ratio(one, other) for one, other in pairs if one and other]


def summary(rounds: list[Round], design: Design) -> dict[str, Any] | None:
    """Return the medians of a design, its ratios, and every run; ``None`` if it never ran."""
    runs = [asdict(found) for each in rounds if (found := each[design])]
    if not runs:
        return None
    return {
        "design": design.name,
        "median": medians(runs),
        "times_naive": ratios(rounds, design, NAIVE, faster),
        "times_celery_batches": ratios(rounds, design, CELERY_BATCHES, faster),
        "times_without_celery": ratios(rounds, design, WITHOUT_CELERY, faster),
        "times_less_cpu_than_naive": ratios(rounds, design, NAIVE, cheaper),
        "times_less_cpu_than_celery_batches": ratios(rounds, design, CELERY_BATCHES, cheaper),
        "runs": runs,
    }


def tables(found: list[dict[str, Any]]) -> list[Table]:
    """Return rates and CPU, and what else was found."""
    return [
        table(RATE_TITLE, ("design", *RATES), [rate_row(each) for each in found]),
        table(REST_TITLE, ("design", *REST), [rest_row(each) for each in found]),
    ]


def rate_row(each: dict[str, Any]) -> tuple[str, ...]:
    """Return rate, ratios with their range, and CPU."""
    figures, savings = each["median"], each["times_less_cpu_than_naive"]
    return (
        each["design"],
        f"{figures['events_per_s']:,.0f}",
        spread(each["times_naive"]),
        spread(each["times_celery_batches"]),
        *(short(figures[f"{name}_us"]) for name in ("producer", "worker", "redis", "sink")),
        f"x {short(median(savings))}" if savings else "-",
    )


def rest_row(each: dict[str, Any]) -> tuple[str, ...]:
    """Return memory, requests, and what arrived twice or not at all."""
    return (
        each["design"],
        f"{each['median']['worker_mb']:,.0f}",
        short(each["median"]["requests_per_1000"]),
        *(f"{sum(run[name] for run in each['runs']):,}" for name in ("lost", "repeats")),
    )
