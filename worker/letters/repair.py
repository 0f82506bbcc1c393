"""Repair a dead letter: apply an edit to its event, or say why that is not allowed.

lay open   the event with its destination beside it, as an application would give it
edit       a merge patch, then single values
prepare    match keys hashed, encoded, within the size limit: as for any new event
judge      identity kept?  valid?
compare    what changed, for people: match keys as digests

Nothing here reads or writes Redis, and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import orjson

from schemas import Finding, check_event
from schemas.paths import EventPath, PathError
from tiktok_events.errors import InvalidEvent
from tiktok_events.event.destination import Destination, is_blank
from tiktok_events.event.prepare import EventPreparer, PreparedEvent
from worker.letters.difference import Change, differences
from worker.letters.laid_open import fields_of, laid_open
from worker.letters.letter import DeadLetter, Reason
from worker.letters.merge_patch import merge_patch
from worker.settings import Settings

IDENTITY: Final = ("event", "event_id", "event_time")
"""What TikTok recognises a repeat by, besides the destination, and when it happened.

Source: https://ads.tiktok.com/help/article/event-deduplication (read 2026-11-22).
"""

MARKS_KEPT: Final = 10
"""How many edits a letter remembers, and how many paths of each."""

PATHS_KEPT: Final = 20

NO_BODY: Final = Finding(
    "", "its body is not kept: it was refused before its match keys were hashed; send it again"
)
TOO_DEEP: Final = Finding("", "is nested too deeply")
WAS_SENT: Final = (
    "stays, because an attempt may have carried the event with it; only --new-identity changes that"
)
KEEPS_IDENTITY: Final = "is part of the event's identity; only --new-identity changes that"
MAY_HAVE_COUNTED: Final = Finding(
    "event_id",
    "an attempt may have been accepted unseen: with a new event_id TikTok would count the "
    "conversion again; --accept-duplicates allows that",
)


class Outcome(StrEnum):
    """What an edit did, or would do, to a letter."""

    EDITED = "edited"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Edit:
    """What an operator wants changed.

    Attributes:
        whole: the whole new event with its destination; applied first.
        patch: a merge patch for the event with its destination; applied next.
        values: places and their new values, ``ABSENT`` for none; applied in order.
        new_identity: whether the event becomes another one, with an `event_id` of its own.
        accept_duplicates: whether a new identity is allowed for an event that may be counted twice.
    """

    patch: Mapping[str, Any] | None = None
    values: tuple[tuple[EventPath, Any], ...] = ()
    new_identity: bool = False
    accept_duplicates: bool = False
    whole: Mapping[str, Any] | None = None

    @property
    def changes_anything(self) -> bool:
        """Return whether there is anything to change."""
        return self.patch is not None or bool(self.values) or self.new_identity

    def apply(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return the changed event; the given one is not changed.

        Raises:
            PathError: the event has no such place.
        """
        changed = event if self.whole is None else dict(self.whole)
        changed = changed if self.patch is None else merge_patch(changed, self.patch)
        for path, value in self.values:
            changed = path.put(changed, value)
        if self.new_identity and changed.get("event_id") == event.get("event_id"):
            changed = {**changed, "event_id": None}
        return dict(changed)


