"""Find dead letters in the order of their deadlines, page by page, however many there are.

stretches   of which kinds, and between which deadlines, can a letter match?
positions   the letters of those kinds, merged by (deadline, id)
letters     as they stand in Redis, without those that do not match after all

What is read at a time does not grow with the number of letters. A letter that comes, goes or
changes meanwhile may be found or not; no other is missed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Final, NamedTuple, Self, cast

from redis import Redis

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import LuaScript
from worker.letters.filter import LetterFilter
from worker.letters.kind import Kind
from worker.letters.ledger import cells_in, kinds_in
from worker.letters.letter import DeadLetter
from worker.letters.record import deadline_of, index_word
from worker.reporting.stored import text_of

PAGE: Final = 500
"""Letters read in one round trip, at most."""

FIRST_PAGE: Final = 50
"""How many letters are read at first: a command that shows one screen needs no more."""

FIRST_BUFFERED: Final = 1_000
BUFFERED: Final = 10_000
"""About how many positions of all kinds together are read at first, and later held at a time."""

LEAST_BUFFERED: Final = 5
"""The least number of positions read of one kind, however many kinds there are."""

SETS_AT_ONCE: Final = 50
"""How many sets one script call reads: the server must not be held up."""


class Cursor(NamedTuple):
    """A place in the order of dead letters: after the letter with this deadline and id.

    Attributes:
        deadline: Unix seconds.
        id: id of the letter, which need not exist any more.
    """

    deadline: float
    id: str

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        """Return the cursor after a letter."""
        return cls(letter.expires_at, letter.id)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the cursor that a text means.

        Raises:
            ValueError: the text is no cursor.
        """
        deadline, separator, letter_id = text.partition("/")
        if not separator or not letter_id or not math.isfinite(float(deadline)):
            raise ValueError("a cursor is written DEADLINE/ID")
        return cls(float(deadline), letter_id)

    def __str__(self) -> str:
        return f"{self.deadline!r}/{self.id}"


BEGINNING: Final = Cursor(-math.inf, "")


