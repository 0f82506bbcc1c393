"""A replay: what was asked for, and how far the workers are with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self, TypeVar

import orjson

from worker.letters.filter import LetterFilter
from worker.letters.letter import DeadLetter, Reason
from worker.replays.eligibility import Eligibility, eligibility_of
from worker.reporting.audit_entry import MAX_WHAT_CHARS
from worker.reporting.stored import LATEST, document_of, seconds_of, text_of, whole_of

T = TypeVar("T")

RATE: Final = 500.0
"""Events a second, by default."""

MIN_RATE: Final = 0.1
MAX_RATE: Final = 10_000

SKIPPED: Final = {
    Eligibility.EXPIRED: "skipped_expired",
    Eligibility.AMBIGUOUS: "skipped_ambiguous",
    Eligibility.NO_DESTINATION: "skipped_no_destination",
}
"""Why a letter is not replayed → the name under which that is counted."""


class ReplayState(StrEnum):
    """What a replay is doing; `UNREADABLE` for one that our code did not write."""

    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    UNREADABLE = "unreadable"


ENDED: Final = frozenset({ReplayState.FINISHED, ReplayState.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRequest:
    """What somebody asks the workers for.

    Attributes:
        wanted: which letters, forgotten when the replay ends; only those that had died when it was
            asked for, so that what dies again is not replayed in a circle.
        asked_at: Unix seconds on the server's clock.
        asked_by: who asked for it.
        accept_duplicates: whether to send events that TikTok might count twice.
        rate: events a second.
        selected: letters that matched when they were counted.
        missing: number of ids asked for that no letter had.
    """

    wanted: LetterFilter
    asked_at: float
    asked_by: str
    accept_duplicates: bool = False
    rate: float = RATE
    selected: int = 0
    missing: int = 0

    def eligibility_of(self, letter: DeadLetter, now: float) -> Eligibility:
        """Return what this replay does with a letter at `now` (Unix seconds)."""
        return eligibility_of(letter, now=now, accept_duplicates=self.accept_duplicates)

    def write(self) -> dict[str, Any]:
        """Return the request as Redis stores it, without ids, which go when the replay ends."""
        wanted = self.wanted.as_dict()
        ids = wanted.pop("ids", [])
        return {
            "filter": orjson.dumps(wanted),
            "words": self.wanted.words()[:MAX_WHAT_CHARS],
            "ids": orjson.dumps(ids),
            "asked_at": repr(self.asked_at),
            "asked_by": self.asked_by,
            "accept_duplicates": int(self.accept_duplicates),
            "rate": repr(self.rate),
            "selected": self.selected,
            "missing": self.missing,
        }

    @classmethod
    def read(cls, known: Mapping[str, bytes]) -> Self:
        """Return what `write` wrote; once the replay has ended, without its filter."""
        wanted = orjson.loads(known.get("filter", b"{}"))
        wanted["ids"] = orjson.loads(known.get("ids", b"[]"))
        return cls(
            wanted=LetterFilter.from_dict(wanted),
            asked_at=_number(known["asked_at"]),
            asked_by=text_of(known["asked_by"]),
            accept_duplicates=known["accept_duplicates"] == b"1",
            rate=_number(known["rate"]),
            selected=_whole(known["selected"]),
            missing=_whole(known["missing"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A replay as it stands in Redis.

    Attributes:
        number: number by which it is named.
        request: what was asked for.
        words: the filter in one line.
        state: what it is doing.
        replayed: events that went back into their outboxes.
        skipped: letters that were not replayed, by the name they are counted under.
        delivered: of the replayed events, those that were delivered.
        died: of the replayed events, those that died again, by reason.
        erased: of the replayed events, those that were erased.
        started_at: when a worker first took it, Unix seconds.
        ended_at: Unix seconds.
        holder: the worker process that works at it.
        waits_for: destination → why nothing goes there at the moment.
        all_waits: whether all remaining letters are for these destinations.
        paid_until: until when its rate is used up, Unix seconds.
    """

    number: int
    request: ReplayRequest
    words: str
    state: ReplayState
    replayed: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    delivered: int = 0
    died: Mapping[str, int] = field(default_factory=dict)
    erased: int = 0
    started_at: float | None = None
    ended_at: float | None = None
    holder: str | None = None
    waits_for: Mapping[str, str] = field(default_factory=dict)
    all_waits: bool = False
    paid_until: float | None = None

    @classmethod
    def read(cls, number: int, fields: Mapping[bytes, bytes]) -> Self:
        """Return the replay in a hash; one that we did not write is `UNREADABLE`, and stays."""
        try:
            return cls._read(number, {text_of(name): value for name, value in fields.items()})
        except (KeyError, TypeError, ValueError):
            request = ReplayRequest(wanted=LetterFilter(), asked_at=0.0, asked_by="")
            return cls(number=number, request=request, words="", state=ReplayState.UNREADABLE)

    @classmethod
    def _read(cls, number: int, known: Mapping[str, bytes]) -> Self:
        holder, paid_until = known.get("holder"), known.get("paid_until")
        return cls(
            number=number,
            request=ReplayRequest.read(known),
            words=text_of(known["words"]),
            state=ReplayState(text_of(known["state"])),
            replayed=_whole(known.get("replayed", b"0")),
            skipped={name: _whole(known.get(name, b"0")) for name in SKIPPED.values()},
            delivered=_whole(known.get("delivered", b"0")),
            died={one.value: count for one in Reason if (count := _died(known, one))},
            erased=_whole(known.get("erased", b"0")),
            started_at=_seconds(known.get("started_at")),
            ended_at=_seconds(known.get("ended_at")),
            holder=None if holder is None else text_of(holder),
            waits_for={str(k): str(v) for k, v in _pairs(known.get("waits_for", b"{}"))},
            all_waits=known.get("all_waits") == b"1",
            paid_until=None if paid_until is None else _number(paid_until),
        )

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED

    @property
    def seen(self) -> int:
        """How many letters were replayed or skipped so far."""
        return self.replayed + sum(self.skipped.values())

    @property
    def left(self) -> int:
        """How many letters it has not come to; none, of a finished one."""
        rest = max(self.request.selected - self.seen, 0)
        return 0 if self.state is ReplayState.FINISHED else rest

    @property
    def waiting(self) -> int:
        """How many replayed events have not ended yet."""
        return max(self.replayed - self.settled, 0)

    @property
    def settled(self) -> int:
        """How many replayed events have ended."""
        return self.delivered + sum(self.died.values()) + self.erased

    @property
    def gone(self) -> int:
        """How many letters that were asked for are gone or have changed."""
        lost = max(self.request.selected - self.seen - self.left, 0)
        return self.request.missing + lost

    def waits_only_for(self, why: str) -> list[str]:
        """Return the destinations, if all that is left waits for this one reason."""
        same = self.all_waits and set(self.waits_for.values()) == {why}
        return sorted(self.waits_for) if same else []

    def counts(self) -> dict[str, int]:
        """Return how many letters came to which end."""
        return {
            "selected": self.request.selected,
            "replayed": self.replayed,
            **self.skipped,
            "gone": self.gone,
        }

    def ends(self) -> dict[str, Any]:
        """Return what became of the replayed events."""
        return {
            "delivered": self.delivered,
            "died_again": dict(self.died),
            "erased": self.erased,
            "waiting": self.waiting,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return it as one JSON object; times are Unix seconds."""
        return {
            "replay": self.number,
            "state": self.state.value,
            **self.counts(),
            "left": self.left,
            **self.ends(),
            "waits_for": dict(self.waits_for),
            "filter": self.words,
            "accept_duplicates": self.request.accept_duplicates,
            "rate": self.request.rate,
            "asked_by": self.request.asked_by,
            "asked_at": self.request.asked_at,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "holder": self.holder,
        }


def _seconds(milliseconds: bytes | None) -> float | None:
    return None if milliseconds is None else _known(seconds_of(milliseconds))


def _died(known: Mapping[str, bytes], reason: Reason) -> int:
    return _whole(known.get(f"died:{reason}", b"0"))


def _whole(value: bytes) -> int:
    return _known(whole_of(value))


def _number(value: bytes) -> float:
    number = float(value)
    return _known(number if 0 <= number <= LATEST else None)


def _pairs(value: bytes) -> Iterable[tuple[Any, Any]]:
    known = document_of(value)
    return _known(known if isinstance(known, dict) else None).items()


def _known(value: T | None) -> T:
    if value is None:
        raise ValueError("it is not as we write it")
    return value
