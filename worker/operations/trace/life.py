"""The life of one event, as far as it is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Self


class State(StrEnum):
    """The states of an event; it is always in exactly one."""

    DELAYED = "delayed"
    WAITING = "waiting"
    CLAIMED = "claimed"
    DELIVERED = "delivered"
    DEAD = "dead"
    PURGED = "purged"
    ERASED = "erased"

    @property
    def is_last(self) -> bool:
        """Whether nothing more can happen to an event in this state, not even by a person."""
        return self in {State.DELIVERED, State.PURGED, State.ERASED}


class What(StrEnum):
    """The things that can happen to an event."""

    ACCEPTED = "accepted"
    ATTEMPT = "attempt"
    DIED = "died"
    EDITED = "edited"
    REPLAYED = "replayed"
    DELIVERED = "delivered"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened to an event.

    Attributes:
        at: when it happened, Unix seconds.
        what: what kind of thing it was.
        verdict: for an attempt, what its answer meant; for a death, the reason.
        code: code in the answer's body.
        message: what was wrong, in words; without personal data.
        request_id: request id of the answer.
        duration_ms: milliseconds until the answer.
        attempts: for an end, how many requests had carried the event.
        who: for an edit, the operator.
        paths: for an edit, what was changed.
    """

    at: float
    what: What
    verdict: str | None = None
    code: int | None = None
    message: str | None = None
    request_id: str | None = None
    duration_ms: int | None = None
    attempts: int | None = None
    who: str | None = None
    paths: Sequence[str] = ()

    @classmethod
    def of_attempt(cls, kept: dict[str, Any]) -> Self:
        """Return the step of an attempt in a history."""
        return cls(
            at=float(kept["at"]),
            what=What.ATTEMPT,
            verdict=str(kept["verdict"]),
            code=kept["code"],
            request_id=kept["request_id"],
            duration_ms=kept["duration_ms"],
        )

    @classmethod
    def of_edit(cls, kept: dict[str, Any]) -> Self:
        """Return the step of an edit in a history."""
        paths = tuple(map(str, kept["paths"]))
        return cls(at=float(kept["at"]), what=What.EDITED, who=str(kept["who"]), paths=paths)

    def as_dict(self) -> dict[str, Any]:
        """Return it as one JSON object, without unknown parts."""
        known = {name: getattr(self, name) for name in self.__slots__}
        return {name: one for name, one in known.items() if one is not None and one != ()}


_ORDER: Final = {what: place for place, what in enumerate(What)}


def in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Return the steps as they happened; within a second, receipts' usual order decides."""
    return tuple(sorted(steps, key=lambda step: (int(step.at), _ORDER[step.what], step.at)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One event: where it is, how it came there, and what a person can do.

    Attributes:
        event_id: id of the event.
        event: name of the event; `None` if unknown.
        destination: key of its destination; empty if unknown.
        state: where it is.
        steps: what happened to it, the earliest first.
        reason: why it is there, in a sentence.
        advice: what a person can do; empty if there is nothing to do.
        order_id: its order number, while its body is kept.
        letter: id of its dead letter.
        behind: how many events are before it in its outbox.
        holder: the worker that has claimed it.
        until: when that claim ends, Unix seconds.
        due_at: when it is released, or looked at next, Unix seconds.
        expires_at: when it is too old to be sent, Unix seconds.
        ambiguous: whether an attempt may have been accepted without our knowing.
        salvaged: whether a field of it was mended or left out.
    """

    event_id: str
    event: str | None
    destination: str
    state: State
    steps: tuple[Step, ...]
    reason: str = ""
    advice: str = ""
    order_id: str | None = None
    letter: str | None = None
    behind: int | None = None
    holder: str | None = None
    until: float | None = None
    due_at: float | None = None
    expires_at: float | None = None
    ambiguous: bool = False
    salvaged: bool = False

    @property
    def identity(self) -> tuple[str, str, str]:
        """What identifies the event: several events may have one id."""
        return self.destination, self.event or "", self.event_id

    @property
    def accepted_at(self) -> int | None:
        """When it was accepted, in whole Unix seconds; `None` if unknown."""
        known = [int(step.at) for step in self.steps if step.what is What.ACCEPTED]
        return min(known, default=None)

    def after(self, earlier: Sequence[Step]) -> Self:
        """Return the same life, with what is known of it from elsewhere."""
        steps = {(step.what, int(step.at)): step for step in (*earlier, *self.steps)}
        return replace(self, steps=in_order(steps.values()))

    def as_dict(self) -> dict[str, Any]:
        """Return it as one JSON object; times are Unix seconds."""
        known = {name: getattr(self, name) for name in self.__slots__}
        return known | {"state": self.state.value, "steps": [one.as_dict() for one in self.steps]}


@dataclass(frozen=True, slots=True)
class Trace:
    """What was found for one word that a person asked for.

    Attributes:
        asked: an event id, or an order number.
        lives: the lives of all events that have it.
        looked_at_waiting: whether waiting events were searched; if not, one more may wait.
    """

    asked: str
    lives: tuple[Life, ...]
    looked_at_waiting: bool

    def __iter__(self) -> Iterator[Life]:
        return iter(self.lives)

    def as_dict(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return {
            "asked": self.asked,
            "found": [life.as_dict() for life in self.lives],
            "looked_at_waiting": self.looked_at_waiting,
        }
