"""What Prometheus reads: the figures of one look. Names and meanings: `docs/reference/metrics.md`.

The number of series is bounded: labels are from closed sets, but for destinations, of which
`MOST_NAMED` have names and all others are one.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from itertools import accumulate
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from worker.attempts.verdict import Verdict
from worker.letters.letter import Reason
from worker.letters.retention import WHY
from worker.operations.destination_figures import Condition, DestinationFigures
from worker.operations.operator_webhook import GIVEN_UP
from worker.operations.quality.summary import Quality
from worker.operations.status import ANSWERS_COUNTER, Figures
from worker.reporting.figures.names import (
    ACCEPTED,
    DEAD,
    DELIVERED,
    LATENCIES_S,
    LATENCY_SUM,
    REQUESTS,
    latency_bucket,
)
from worker.reporting.figures.summary import under
from worker.reporting.figures.totals import OTHER, Totals
from worker.serving.watch import Look

PREFIX: Final = "tiktok_events_"
VERSION: Final = version("tiktok-events-worker")

MOST_CURRENCIES: Final = 20
"""Those with the most at risk."""

Metrics = Iterator[Metric]


@dataclass(frozen=True, slots=True)
class Figured(Collector):
    """The metrics of one look.

    Args:
        look: what was seen.
        named: destinations that have names.
    """

    look: Look
    named: frozenset[str]

    def collect(self) -> Metrics:
        """All of them, each family once."""
        figures = self.look.figures
        yield from _counted(figures)
        yield from _ended(figures)
        yield from _stands(figures)
        yield from _destinations(figures, self.named)
        yield from _totals(self.look.totals)
        yield from _quality(self.look.quality)
        yield from _operated(self.look)


@dataclass(frozen=True, slots=True)
class Process(Collector):
    """What this process knows of itself, at the moment of asking.

    Args:
        look: the newest; ``None`` when Redis could not be read lately.
    """

    look: Look | None

    def collect(self) -> Metrics:
        """All of them, each family once."""
        build = GaugeMetricFamily(f"{PREFIX}build_info", "1, with the version", labels=["version"])
        build.add_metric([VERSION], 1)
        yield build
        yield _gauge("redis_up", "1 while Redis answers, else 0", self.look is not None)
        if self.look is not None:
            yield _gauge("snapshot_age_seconds", "Age of all figures here", self.look.age_s)
            lost = len(self.look.figures.lost_shards)
            yield _gauge("lost_shards", "Shards whose leader does not answer", lost)


def _counted(figures: Figures) -> Metrics:
    for name, words in {
        "accepted": "Events for which track() returned",
        "delivered": "Events for which the API said code 0",
        "replayed": "Dead letters that went back into their outboxes",
        "imported": "Dead letters that came back from a file",
        "erased": "Waiting events that were erased for a data subject",
        "cancelled": "Delayed events that were taken back",
        "requests": "Requests sent to the API",
        "claims_lost": "Blocks that another worker took over before they were settled",
        "receipts_cut": "Receipts that were forgotten because they took too much memory",
        "receipts_erased": "Receipts of events that were erased for a data subject",
    }.items():
        yield _counter(name, words, figures.count(name))
    yield _counter("salvaged_fields", "Fields mended or left out", sum(figures.salvaged.values()))


def _ended(figures: Figures) -> Metrics:
    answers = dict.fromkeys(Verdict, 0) | figures.counted(ANSWERS_COUNTER)
    purged = {"retention": figures.count(f"purged:{WHY}")}
    purged["person"] = figures.count("purged") - purged["retention"]
    buried = dict.fromkeys(Reason, 0) | figures.buried
    yield _counters("dead", "Events that became dead letters", "reason", buried)
    yield _counters("purged", "Dead letters deleted for good", "by", purged)
    yield _counters("answers", "Answers of the API", "verdict", answers)
    yield _counters(
        "foreign_messages", "Celery messages that hold no event", "kind", figures.foreign
    )
    remarks: Counter[str] = Counter()
    for name, count in figures.remarks.items():
        remarks[name.partition(":")[0]] += count
    yield _counters("remarks", "What producers changed in keys of user", "kind", remarks)


def _stands(figures: Figures) -> Metrics:
    soon = figures.purged_within_a_day or 0
    missing, letters = figures.unaccounted, figures.dead_unaccounted
    offsets = map(abs, figures.clocks.values())
    yield _gauge("delayed", "Events that wait for their release time", figures.delayed)
    yield _gauge("dead_letters", "Dead letters there are now", figures.dead)
    yield _gauge("dead_letters_purged_soon", "Of them, purged by retention within a day", soon)
    yield _gauge("unaccounted", "Events missing; below 0, surplus", missing)
    yield _gauge("dead_letters_unaccounted", "Dead letters missing; below 0, surplus", letters)
    yield _gauge(
        "clock_offset_seconds", "Most that a worker's clock differs", max(offsets, default=0.0)
    )
    yield _gauge("junk_places", "Places in Redis that are not as we write them", len(figures.junk))
    yield _gauge("snapshot_timestamp_seconds", "When the figures were true", figures.at)


def _destinations(figures: Figures, named: frozenset[str]) -> Metrics:
    conditions = Counter(one.condition(figures.at) for one in figures.destinations)
    yield _gauges(
        "destinations",
        "Destinations by what they are doing",
        "condition",
        {condition.value: conditions[condition] for condition in Condition},
    )
    for name, words, measure, joined in (
        ("waiting", "Events in outboxes", lambda one: one.waiting, sum),
        ("oldest_waiting_seconds", "Age of the oldest block", _age_at(figures.at), max),
        ("parked", "1 while it waits for a person", lambda one: one.parked is not None, sum),
        ("failures", "Failures in a row", lambda one: one.failures, max),
    ):
        values = _by_label(figures, named, measure, joined)
        yield _gauges(f"destination_{name}", words, "destination", values)


def _totals(totals: Totals) -> Metrics:
    """What was counted of each destination, a second or two behind the counters of all."""
    for figure, words in {
        ACCEPTED: "Events for which track() returned",
        DELIVERED: "Events for which the API said code 0",
        REQUESTS: "Requests sent to the API",
    }.items():
        counts = {name: known.get(figure, 0) for name, known in totals.items()}
        yield _counters(f"destination_{figure}", words, "destination", counts)
    dead = CounterMetricFamily(
        f"{PREFIX}destination_dead", "Dead letters of it", labels=["destination", "reason"]
    )
    latency = HistogramMetricFamily(
        f"{PREFIX}delivery_seconds", "From acceptance to delivery", labels=["destination"]
    )
    for name, known in sorted(totals.items()):
        for reason, count in sorted(under(known, DEAD).items()):
            dead.add_metric([name, reason], count)
        latency.add_metric([name], _buckets(known), known.get(LATENCY_SUM, 0) / 1000)
    yield dead
    yield latency


def _buckets(known: Mapping[str, int]) -> list[tuple[str, float]]:
    """Each bound of latency, and how many deliveries took no longer."""
    counts = accumulate(known.get(latency_bucket(bound), 0) for bound in LATENCIES_S)
    bounds = (f"{bound:.1f}" if math.isfinite(bound) else "+Inf" for bound in LATENCIES_S)
    return list(zip(bounds, counts, strict=True))


def _age_at(now: float) -> Callable[[DestinationFigures], float]:
    return lambda one: 0.0 if one.oldest_at is None else max(now - one.oldest_at, 0.0)


def _by_label(
    figures: Figures,
    named: frozenset[str],
    measure: Callable[[DestinationFigures], float],
    joined: Callable[[list[float]], float],
) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for one in figures.destinations:
        label = one.destination if one.destination in named else OTHER
        found.setdefault(label, []).append(float(measure(one)))
    return {label: joined(values) for label, values in found.items()}


def _quality(quality: Quality) -> Metrics:
    had: defaultdict[str, float] = defaultdict(float)
    events: Counter[str] = Counter()
    for one in quality.coverages:
        had[one.key] += one.share * one.events
        events[one.key] += one.events
    shares = {key: had[key] / events[key] for key in events if events[key]}
    yield _gauges("coverage_ratio", "Share of delivered events with it", "match_key", shares)
    worth = dict(sorted(quality.worth().items(), key=lambda item: -item[1])[:MOST_CURRENCIES])
    yield _gauges("value_at_risk", "Worth of what is not delivered yet", "currency", worth)


def _operated(look: Look) -> Metrics:
    figures = look.figures
    yield _gauge("workers", "Workers that looked for work lately", look.workers)
    yield _gauge("workers_wanted", "Workers that /scale asks for", look.scale.workers_wanted)
    yield _gauges("incidents", "Open incidents", "alert", look.incidents)
    yield _gauge("webhook_waiting", "What the webhook is still to be told", look.untold)
    yield _counter("webhook_given_up", "What it did not take in a day", figures.count(GIVEN_UP))
    yield _gauge("snapshot_duration_seconds", "How long reading the figures took", look.took_s)


def _counter(name: str, words: str, value: float) -> Metric:
    """A counter; of one below 0, which is junk, Prometheus would refuse all that stands beside."""
    return CounterMetricFamily(f"{PREFIX}{name}", words, max(value, 0))


def _counters(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(f"{PREFIX}{name}", words, labels=[label])
    for value, count in sorted(values.items()):
        family.add_metric([value], max(count, 0))
    return family


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}{name}", words, float(value))


def _gauges(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}{name}", words, labels=[label])
    for value, count in sorted(values.items()):
        family.add_metric([value], count)
    return family