class Span(NamedTuple):
    """Deadlines from the first to the last, both inclusive, in Unix seconds."""

    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is still to be read of one kind.

    Attributes:
        set_key: the sorted set of its letters.
        after: the place after which to read on.
        spans: ranges of deadlines, in order and disjoint; the first one is being read.
    """

    set_key: str
    after: Cursor
    spans: tuple[Span, ...]

    def behind(self, page: Sequence[Cursor], wanted: int) -> Stretch | None:
        """Return what is left after a page, or `None`; a page that is not full ends its span."""
        if len(page) == wanted:
            return Stretch(self.set_key, page[-1], self.spans)
        return _from(self.set_key, self.after, self.spans[1:])


class ShardSearch:
    """Searches the dead letters of one shard.

    Args:
        redis: a connection.
        keys: of the shard.
    """

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._page = LuaScript(redis, "worker", "page")

    def candidates(
        self, wanted: LetterFilter, after: Cursor, now: float
    ) -> Iterator[tuple[str, bytes]]:
        """Yield id and record of every letter that may match, in order; the caller checks each."""
        ids = self._named(wanted)
        positions = (
            self._merged([one for _, one in self._stretches(wanted, lambda _: after, now)])
            if ids is None
            else iter(sorted(place for place in self._places(ids) if place > after))
        )
        return self._stored(place.id for place in positions)

    def heads(
        self, wanted: LetterFilter, after: Mapping[str, Cursor], now: float
    ) -> dict[str, float]:
        """Yield destinations of letters that may match, with the first deadline of each.

        Args:
            wanted: which letters; not by id or `event_id`, from which destinations cannot be told.
            after: destination → start after this place.
            now: Unix seconds.
        """
        stretches = self._stretches(
            wanted, lambda kind: after.get(kind.destination, BEGINNING), now
        )
        heads: dict[str, float] = {}
        pages = self._pages([stretch for _, stretch in stretches], 1)
        for (kind, stretch), page in zip(stretches, pages, strict=True):
            first = _first_deadline(stretch, page)
            if first is not None:
                heads[kind.destination] = min(first, heads.get(kind.destination, math.inf))
        return heads

    def _named(self, wanted: LetterFilter) -> Sequence[str] | None:
        """Return the ids of the letters that can match, if the filter names them."""
        if wanted.ids or not wanted.event_id:  # an empty one is not indexed
            return list(dict.fromkeys(wanted.ids)) or None
        word = index_word(wanted.event_id).encode() + b"\0"
        found = self._redis.zrangebylex(
            self._keys.dead_event_ids, b"[" + word, b"(" + word + b"\xff"
        )
        return [text_of(member[len(word) :]) for member in cast("list[bytes]", found)]

    def _places(self, ids: Sequence[str]) -> Iterator[Cursor]:
        for letter_id, stored in self._stored(iter(ids)):
            yield Cursor(deadline_of(stored), letter_id)

    def _stretches(
        self, wanted: LetterFilter, after: Callable[[Kind], Cursor], now: float
    ) -> list[tuple[Kind, Stretch]]:
        kinds = kinds_in(self._redis, self._keys)
        possible = {digest: kind for digest, kind in kinds.items() if wanted.may_match(kind)}
        spans = self._spans(list(possible), wanted, now)
        found = (
            (kind, _from(self._keys.dead_of(digest), after(kind), spans.get(digest, ())))
            for digest, kind in possible.items()
        )
        return [(kind, stretch) for kind, stretch in found if stretch is not None]

    def _spans(
        self, possible: Sequence[str], wanted: LetterFilter, now: float
    ) -> dict[str, tuple[Span, ...]]:
        """Return for each kind the deadlines that matching letters can have."""
        whole = _deadlines(wanted, now)
        if wanted.died_hours(now) is None:
            return dict.fromkeys(possible, (whole,))
        spans: dict[str, list[Span]] = {kind: [] for kind in possible}
        for cell in cells_in(self._redis, self._keys, wanted.died_hours(now)):
            if cell.kind in spans:
                spans[cell.kind].append(Span(cell.first_deadline, cell.last_deadline))
        return {kind: _joined(found, whole) for kind, found in spans.items()}

    def _merged(self, stretches: Sequence[Stretch]) -> Iterator[Cursor]:
        """Yield all kinds in one order; the first pages of all are read together."""
        wanted = _share(FIRST_BUFFERED, stretches)
        pages = self._pages(stretches, wanted)
        later = _share(BUFFERED, stretches)
        return merge(
            *(
                self._follow(page, stretch.behind(page, wanted), later)
                for stretch, page in zip(stretches, pages, strict=True)
            )
        )

    def _follow(self, page: list[Cursor], rest: Stretch | None, wanted: int) -> Iterator[Cursor]:
        """Yield one kind to its end."""
        yield from page
        while rest is not None:
            (page,) = self._pages([rest], wanted)
            yield from page
            rest = rest.behind(page, wanted)

    def _pages(self, stretches: Sequence[Stretch], wanted: int) -> Iterator[list[Cursor]]:
        for first in range(0, len(stretches), SETS_AT_ONCE):
            some = stretches[first : first + SETS_AT_ONCE]
            bounds = [
                text
                for one in some
                for text in (one.after.deadline, one.after.id, one.spans[0].last)
            ]
            for page in self._page([one.set_key for one in some], [wanted, *bounds]):
                yield [
                    Cursor(float(deadline), text_of(letter_id))
                    for letter_id, deadline in zip(page[::2], page[1::2], strict=True)
                ]

    def _stored(self, ids: Iterator[str]) -> Iterator[tuple[str, bytes]]:
        size = FIRST_PAGE
        while some := list(islice(ids, size)):
            found = cast("list[bytes | None]", self._redis.hmget(self._keys.dead, some))
            yield from (
                (letter_id, stored)
                for letter_id, stored in zip(some, found, strict=True)
                if stored is not None
            )
            size = min(2 * size, PAGE)


def _share(positions: int, stretches: Sequence[Stretch]) -> int:
    return min(max(positions // max(len(stretches), 1), LEAST_BUFFERED), PAGE)


def _first_deadline(stretch: Stretch, page: Sequence[Cursor]) -> float | None:
    """Return the first deadline of a stretch, or an earlier time; `None` if it is empty."""
    if page:
        return page[0].deadline
    return stretch.spans[1].first if len(stretch.spans) > 1 else None


def _deadlines(wanted: LetterFilter, now: float) -> Span:
    """Return the deadlines that a filter allows."""
    if wanted.recoverable is None:
        return Span(-math.inf, math.inf)
    return Span(now, math.inf) if wanted.recoverable else Span(-math.inf, now)


def _joined(spans: list[Span], whole: Span) -> tuple[Span, ...]:
    """Return the parts of spans within the whole, in order and without overlaps."""
    joined: list[Span] = []
    for span in sorted(spans):
        first, last = max(span.first, whole.first), min(span.last, whole.last)
        if joined and first <= joined[-1].last:
            joined[-1] = Span(joined[-1].first, max(joined[-1].last, last))
        elif first <= last:
            joined.append(Span(first, last))
    return tuple(joined)


def _from(set_key: str, after: Cursor, spans: Sequence[Span]) -> Stretch | None:
    """Return a stretch from after a place; `None` if no span is left."""
    left = tuple(span for span in spans if span.last >= after.deadline)
    if not left:
        return None
    return Stretch(set_key, max(after, Cursor(left[0].first, "")), left)
