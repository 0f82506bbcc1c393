"""Summarise quality for `status`: coverage of all destinations, and value at risk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tiktok_events.outbox.store import Store
from worker.operations.quality.at_risk import Risk, read_at_risk
from worker.operations.quality.coverage import Coverage, coverages, hours_needed, read_counts
from worker.operations.status import Figures
from worker.reporting.figures.names import ANY
from worker.settings import Settings

HOURS: Final = 2
SOON_H: Final = 24
LEAST_EVENTS: Final = 100
"""With fewer events in these hours, a share means little."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Coverage and value at risk at some moment.

    Attributes:
        coverages: coverage in the last two hours.
        risks: what is at risk.
    """

    coverages: Sequence[Coverage]
    risks: Sequence[Risk]

    def as_dict(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return {
            "coverage": [one.as_dict() for one in self.coverages],
            "at_risk": [one.as_dict() for one in self.risks],
        }

    def fallen(self) -> Iterator[Coverage]:
        """Return match keys that are much rarer than usual."""
        for one in self.coverages:
            if one.events >= LEAST_EVENTS and one.is_rarer:
                yield one

    def worth(self, within_h: int | None = None) -> dict[str, float]:
        """Return currency → what is at risk; if given, only what is lost within so many hours."""
        found: defaultdict[str, float] = defaultdict(float)
        for one in self.risks:
            if one.currency and (within_h is None or one.within_h <= within_h):
                found[one.currency] += one.value
        return dict(sorted(found.items()))


def read_quality(store: Store, settings: Settings, figures: Figures) -> Quality:
    """Return the quality at this moment.

    Raises:
        redis.RedisError: the server did not answer, or refused.
    """
    counts = read_counts(store, figures.at, hours_needed(HOURS), [ANY])
    risks = read_at_risk(store, settings, figures)
    return Quality(coverages(counts, figures.at, HOURS), risks)
