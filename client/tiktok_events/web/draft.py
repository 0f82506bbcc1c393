"""An event on its way to page and server: the one decision, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from tiktok_events.event.identity import new_event_id
from tiktok_events.event.policy import KEEP, Policy
from tiktok_events.producer import Producer
from tiktok_events.web.browser_event import browser_event, digests_of
from tiktok_events.web.faults import guarded
from tiktok_events.web.report import Answer, Report
from tiktok_events.web.settings import OnInvalid, Setup
from tiktok_events.web.visit import Visit, with_capture


@dataclass(frozen=True, slots=True)
class Habits:
    """How a shop reports.

    Attributes:
        setup: which channels do.
        on_invalid: what becomes of a faulty event.
        identify: whether the page tells the digests of the visitor's match keys.
    """

    setup: Setup
    on_invalid: OnInvalid
    identify: bool


@dataclass(slots=True)
class Draft:
    """An event for some Pixel codes, and what is known of it so far.

    Attributes:
        producer: checks it.
        habits: of the shop.
        event: with what the visit told, and its id.
        policy: what may be shared, with the page and with the server.
        codes: the Pixels that are meant; ``None`` is the one that the event or the client names.
    """

    producer: Producer
    habits: Habits
    event: dict[str, Any]
    policy: Policy
    codes: Sequence[str | None]
    _answers: dict[str, Answer] = field(default_factory=dict)
    _pixel: dict[str, Any] | None = None

    @classmethod
    def of(
        cls,
        producer: Producer,
        habits: Habits,
        given: Mapping[str, Any],
        visit: Visit | None,
        pixels: Sequence[str],
        policy: Policy,
    ) -> Draft:
        """Decide what may be shared; a faulty event is drafted for nobody."""
        draft = cls(producer, habits, {"event_id": new_event_id()}, policy, ())
        with guarded(habits.on_invalid):
            event = with_capture(given, visit)
            event["event_id"] = event.get("event_id") or draft.event["event_id"]
            draft.policy &= producer.policy_for(event) & _of(visit)
            draft.event, draft.codes = event, _codes(event, pixels)
        return draft

    def guarding(self, code: str | None) -> AbstractContextManager[None]:
        """Log and count a fault of the event for one Pixel; the others still get it."""
        self._answers[self._named(code)] = Answer.FAULTY
        return guarded(self.habits.on_invalid)

    def checked(self, code: str | None) -> dict[str, Any]:
        """The event for one Pixel; the page will tell what the server is told.

        Raises:
            InvalidEvent: it cannot be accepted.
        """
        meant = self.event if code is None else {**self.event, "event_source_id": code}
        sent = self.producer.preview(meant, policy=self.policy)
        del self._answers[self._named(code)]
        self.event["event_id"] = sent["event_id"]
        meant = {**meant, "event_id": sent["event_id"], "event_source_id": sent["event_source_id"]}
        self._answers[meant["event_source_id"]] = Answer.FAULTY
        self._tell_page(sent)
        return meant

    def done(self, event: Mapping[str, Any]) -> None:
        """The server has it, or will never have it."""
        dropped = self.policy.use == "drop"
        answer = Answer.WITHHELD if dropped else Answer.ENQUEUED
        code = event["event_source_id"]
        self._answers[code] = answer if self.habits.setup.has_api else Answer.PAGE_ONLY

    def report(self) -> Report:
        """What was done."""
        return Report(str(self.event["event_id"]), self._answers, self._pixel)

    def _named(self, code: str | None) -> str:
        named = code or self.event.get("event_source_id") or self.producer.event_source_id
        return str(named or "")

    def _tell_page(self, sent: Mapping[str, Any]) -> None:
        if self.policy.use == "drop" or not self.habits.setup.has_pixel:
            return
        if self._pixel is None:
            self._pixel = browser_event(sent)
            if self.habits.identify and (digests := digests_of(sent)):
                self._pixel["identify"] = digests
        if len(self.codes) > 1:
            self._pixel.setdefault("pixels", []).append(sent["event_source_id"])


def _of(visit: Visit | None) -> Policy:
    return KEEP if visit is None else visit.policy


def _codes(event: Mapping[str, Any], pixels: Sequence[str]) -> Sequence[str | None]:
    """The Pixels that are meant, each once; an event may name several itself."""
    named = event.get("event_source_id")
    given = named if isinstance(named, list | tuple) else pixels
    return [given] if isinstance(given, str) and given else list(dict.fromkeys(given)) or [None]
