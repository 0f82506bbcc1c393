"""Which destinations have metrics of their own: a bounded number, the most urgent first."""

from __future__ import annotations

from collections.abc import Collection

from worker.operations.destination_figures import Condition, DestinationFigures
from worker.operations.status import Figures
from worker.reporting.figures.totals import MOST_NAMED


def named(figures: Figures, before: Collection[str]) -> frozenset[str]:
    """Those that are named: parked ones, those that were named before, and who has most waiting."""

    def urgency(one: DestinationFigures) -> tuple[bool, bool, int, str]:
        parked = one.condition(figures.at) is Condition.PARKED
        return not parked, one.destination not in before, -one.waiting, one.destination

    first = sorted(figures.destinations, key=urgency)[:MOST_NAMED]
    return frozenset(one.destination for one in first)
