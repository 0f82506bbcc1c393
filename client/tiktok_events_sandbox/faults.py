"""Decide which rules strike a request. Pure but for the counters of the rules."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any, Final

from tiktok_events_sandbox.effects import BEFORE_READING, Effect, Reset, Revoke, Slow, Throttle
from tiktok_events_sandbox.fields import number, text, whole

if TYPE_CHECKING:
    from tiktok_events_sandbox.api import Call

_MANY: Final = 10**12


@dataclass(frozen=True, slots=True)
class Match:
    """The requests that a rule is for: all given conditions must hold.

    ``event``, ``event_id_prefix`` and ``property_key`` must hold for one and the same
    event of the request.

    Attributes:
        destination: an event source id.
        token: an access token.
        fraction: the share of matching requests that are struck, drawn from a seeded generator.
        event: the name of an event.
        event_id_prefix: the beginning of an event's id.
        property_key: a key in an event's ``properties``.
        from_request: the first request, counted from 1 since the rule was loaded.
        to_request: the last request.
        from_s: seconds since the rule was loaded; inclusive.
        to_s: seconds since the rule was loaded; exclusive.
        times: how many requests the rule strikes at most.
    """

    destination: str = field(default="", metadata=text())
    token: str = field(default="", metadata=text(), repr=False)
    fraction: float = field(default=1.0, metadata=number(0, 1))
    event: str = field(default="", metadata=text())
    event_id_prefix: str = field(default="", metadata=text())
    property_key: str = field(default="", metadata=text())
    from_request: int = field(default=1, metadata=whole(1, _MANY))
    to_request: int = field(default=_MANY, metadata=whole(1, _MANY))
    from_s: float = field(default=0.0, metadata=number(0, _MANY))
    to_s: float = field(default=math.inf, metadata=number(0, _MANY))
    times: int = field(default=_MANY, metadata=whole(1, _MANY))

    @property
    def marks(self) -> bool:
        """Return whether the rule looks for an event."""
        return bool(self.event or self.event_id_prefix or self.property_key)

    def marked(self, events: list[Any]) -> int | None:
        """Return the index of the first event that fits, or ``None``."""
        for index, event in enumerate(events):
            if isinstance(event, dict) and self._bears(event):
                return index
        return None

    def _bears(self, event: dict[str, Any]) -> bool:
        properties = event.get("properties")
        return (
            self.event in ("", event.get("event"))
            and str(event.get("event_id", "")).startswith(self.event_id_prefix)
            and (
                not self.property_key
                or (isinstance(properties, dict) and self.property_key in properties)
            )
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """One fault of a scenario."""

    name: str
    effect: Effect
    match: Match = field(default_factory=Match)

    @property
    def before_reading(self) -> bool:
        """Return whether the rule strikes before the body is read."""
        return isinstance(self.effect, Reset) and self.effect.when == BEFORE_READING


@dataclass(frozen=True, slots=True)
class Strike:
    """What happens to one request.

    Attributes:
        names: the rules that struck, in order.
        effect: what ends the request; ``None`` serves it.
        delay_s: seconds by which the answer is delayed.
        marked: index of the event that the last rule looked for, else 0.
    """

    names: tuple[str, ...] = ()
    effect: Effect | None = None
    delay_s: float = 0.0
    marked: int = 0


@dataclass(slots=True)
class _Loaded:
    """A rule with its counters."""

    rule: Rule
    loaded_at: float
    rng: Random
    seen: int = 0
    struck: int = 0

    def strikes(self, token: str, call: Call | None, now: float) -> int | None:
        """Return the index of the marked event (0 without marks), or ``None`` to pass."""
        index = self._marked(call) if self._due(now) and self._meant(token, call) else None
        if index is None or not self._drawn():
            return None
        self.struck += 1
        return index

    def _due(self, now: float) -> bool:
        match, age_s = self.rule.match, now - self.loaded_at
        return (
            match.from_request <= self.seen <= match.to_request
            and match.from_s <= age_s < match.to_s
            and self.struck < match.times
        )

    def _meant(self, token: str, call: Call | None) -> bool:
        match = self.rule.match
        source_id = call.source_id if call else ""
        return match.token in ("", token) and match.destination in ("", source_id)

    def _marked(self, call: Call | None) -> int | None:
        match = self.rule.match
        return match.marked(call.events if call else []) if match.marks else 0

    def _drawn(self) -> bool:
        fraction = self.rule.match.fraction
        return fraction >= 1 or self.rng.random() < fraction


class Faults:
    """The rules in force, in order, with the tokens they block. Not safe for several threads.

    Delays add up; the first effect that is no delay ends the search.

    Args:
        seed: seed for rules that strike a fraction of the requests.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._rules: list[_Loaded] = []
        self._throttled: dict[str, tuple[str, Throttle, float]] = {}
        self._revoked: dict[str, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the rules, in order."""
        return tuple(loaded.rule.name for loaded in self._rules)

    def add(self, rule: Rule, now: float) -> None:
        """Add a rule after the others; its seconds and requests count from now on."""
        self._rules.append(_Loaded(rule, now, Random(f"{self._seed}:{rule.name}")))

    def remove(self, name: str) -> None:
        """Remove a rule and restore the tokens it blocks."""
        self._rules = [loaded for loaded in self._rules if loaded.rule.name != name]
        self._throttled = {t: held for t, held in self._throttled.items() if held[0] != name}
        self._revoked = {t: holder for t, holder in self._revoked.items() if holder != name}

    def clear(self) -> None:
        """Remove all rules and restore all tokens."""
        self._rules.clear()
        self._throttled.clear()
        self._revoked.clear()

    def restart(self, now: float) -> None:
        """Restore all tokens and restart the counts of every rule."""
        rules = [loaded.rule for loaded in self._rules]
        self.clear()
        for rule in rules:
            self.add(rule, now)

    def before_reading(self, token: str, now: float) -> Strike:
        """Return what happens to a request of which only the head is known."""
        return self._search(self._count(before_reading=True), token, None, now)

    def after_reading(self, call: Call, now: float) -> Strike:
        """Return what happens to a request that was read whole."""
        token = call.head.token or ""
        rules = self._count(before_reading=False)
        return self._held_back(token, now) or self._search(rules, token, call, now)

    def _count(self, *, before_reading: bool) -> list[_Loaded]:
        """Return the rules of a phase, each with this request counted."""
        rules = [rule for rule in self._rules if rule.rule.before_reading == before_reading]
        for loaded in rules:
            loaded.seen += 1
        return rules

    def _search(self, rules: list[_Loaded], token: str, call: Call | None, now: float) -> Strike:
        strike = Strike()
        for loaded in rules:
            index = loaded.strikes(token, call, now)
            if index is not None:
                strike = _struck(strike, loaded.rule, index)
                self._hold_back(token, loaded.rule, now)
            if strike.effect is not None:
                break
        return strike

    def _hold_back(self, token: str, rule: Rule, now: float) -> None:
        if isinstance(rule.effect, Throttle):
            self._throttled[token] = (rule.name, rule.effect, now + rule.effect.for_s)
        elif isinstance(rule.effect, Revoke):
            self._revoked[token] = rule.name

    def _held_back(self, token: str, now: float) -> Strike | None:
        if token in self._revoked:
            return Strike((self._revoked[token],), Revoke())
        name, effect, until = self._throttled.get(token, ("", None, 0.0))
        if effect is None or now >= until:
            return None
        return Strike((name,), replace(effect, for_s=until - now))


def _struck(strike: Strike, rule: Rule, index: int) -> Strike:
    names = (*strike.names, rule.name)
    if isinstance(rule.effect, Slow):
        return replace(strike, names=names, delay_s=strike.delay_s + rule.effect.delay_s)
    return replace(strike, names=names, effect=rule.effect, marked=index)
