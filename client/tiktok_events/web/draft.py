"""Decide once what page and server report of an event, and record what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import orjson

from tiktok_events.event.destination import is_blank
from tiktok_events.event.identity import new_event_id
from tiktok_events.event.policy import KEEP, Policy
from tiktok_events.event.prepare import PreparedEvent, given_event_id
from tiktok_events.event.remarks import without_remarks
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
        setup: which channels report.
        on_invalid: what to do with a faulty event.
        identify: whether the page tells TikTok the digests of the visitor's match keys.
    """

    setup: Setup
    on_invalid: OnInvalid
    identify: bool


@dataclass(slots=True)
class Draft:
    """An event for some Pixel codes, and what is known of it so far.

    Attributes:
        producer: checks the event.
        habits: how the shop reports.
        event: the event, with the captured parts and its id.
        policy: what may be shared, by the page and by the server.
        codes: the Pixels that are meant; ``None`` is the Pixel of the event or the client.
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
        """Decide what may be shared; the draft of a faulty event has no Pixels."""
        draft = cls(producer, habits, {"event_id": new_event_id()}, policy, ())
        with guarded(habits.on_invalid):
            event = with_capture(given, visit)
            if not is_blank(given_id := event.get("event_id")):
                draft.event["event_id"] = given_event_id(given_id)
            event |= draft.event
            draft.policy &= producer.policy_for(event) & _of(visit)
            draft.event, draft.codes = event, _codes(event, pixels)
        if not draft.codes:
            draft._refuse(pixels)
        return draft

    def guarding(self, code: str | None) -> AbstractContextManager[None]:
        """Log and count a fault of the event for one Pixel; the others still get it."""
        self._answers[self._named(code)] = Answer.FAULTY
        return guarded(self.habits.on_invalid)

    def prepared(self, code: str | None) -> PreparedEvent:
        """Return the event for one Pixel; the page will report what the server reports.

        Raises:
            InvalidEvent: it cannot be accepted.
        """
        meant = self.event if code is None else {**self.event, "event_source_id": code}
        prepared = self.producer.prepare(meant, policy=self.policy)
        del self._answers[self._named(code)]
        self._answers[prepared.destination.event_source_id] = Answer.FAULTY
        self._tell_page(prepared)
        return prepared

    def done(self, prepared: PreparedEvent) -> None:
        """Note that the event is with the server's channel, or never will be."""
        answer = Answer.WITHHELD if prepared.withheld else Answer.ENQUEUED
        code = prepared.destination.event_source_id
        self._answers[code] = answer if self.habits.setup.has_api else Answer.PAGE_ONLY

    def report(self) -> Report:
        """Return the report of what was done."""
        return Report(self.event["event_id"], self._answers, self._pixel)

    def _refuse(self, pixels: object) -> None:
        """Refuse the event for each Pixel, because it is faulty as a whole."""
        codes = pixels if isinstance(pixels, list | tuple) else [pixels]
        self._answers |= dict.fromkeys(map(self._named, codes or [None]), Answer.FAULTY)

    def _named(self, code: object) -> str:
        """Return a Pixel's code as the report shows it; a value that is no text is not shown."""
        named = code or self.event.get("event_source_id") or self.producer.event_source_id
        return named if isinstance(named, str) else ""

    def _tell_page(self, prepared: PreparedEvent) -> None:
        if prepared.withheld or not self.habits.setup.has_pixel:
            return
        if self._pixel is None:
            sent = shown(prepared)
            self._pixel = browser_event(sent)
            if self.habits.identify and (digests := digests_of(sent)):
                self._pixel["identify"] = digests
        if len(self.codes) > 1:
            code = prepared.destination.event_source_id
            self._pixel.setdefault("pixels", []).append(code)


def shown(prepared: PreparedEvent) -> dict[str, Any]:
    """Return an event as it is sent: match keys hashed, with its destination."""
    body = without_remarks(orjson.loads(prepared.body))
    return {**prepared.destination.fields(), "event_id": prepared.event_id, **body}


def _of(visit: Visit | None) -> Policy:
    return KEEP if visit is None else visit.policy


def _codes(event: Mapping[str, Any], pixels: Sequence[str]) -> Sequence[str | None]:
    """Return the Pixels that are meant, each once; an event may name several itself."""
    named = event.get("event_source_id")
    given = named if isinstance(named, list | tuple) else pixels
    return [given] if isinstance(given, str) and given else list(dict.fromkeys(given)) or [None]
