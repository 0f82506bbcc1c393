"""Select dead letters: the same filter for every command, and for stored replays.

A filter is applied twice: first to a kind, so that kinds without any matching letter are never
read, then to each letter.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from worker.letters.kind import NUMBER, QUOTATION, SHAPE_CHARS, Kind, is_whole, shape_of
from worker.letters.ledger import HOUR_S, Hours
from worker.letters.letter import DeadLetter
from worker.reporting.redaction import redacted

_OF_IDS: Final = string.hexdigits + "-"
_MARKS: Final = frozenset(NUMBER + QUOTATION)
"""A text with one of these may occur in a shape by chance."""

_QUOTES: Final = frozenset("\"'`“”")
"""Part of a text may be no quotation although the whole is one, and vice versa."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFilter:
    """Selects dead letters: all conditions must hold; a filter without conditions selects all.

    Attributes:
        ids: ids of letters, one of which it must have.
        reason: why the letter died.
        code: the API's.
        field: the field that was wrong, without list positions: `properties.contents[].price`.
        event: the name of the event.
        destination: its key; empty for letters that never had one.
        source: the event source of the destination.
        since: died at or after this time, Unix seconds.
        until: died before this time, Unix seconds.
        ambiguous: whether the event may have been accepted without our knowing.
        recoverable: whether the letter can still be sent.
        event_id: id of the event.
        text: a text in the message or the field, in any case.
    """

    ids: tuple[str, ...] = ()
    reason: str | None = None
    code: int | None = None
    field: str | None = None
    event: str | None = None
    destination: str | None = None
    source: str | None = None
    since: float | None = None
    until: float | None = None
    ambiguous: bool | None = None
    recoverable: bool | None = None
    event_id: str | None = None
    text: str | None = None

    @classmethod
    def from_dict(cls, known: Mapping[str, Any]) -> Self:
        """Return the filter that `as_dict` wrote.

        Raises:
            TypeError: it has a key that no filter has.
        """
        return cls(**{**known, "ids": tuple(known.get("ids", ()))})

    def as_dict(self) -> dict[str, Any]:
        """Return the conditions as one JSON object."""
        given = {k: v for k, v in asdict(self).items() if v is not None and v != ()}
        return given | ({"ids": list(self.ids)} if self.ids else {})

    @property
    def narrows(self) -> bool:
        """Return whether the filter has any condition."""
        return bool(self.as_dict())

    def words(self) -> str:
        """Return the filter in one line, for people and for the audit, without personal data."""
        return ", ".join(self._parts()) or "every dead letter"

    def may_match(self, kind: Kind) -> bool:
        """Return whether a letter of the kind can match; if not, none does."""
        event = None if self.event is None else shape_of(self.event)
        wanted = (*self._of_kind(), event)
        have = (*_of_kind(kind), kind.event)
        return _all_given(wanted, have) and (self.text is None or _may_say(kind, self.text))

    def covers(self, kind: Kind) -> bool:
        """Return whether every letter of a kind that may match does, apart from times and ids."""
        event = self.event is None or is_whole(shape_of(self.event))
        return event and (self.text is None or _says(kind, self.text))

    def matches(self, letter: DeadLetter, now: float) -> bool:
        """Return whether a letter meets all conditions at `now` (Unix seconds)."""
        wanted = (*self._of_kind(), self.event, self.event_id, self.recoverable)
        have = (*_of_kind(letter), letter.event, letter.event_id, letter.recoverable(now))
        return (
            _all_given(wanted, have)
            and (not self.ids or letter.id in self.ids)
            and (self.since is None or letter.died_at >= self.since)
            and (self.until is None or letter.died_at < self.until)
            and (self.text is None or _letter_says(letter, self.text))
        )

    def died_hours(self, now: float) -> Hours | None:
        """Return the hours in which matching letters can have died; `None` for any.

        Args:
            now: Unix seconds; a worker's clock may be an hour ahead.
        """
        if self.since is None and self.until is None:
            return None
        last = now + HOUR_S if self.until is None else self.until
        return Hours(int((self.since or 0.0) // HOUR_S), int(last // HOUR_S))

    def _of_kind(self) -> tuple[Any, ...]:
        return (
            self.reason,
            self.code,
            self.field,
            self.destination,
            self.source,
            self.ambiguous,
        )

    def _parts(self) -> Iterator[str]:
        for name, value in self.as_dict().items():
            if name == "ids":
                yield f"{len(self.ids):,} by id"
            elif name in {"since", "until"}:
                yield f"died {name} {datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"
            elif name in {"ambiguous", "recoverable"}:
                yield name if value else f"not {name}"
            elif name == "text":  # it may be a person's name
                yield f"a text of {len(value)} characters"
            else:
                yield f"{name} {redacted(value) if name == 'event_id' else value or 'none'}"


def _of_kind(one: Kind | DeadLetter) -> tuple[Any, ...]:
    return one.reason, one.code, one.field, one.destination, one.source, one.ambiguous


def _all_given(wanted: tuple[Any, ...], have: tuple[Any, ...]) -> bool:
    return all(w is None or w == h for w, h in zip(wanted, have, strict=True))


def _letter_says(letter: DeadLetter, text: str) -> bool:
    return text.lower() in letter.message.lower() or _in_field(letter, text)


def _in_field(one: Kind | DeadLetter, text: str) -> bool:
    return text.lower() in (one.field or "").lower()


def _says(kind: Kind, text: str) -> bool:
    """Return whether every letter of the kind has the text, outside of what the shape omits."""
    plain = _MARKS.isdisjoint(text) and text.lower() in kind.message.lower()
    return plain or _in_field(kind, text)


def _may_say(kind: Kind, text: str) -> bool:
    """Return whether a letter of the kind can have the text.

    The ends of the text may be parts of a number or of a hexadecimal id in the message, so only the
    middle must be found. After a quotation or a cut, anything may follow.
    """
    if _in_field(kind, text) or text.lower() in kind.message.lower():
        return True
    if is_whole(kind.message):
        return False
    hidden = QUOTATION in kind.message or len(kind.message) >= SHAPE_CHARS
    core = shape_of(text.lower().strip(_OF_IDS))
    return hidden or not _QUOTES.isdisjoint(text) or core in kind.message.lower()
