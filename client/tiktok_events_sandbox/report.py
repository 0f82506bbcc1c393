"""Count what a sandbox received, accepted and refused, and what TikTok would count."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiktok_events_sandbox.deduplication import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts for one destination, or for all.

    ``events_accepted + pixel_events == distinct + merged + repeated`` always holds.

    Attributes:
        requests: HTTP requests, including refused and disturbed ones.
        accepted_requests: requests whose events were accepted, answered or not.
        events_received: events in all requests whose body could be read.
        events_accepted: events in the accepted requests, repeats included.
        pixel_events: browser events that were recorded too.
        distinct: conversions that TikTok would count.
        merged: events merged with the same event of the other channel.
        repeated: events dropped as repeats.
        refused_requests: code of the answer -> requests.
    """

    requests: int = 0
    accepted_requests: int = 0
    events_received: int = 0
    events_accepted: int = 0
    pixel_events: int = 0
    distinct: int = 0
    merged: int = 0
    repeated: int = 0
    refused_requests: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Figures):
    """The figures of all, then those of each destination.

    Attributes:
        faults: name of the rule -> requests it disturbed.
        destinations: ``source:id`` or ``source:id:test_code`` -> its figures.
        event_ids: destination -> event id -> times accepted; empty unless kept.
    """

    faults: Mapping[str, int] = field(default_factory=dict)
    destinations: Mapping[str, Figures] = field(default_factory=dict)
    event_ids: Mapping[str, Mapping[str, int]] = field(default_factory=dict, repr=False)

    def to_json(self) -> bytes:
        """Return the report as one JSON object; codes become strings."""
        return orjson.dumps(self, option=orjson.OPT_NON_STR_KEYS)


class Tally:
    """Counts requests as they come in. Not safe for several threads."""

    def __init__(self) -> None:
        self._total = _Counts()
        self._destinations: defaultdict[str, _Counts] = defaultdict(_Counts)
        self._faults: Counter[str] = Counter()
        self._event_ids: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def request(self, destination: str, events: int) -> None:
        """Count a request when it arrives; ``destination`` may be empty."""
        for counts in self._of(destination):
            counts.figures["requests"] += 1
            counts.figures["events_received"] += events

    def refusal(self, destination: str, code: int) -> None:
        """Count an answer other than success."""
        for counts in self._of(destination):
            counts.refused[code] += 1

    def acceptance(self, destination: str, outcomes: Mapping[Outcome, int]) -> None:
        """Count a request whose events were accepted."""
        for counts in self._of(destination):
            counts.figures["accepted_requests"] += 1
            counts.figures["events_accepted"] += sum(outcomes.values())
            counts.figures.update({outcome.value: count for outcome, count in outcomes.items()})

    def pixel_event(self, destination: str, outcome: Outcome) -> None:
        """Count a browser event."""
        for counts in self._of(destination):
            counts.figures.update(("pixel_events", outcome.value))

    def fault(self, rule: str) -> None:
        """Count a request that a rule disturbed."""
        self._faults[rule] += 1

    def event_id(self, destination: str, event_id: str) -> None:
        """Remember the id of an accepted event."""
        self._event_ids[destination][event_id] += 1

    def report(self) -> Report:
        """Return the current figures, which later requests do not change."""
        return Report(
            **self._total.figures,
            refused_requests=dict(self._total.refused),
            faults=dict(self._faults),
            destinations={name: counts.freeze() for name, counts in self._destinations.items()},
            event_ids={name: dict(ids) for name, ids in self._event_ids.items()},
        )

    def _of(self, destination: str) -> tuple[_Counts, ...]:
        return (self._total, self._destinations[destination]) if destination else (self._total,)


@dataclass(slots=True)
class _Counts:
    figures: Counter[str] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)

    def freeze(self) -> Figures:
        return Figures(**self.figures, refused_requests=dict(self.refused))
