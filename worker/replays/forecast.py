"""Count what a replay would do, before anything is done."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Final

import orjson

from worker.delivery.destinations import Limits
from worker.letters.kind import shape_of
from worker.letters.ledger import LARGEST_VALUE, THOUSANDTHS
from worker.letters.letter import DeadLetter, field_of
from worker.replays.eligibility import Eligibility
from worker.replays.outlook import dies_of, is_as_refused
from worker.replays.state import SKIPPED

TOLD: Final = 10
"""How many causes of deaths are listed."""


@dataclass(slots=True)
class Lot:
    """The events that would go to one destination.

    Attributes:
        events: number of events.
        size_bytes: of their JSON.
    """

    events: int = 0
    size_bytes: int = 0

    def requests(self, limits: Limits) -> int:
        """Return about how many requests carry them; live events may share one with them."""
        by_count = ceil(self.events / limits.batch_events)
        return max(by_count, ceil(self.size_bytes / limits.batch_bytes))


@dataclass(slots=True)
class Forecast:
    """What a replay would do with the letters, added up.

    Attributes:
        selected: how many letters matched.
        eligibilities: eligibility → number of letters.
        lots: destination → what would go there.
        thousandths: currency → sum of the values of what would go, in thousandths.
        dying: why events would end before they are sent → how many of those that would go.
        refused: what the API refused → how many of those that would go it has refused in this form.
    """

    selected: int = 0
    eligibilities: Counter[Eligibility] = field(default_factory=Counter)
    lots: defaultdict[str, Lot] = field(default_factory=lambda: defaultdict(Lot))
    thousandths: Counter[str] = field(default_factory=Counter)
    dying: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, letter: DeadLetter, eligibility: Eligibility) -> None:
        """Count one letter."""
        self.selected += 1
        self.eligibilities[eligibility] += 1
        if eligibility is not Eligibility.REPLAYABLE:
            return
        lot = self.lots[letter.destination]
        lot.events += 1
        lot.size_bytes += len(orjson.dumps(letter.body)) + 1
        if letter.currency and letter.value and abs(letter.value) <= LARGEST_VALUE:
            # Its shape: what is no currency may be anything, and as many as the letters.
            self.thousandths[shape_of(letter.currency)] += round(letter.value * THOUSANDTHS)

    def foresee(self, letter: DeadLetter, *, strict: bool, passing: frozenset[str]) -> None:
        """Count what awaits a letter that would be replayed.

        Args:
            letter: a letter that may be replayed.
            strict: whether its destination ends an event for any key that cannot be used.
            passing: further keys of ``user`` that pass as they are.
        """
        if death := dies_of(letter, strict=strict, passing=passing):
            self.dying[_told(field_of(death.path), death.message)] += 1
        elif is_as_refused(letter):
            code = None if letter.code is None else f"code {letter.code}"
            self.refused[_told(code, shape_of(letter.message))] += 1

    @property
    def replayable(self) -> int:
        """How many events would be replayed."""
        return self.eligibilities[Eligibility.REPLAYABLE]

    def requests(self, limits_of: Callable[[str], Limits]) -> dict[str, int]:
        """Return destination → requests, most first."""
        requests = {name: lot.requests(limits_of(name)) for name, lot in self.lots.items()}
        return dict(sorted(requests.items(), key=lambda pair: (-pair[1], pair[0])))

    def takes_s(self, rate: float, limits_of: Callable[[str], Limits]) -> float:
        """Return the least number of seconds: by the rate, and a request a second and destination.

        Args:
            rate: events a second.
            limits_of: what one request to a destination holds.
        """
        slowest = (lot.events / limits_of(name).batch_events for name, lot in self.lots.items())
        return max(self.replayable / rate, *slowest, 0.0)

    def skipped(self) -> dict[str, int]:
        """Return how many letters stay, by the names they are counted under."""
        return {name: self.eligibilities[eligibility] for eligibility, name in SKIPPED.items()}

    def as_dict(self, rate: float, limits_of: Callable[[str], Limits]) -> dict[str, Any]:
        """Return what `--dry-run --json` adds to the counts."""
        requests = self.requests(limits_of)
        return {
            "will_die": dict(self.dying.most_common(TOLD)),
            "as_refused": dict(self.refused.most_common(TOLD)),
            "requests": sum(requests.values()),
            "takes_s": round(self.takes_s(rate, limits_of), 1),
            "value": {name: sum_ / THOUSANDTHS for name, sum_ in sorted(self.thousandths.items())},
            "destinations": {
                name: {"events": self.lots[name].events, "requests": number}
                for name, number in requests.items()
            },
        }


def _told(where: str | None, message: str) -> str:
    return f"{where}: {message}" if where else message
