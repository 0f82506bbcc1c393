"""A dead letter: an event that will not be sent again unless a person asks for it."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Self

import orjson

from tiktok_events.event.times import EARLIEST
from worker.attempts.history import History
from worker.letters.shape import is_letter
from worker.reporting.redaction import redacted
from worker.reporting.stored import LATEST, document_of

NO_BODY: Final = frozenset({"body", "log"})
"""Fields that a summary leaves out."""

NO_LETTER: Final = "what stands in Redis in the place of this letter is none"

BESIDE: Final = frozenset({"id", "kind"})
"""Fields that Redis stores beside a letter's JSON, not in it."""

ORDER_CHARS: Final = 100
"""How many characters of an order number are shown."""

FIELD_CHARS: Final = 100
"""How many characters of a path are kept: it may hold keys of the application's own."""

_POSITION: Final = re.compile(r"\.\d+(?=\.|$)")


class Reason(StrEnum):
    """Why an event died."""

    INVALID = "invalid"
    REJECTED = "rejected"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"
    CRASH_LOOP = "crash_loop"
    OVERSIZE = "oversize"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that died, with everything needed to understand, repair and replay it.

    Attributes:
        id: short, unique; ``""`` until it is buried.
        event_id: id of the event.
        event: name of the event.
        destination: key of the destination.
        reason: why it died.
        code: the API's, if it refused the event.
        message: what was wrong, in words; without personal data.
        path: path of the field that was wrong, if one is known.
        request_id: request id of the refusing answer.
        attempts: how many requests that carried it counted.
        ambiguous: whether one of them may have been accepted without our knowing.
        ambiguous_since: when that was at the earliest, Unix seconds.
        first_accepted_at: when the event was first accepted, Unix seconds.
        died_at: Unix seconds.
        expires_at: after this time the event is too old to be sent, Unix seconds. If the event has
            no time that a calendar knows, the nearest time that a calendar does.
        value: value of the conversion.
        currency: currency of the value.
        log: the attempts: the first and the last five.
        replays: Unix seconds of each replay before this death.
        body: the event as it was to be sent, match keys hashed.
        edits: the last ten edits by operators: `at` (Unix seconds), `who`, `paths`.
        kind: digest of its kind; ``""`` until it is buried.
    """

    id: str
    event_id: str | None
    event: str | None
    destination: str
    reason: str
    code: int | None
    message: str
    path: str | None
    request_id: str | None
    attempts: int
    ambiguous: bool
    ambiguous_since: float | None
    first_accepted_at: float
    died_at: float
    expires_at: float
    value: float | None
    currency: str | None
    log: Sequence[Mapping[str, Any]]
    replays: Sequence[float]
    body: Any
    edits: Sequence[Mapping[str, Any]] = ()
    kind: str = ""

    @classmethod
    def of(  # noqa: PLR0913 — because a dead letter is where all of this comes together
        cls,
        body: Any,
        *,
        destination: str,
        reason: Reason,
        message: str,
        history: History,
        died_at: float,
        expires_at: float,
        code: int | None = None,
        path: str | None = None,
        request_id: str | None = None,
    ) -> Self:
        """Return the letter of an event that dies now.

        Its `message` is our own sentence, whose numbers are kept: what the API or another program
        says must be `redacted` before.
        """
        event = _object(body)
        properties = _object(event.get("properties"))
        return cls(
            id="",
            event_id=_text(event.get("event_id")),
            event=_text(event.get("event")),
            destination=destination,
            reason=reason.value,
            code=code,
            message=redacted(message, ours=True),
            path=path,
            request_id=request_id,
            attempts=history.attempts,
            ambiguous=history.ambiguous,
            ambiguous_since=history.ambiguous_since,
            first_accepted_at=history.accepted_at,
            died_at=round(died_at, 3),
            expires_at=round(min(max(expires_at, 0.0), LATEST), 3),
            value=_number(properties.get("value")),
            currency=_text(properties.get("currency")),
            log=history.log,
            replays=history.replays,
            body=body,
            edits=history.edits,
        )

    @classmethod
    def read(cls, letter_id: str, kind: str, document: bytes) -> Self:
        """Return a letter in Redis; anything else becomes a letter that says so."""
        known = document_of(document)
        if not is_letter(known):
            return cls.of_junk(letter_id, kind)
        return cls(**(known | {"id": letter_id, "kind": kind}))

    @classmethod
    def of_junk(cls, letter_id: str, kind: str) -> Self:
        """Return a stand-in for junk in a letter's place; it can only be purged."""
        letter = cls.of(
            None,
            destination="",
            reason=Reason.INVALID,
            message=NO_LETTER,
            history=History(0.0),
            died_at=0.0,
            expires_at=0.0,
        )
        return replace(letter, id=letter_id, kind=kind)

    def write(self) -> str:
        """Return the letter as Redis stores it; its id and its kind are stored beside it."""
        return orjson.dumps(self._but(BESIDE)).decode()

    @property
    def field(self) -> str | None:
        """The path without list positions: `properties.contents[].price`."""
        return self.path and field_of(self.path)

    @property
    def source(self) -> str:
        """The event source of its destination; empty without one."""
        return self.destination.partition(":")[0]

    @property
    def order_id(self) -> str | None:
        """The event's order id; an e-mail address in it is redacted."""
        known = _object(_object(self.body).get("properties")).get("order_id")
        if isinstance(known, bool) or not isinstance(known, str | int):
            return None
        return redacted(str(known)[:ORDER_CHARS], ours=True)

    @property
    def stated_value(self) -> float | str | None:
        """The value of the conversion; where it is no number, the text that is given instead."""
        stated = _object(_object(self.body).get("properties")).get("value")
        if self.value is not None or not isinstance(stated, str):
            return self.value
        return redacted(stated[:ORDER_CHARS], ours=True)

    @property
    def never_sent(self) -> bool:
        """Whether no request can have carried its event.

        A worker that died holding the event may have sent it without recording that.
        """
        met_nothing = not self.attempts and not self.log and self.ambiguous_since is None
        return met_nothing and not self.ambiguous and self.reason != Reason.CRASH_LOOP

    @property
    def has_deadline(self) -> bool:
        """Whether its event has a readable time, from which its deadline follows."""
        return self.expires_at >= EARLIEST

    def recoverable(self, now: float) -> bool:
        """Return whether its event can still be sent at `now` (Unix seconds)."""
        return self.expires_at > now

    def summary(self, now: float) -> dict[str, Any]:
        """Return all but body and log, with the order and whether it can still be sent."""
        return self._but(NO_BODY) | {
            "field": self.field,
            "order_id": self.order_id,
            "recoverable": self.recoverable(now),
        }

    def _but(self, left_out: frozenset[str]) -> dict[str, Any]:
        # Not `asdict`, which copies every value of the body: four times the cost of the rest.
        return {name: getattr(self, name) for name in self.__slots__ if name not in left_out}

    def history(self, *replayed_at: float) -> History:
        """Return the history that travels with the event when it is replayed."""
        return History(
            accepted_at=self.first_accepted_at,
            attempts=self.attempts,
            ambiguous_since=self.ambiguous_since,
            log=tuple(dict(entry) for entry in self.log),
            replays=(*self.replays, *(round(at, 3) for at in replayed_at)),
            edits=tuple(dict(edit) for edit in self.edits),
        )


def field_of(path: str) -> str:
    """Return a path without list positions, so that it is the same for many events."""
    return _POSITION.sub("[]", path)[:FIELD_CHARS]


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value[:200] if isinstance(value, str) else None


def _number(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if abs(value) <= sys.float_info.max else None