@dataclass(frozen=True, slots=True)
class Repair:
    """What became of one letter.

    Attributes:
        old: the letter as it is in Redis.
        new: the letter as it is to be, if the edit is allowed and changes anything.
        changes: the places that differ.
        problems: why the edit is refused.
        remarks: what validation allows but a person should know.
    """

    old: DeadLetter
    new: DeadLetter | None = None
    changes: tuple[Change, ...] = ()
    problems: tuple[Finding, ...] = ()
    remarks: tuple[Finding, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The outcome in a word."""
        if self.problems:
            return Outcome.REFUSED
        return Outcome.UNCHANGED if self.new is None else Outcome.EDITED


@dataclass(frozen=True, slots=True)
class Repairer:
    """Makes the same edit to any letter.

    Attributes:
        edit: the edit to make.
        settings: settings for windows, the region of phone numbers, and the size limit.
        who: the operator.
        is_strict: returns whether a destination ends an event for any key that cannot be used as it
            is; default: as the settings say for all.
    """

    edit: Edit
    settings: Settings
    who: str
    is_strict: Callable[[Destination], bool] | None = None

    def repair(self, letter: DeadLetter, now: float) -> Repair:
        """Return what the edit makes of a letter.

        Args:
            letter: the letter as it is in Redis.
            now: Unix seconds.
        """
        if not isinstance(letter.body, dict):
            return Repair(letter, problems=(NO_BODY,))
        try:
            return self._repair(letter, now)
        except (PathError, InvalidEvent) as error:
            return Repair(letter, problems=(Finding(error.path, error.message),))
        except RecursionError:
            return Repair(letter, problems=(TOO_DEEP,))

    def _repair(self, letter: DeadLetter, now: float) -> Repair:
        before = laid_open(letter)
        edited = self.edit.apply(before)
        prepared = self._preparer.prepare(edited)
        body = orjson.loads(prepared.body)
        changes = differences(before, fields_of(prepared.destination) | body)
        source = prepared.destination.event_source
        checked = check_event(
            body,
            source,
            strict=self._is_strict(prepared.destination),
            passing=self.settings.user_keys or frozenset(),
        )
        problems = (*self._of_identity(letter, edited, prepared, body), *checked.errors)
        if problems or not changes:
            return Repair(letter, None, changes, problems, checked.warnings)
        new = replace(
            self._renewed(letter, prepared.destination, body),
            id=letter.id,
            message=letter.message,
            expires_at=self._deadline(letter, prepared.destination, checked.event["event_time"]),
            edits=(*letter.edits, self._mark(letter, changes, now))[-MARKS_KEPT:],
        )
        return Repair(letter, new, changes, (), checked.warnings)

    def _is_strict(self, destination: Destination) -> bool:
        return self.settings.strict if self.is_strict is None else self.is_strict(destination)

    @property
    def _preparer(self) -> EventPreparer:
        settings = self.settings
        return EventPreparer(
            {},
            settings.default_region,
            settings.max_event_bytes,
            user_keys=settings.user_keys or frozenset(),
        )

    def _of_identity(
        self,
        letter: DeadLetter,
        edited: Mapping[str, Any],
        prepared: PreparedEvent,
        body: Mapping[str, Any],
    ) -> tuple[Finding, ...]:
        """Return the problems with the event's identity."""
        if self.edit.new_identity:
            allowed = self.edit.accept_duplicates or not letter.ambiguous
            return () if allowed else (MAY_HAVE_COUNTED,)
        changed = [name for name in IDENTITY if body.get(name) != letter.body.get(name)]
        if prepared.destination.key != letter.destination:
            changed.append("event_source_id")
        if letter.never_sent and not is_blank(edited.get("event_time")):
            # Nobody has seen the event at another time.
            changed = [name for name in changed if name != "event_time"]
        why = {} if letter.never_sent else {"event_time": WAS_SENT}
        return tuple(Finding(name, why.get(name, KEEPS_IDENTITY)) for name in changed)

    def _renewed(self, letter: DeadLetter, destination: Destination, body: Any) -> DeadLetter:
        """Return the letter as that of a new event; the reason of its death stays."""
        return DeadLetter.of(
            body,
            destination=destination.key,
            reason=Reason(letter.reason),
            message=letter.message,
            history=letter.history(),
            died_at=letter.died_at,
            expires_at=letter.expires_at,
            code=letter.code,
            path=letter.path,
            request_id=letter.request_id,
        )

    def _deadline(self, letter: DeadLetter, destination: Destination, event_time: int) -> float:
        """Return the new deadline: it moves only with the event's time and its source's window."""
        moved = event_time != letter.body.get("event_time")
        if not moved and destination.event_source == letter.source:
            return letter.expires_at
        return float(event_time + self.settings.window_s(destination.event_source))

    def _mark(self, letter: DeadLetter, changes: tuple[Change, ...], now: float) -> dict[str, Any]:
        """Record when, who and where; no values, but the id of earlier attempts."""
        mark: dict[str, Any] = {
            "at": round(now, 3),
            "who": self.who,
            "paths": [change.path for change in changes[:PATHS_KEPT]],
        }
        return mark | ({"former_event_id": letter.event_id} if self.edit.new_identity else {})
