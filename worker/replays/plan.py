"""A replay that nobody has asked for yet: the request, and what it would do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache

from tiktok_events.event.destination import Destination
from tiktok_events.outbox.store import Store
from worker.delivery.destinations import Destinations, Limits
from worker.letters.dead_letters import DeadLetter, DeadLetters
from worker.replays.eligibility import Eligibility
from worker.replays.forecast import Forecast
from worker.replays.state import ReplayRequest
from worker.settings import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """The request for a replay, and what it would do.

    Attributes:
        request: what would be asked for.
        forecast: what it would do.
        limits_of: what one request to a destination holds.
    """

    request: ReplayRequest
    forecast: Forecast
    limits_of: Callable[[str], Limits]

    def counts(self, *, replayed: int) -> dict[str, int]:
        """Return the counts of `dead replay --json`."""
        skipped, selected = self.forecast.skipped(), self.request.selected
        return {"selected": selected, "replayed": replayed, **skipped, "gone": self.request.missing}


def server_now(store: Store) -> float:
    """Return Unix seconds on the server's clock, which all workers share."""
    seconds, micros = store.redis.time()
    return float(seconds + micros / 1_000_000)


def plan_of(
    store: Store, request: ReplayRequest, settings: Settings, tell: Callable[[int], None]
) -> Plan:
    """Count what would happen, and fix the request from then on; call `tell` for each letter."""
    found = DeadLetters(store).find(request.wanted, now=request.asked_at)
    letters = (letter for letter in found if letter.died_at < request.asked_at)
    plan = plan_for(letters, request, settings, tell)
    missing = max(len(set(request.wanted.ids)) - plan.forecast.selected, 0)
    counted = replace(request, selected=plan.forecast.selected, missing=missing)
    return replace(plan, request=counted)


def plan_for(
    letters: Iterable[DeadLetter],
    request: ReplayRequest,
    settings: Settings,
    tell: Callable[[int], None],
) -> Plan:
    """Return what a replay would do with these letters."""
    accounts = Destinations(settings)
    forecast, passing = Forecast(), settings.user_keys or frozenset()

    @cache
    def limits_of(key: str) -> Limits:
        return accounts.account(Destination.from_key(key)).limits

    for letter in letters:
        eligibility = request.eligibility_of(letter, request.asked_at)
        forecast.add(letter, eligibility)
        if eligibility is Eligibility.REPLAYABLE:
            strict = limits_of(letter.destination).strict
            forecast.foresee(letter, strict=strict, passing=passing)
        tell(1)
    return Plan(request, forecast, limits_of)
