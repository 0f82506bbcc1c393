"""Which dead letters an operator means: one filter for every command, and for what is stored.

A filter is asked twice: of a kind (can any of its letters match?), so that the others are
never read, and then of each letter.
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
"""A text with one of these may stand in a shape by chance."""

_QUOTES: Final = frozenset("\"'`“”")
"""A part of a text may be no quotation where the whole is one, and the other way round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFilter:
    """Selects dead letters: all conditions must hold, and a filter without one selects all.

    Attributes:
        ids: one of these.
        reason: why they died.
        code: the API's.
        field: what was wrong, without positions in lists: `properties.contents[].price`.
        event: the name of the event.
        destination: its key; empty for letters that never had one.
        source: the event source of the destination.
        since: died at this time or later, Unix seconds.
        until: died before this time, Unix seconds.
        ambiguous: whether they may have been accepted unseen.
        recoverable: whether they can still be sent.
        event_id: of the event.
        text: in the message or the field, in whatever case.
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
        """What `as_dict` wrote.

        Raises:
            TypeError: it names something that no filter has.
        """
        return cls(**{**known, "ids": tuple(known.get("ids", ()))})

    def as_dict(self) -> dict[str, Any]:
        """What is given, as one JSON object."""
        given = {k: v for k, v in asdict(self).items() if v is not None and v != ()}
        return given | ({"ids": list(self.ids)} if self.ids else {})

    @property
    def narrows(self) -> bool:
        """Whether the filter has any condition."""
        return bool(self.as_dict())

    def words(self) -> str:
        """The filter in one line, for people and for the audit; no personal data."""
        return ", ".join(self._parts()) or "every dead letter"

    def may_match(self, kind: Kind) -> bool:
        """Whether a letter of the kind can match; if not, none does."""
        event = None if self.event is None else shape_of(self.event)
        wanted = (*self._of_kind(), event)
        have = (*_of_kind(kind), kind.event)
        return _all_given(wanted, have) and (self.text is None or _may_say(kind, self.text))

    def covers(self, kind: Kind) -> bool:
        """Whether every letter of a kind that may match does match, apart from times and ids."""
        event = self.event is None or is_whole(shape_of(self.event))
        return event and (self.text is None or _says(kind, self.text))

    def matches(self, letter: DeadLetter, now: float) -> bool:
        """Whether a letter has all that is given, at `now` (Unix seconds)."""
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
        """The hours in which matching letters can have died; `None` is any time.

        Args:
            now: Unix seconds; the clock of a worker may be an hour ahead of it.
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
            elif name == "text":  # may be a person's name
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
    """Whether every letter of the kind has the text: it stands outside of what was taken out."""
    plain = _MARKS.isdisjoint(text) and text.lower() in kind.message.lower()
    return plain or _in_field(kind, text)


def _may_say(kind: Kind, text: str) -> bool:
    """Whether a letter of the kind can have the text.

    The ends of the text may be parts of a number or of a hexadecimal id of the message, so
    only what is between must be found. Behind a quotation or a cut may stand anything.
    """
    if _in_field(kind, text) or text.lower() in kind.message.lower():
        return True
    if is_whole(kind.message):
        return False
    hidden = QUOTATION in kind.message or len(kind.message) >= SHAPE_CHARS
    core = shape_of(text.lower().strip(_OF_IDS))
    return hidden or not _QUOTES.isdisjoint(text) or core in kind.message.lower()
