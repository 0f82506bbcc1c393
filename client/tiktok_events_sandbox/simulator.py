"""The whole sandbox except HTTP: requests in, replies out, figures kept."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from tiktok_events_sandbox import api
from tiktok_events_sandbox.checks import Options
from tiktok_events_sandbox.deduplication import Channel, Deduplication, Outcome
from tiktok_events_sandbox.faults import Faults
from tiktok_events_sandbox.report import Tally
from tiktok_events_sandbox.sightings import Sightings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiktok_events_sandbox.api import Call, Tokens
    from tiktok_events_sandbox.checks import Refusal
    from tiktok_events_sandbox.exchange import Head, Reply
    from tiktok_events_sandbox.faults import Rule
    from tiktok_events_sandbox.report import Report
    from tiktok_events_sandbox.sightings import Sighting


@dataclass(frozen=True, slots=True)
class AcceptedEvent:
    """An accepted event, as it came; its body is left out of the repr."""

    event_source: str
    event_source_id: str
    test_event_code: str
    received_at: float
    event: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a simulator behaves.

    Attributes:
        tokens: access token -> source ids it may report for (``None``: all); ``None``
            in place of the mapping accepts any token.
        options: how to check events.
        latency_s: seconds before each answer of the API.
        seed: seed for rules that strike a fraction of the requests.
        keep_events: how many accepted events to keep, the newest.
        keep_event_ids: whether to keep the id of every accepted event, for the report.
        open_control: whether other machines may use the control surface.
    """

    tokens: Tokens | None = field(default=None, repr=False)
    options: Options = field(default_factory=Options)
    latency_s: float = 0.0
    seed: int = 0
    keep_events: int = 0
    keep_event_ids: bool = False
    open_control: bool = False


class Simulator:
    """An Events API in memory. Safe for several threads.

    Args:
        settings: how it behaves.
        rules: the faults, in order.
        now: returns the time, Unix seconds.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        rules: tuple[Rule, ...] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings or Settings()
        self.now = now
        self._lock = threading.Lock()
        self._faults = Faults(self.settings.seed)
        self._forget()
        for rule in rules:
            self.add_rule(rule)

    def before_reading(self, head: Head) -> Reply | None:
        """Return the reply to a request whose body need not be read, else ``None``."""
        exchange = _Exchange(self, api.Call(head))
        with self._lock:
            strike = self._faults.before_reading(head.token or "", self.now())
            self._count_faults(strike.names)
            lengthless = head.length_bytes is None and head.method == "POST"
            if strike.effect or lengthless:
                self._tally.request("", 0)
        if strike.effect:
            return strike.effect.impose(exchange)
        return exchange.refuse(api.LENGTH_REQUIRED) if lengthless else None

    def answer(self, head: Head, body: bytes) -> Reply:
        """Return the reply to a request that was read whole."""
        call = api.read_call(head, body)
        with self._lock:
            self._tally.request(call.destination, len(call.events))
            strike = self._faults.after_reading(call, self.now())
            self._count_faults(strike.names)
        exchange = _Exchange(self, call, strike.marked)
        reply = strike.effect.impose(exchange) if strike.effect else exchange.serve()
        return replace(reply, delay_s=self.settings.latency_s + strike.delay_s)

    def pixel(
        self, event_source_id: str, event: str, event_id: str, *, at: float | None = None
    ) -> Outcome:
        """Record an event that the browser reported; ``at`` is Unix seconds, by default now."""
        received_at = self.now() if at is None else at
        key = (event_source_id, event, event_id)
        with self._lock:
            outcome = self._deduplication.record(*key, received_at, Channel.PIXEL)
            self._tally.pixel_event(f"web:{event_source_id}", outcome)
        return outcome

    def report(self) -> Report:
        """Return the current figures."""
        with self._lock:
            return self._tally.report()

    def events(self) -> tuple[AcceptedEvent, ...]:
        """Return the kept events, oldest first; none unless ``keep_events`` is set."""
        with self._lock:
            return tuple(self._events)

    def seen(self) -> dict[str, list[Sighting]]:
        """Return the newest events of each destination, including refused ones."""
        with self._lock:
            return self._sightings.newest()

    def reset(self) -> None:
        """Forget all events and figures, restore all tokens, restart the counts of the rules."""
        with self._lock:
            self._forget()
            self._faults.restart(self.now())

    def rule_names(self) -> tuple[str, ...]:
        """Return the names of the rules in force, in order."""
        with self._lock:
            return self._faults.names

    def free_rule_name(self) -> str:
        """Return a name that no rule has."""
        names = self.rule_names()
        return next(name for n in count(1) if (name := f"rule {n}") not in names)

    def add_rule(self, rule: Rule) -> None:
        """Add a rule after the others, or replace the one of its name."""
        with self._lock:
            self._faults.remove(rule.name)
            self._faults.add(rule, self.now())

    def remove_rule(self, name: str) -> None:
        """Remove a rule and restore the tokens it blocks."""
        with self._lock:
            self._faults.remove(name)

    def clear_rules(self) -> None:
        """Remove all rules and restore all tokens."""
        with self._lock:
            self._faults.clear()

    def count_refusal(self, call: Call, refusal: Refusal) -> None:
        """Count an answer other than success."""
        with self._lock:
            self._tally.refusal(call.destination, refusal.code)
            self._sightings.refused(call, self.now(), refusal)

    def accept(self, call: Call) -> None:
        """Count the events of a request as TikTok would."""
        received_at = self.now()
        # Test events never count as conversions, so they have keys of their own.
        scope = f"{call.source_id}:{call.test_code}" if call.test_code else call.source_id
        with self._lock:
            outcomes = [
                self._deduplication.record(
                    scope, event["event"], event.get("event_id"), received_at, Channel.SERVER
                )
                for event in call.events
            ]
            self._tally.acceptance(call.destination, Counter(outcomes))
            self._sightings.accepted(call, received_at, outcomes)
            self._keep(call, received_at)

    def _keep(self, call: Call, received_at: float) -> None:
        if self.settings.keep_event_ids:
            for event in call.events:
                self._tally.event_id(call.destination, event.get("event_id", ""))
        if self.settings.keep_events:
            origin = (call.source, call.source_id, call.test_code, received_at)
            self._events.extend(AcceptedEvent(*origin, event) for event in call.events)

    def _count_faults(self, names: tuple[str, ...]) -> None:
        for name in names:
            self._tally.fault(name)

    def _forget(self) -> None:
        self._tally = Tally()
        self._deduplication = Deduplication()
        self._sightings = Sightings()
        self._events: deque[AcceptedEvent] = deque(maxlen=self.settings.keep_events)


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One request, as the effects of the rules handle it."""

    simulator: Simulator
    call: Call
    marked: int = 0

    def serve(self) -> Reply:
        settings = self.simulator.settings
        refusal = api.decide(self.call, settings.tokens, settings.options)
        if refusal is not None:
            return self.refuse(refusal)
        self.simulator.accept(self.call)
        return self.success()

    def refuse(self, refusal: Refusal) -> Reply:
        self.simulator.count_refusal(self.call, refusal)
        return api.reply_to(refusal, self.simulator.now())

    def success(self) -> Reply:
        return api.reply_to(None, self.simulator.now())
