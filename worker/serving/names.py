"""Which destinations have metrics of their own: a bounded number, the most urgent first."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from worker.operations.destination_figures import Condition, DestinationFigures
from worker.operations.status import Figures

MOST_NAMED: Final = 200
OTHER: Final = "other"
"""All destinations beyond those."""


def named(figures: Figures, before: Collection[str]) -> frozenset[str]:
    """Those that are named: parked ones, those that were named before, and who has most waiting."""

    def urgency(one: DestinationFigures) -> tuple[bool, bool, int, str]:
        parked = one.condition(figures.at) is Condition.PARKED
        return not parked, one.destination not in before, -one.waiting, one.destination

    first = sorted(figures.destinations, key=urgency)[:MOST_NAMED]
    return frozenset(one.destination for one in first)
