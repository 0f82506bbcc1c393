"""Trace events: search where they are held, where they ended, and where they wait.

held       delayed events, by their ids
dead       dead letters, by their ids
ended      receipts
waiting    all outboxes, if it is not known yet; then delayed events and letters by order number
ended      once more: what moved meanwhile has ended
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from tiktok_events.outbox.store import Store
from worker.letters.dead_letters import DeadLetters
from worker.letters.filter import LetterFilter
from worker.letters.record import read_letter
from worker.letters.search import BEGINNING, LetterSearch
from worker.operations.trace.asked import Asked
from worker.operations.trace.held import Held
from worker.operations.trace.kept import life_of_letter, lives_of_receipts
from worker.operations.trace.life import Life, State, Trace
from worker.operations.trace.waiting import Waiting
from worker.operations.trace.words import PERHAPS_REPLAYED
from worker.outbox.receipt_lists import ReceiptLists
from worker.settings import Settings

Found = dict[str, list[Life]]
"""The lives found for each word."""

UNSETTLED = frozenset({State.PURGED})
"""For receipts: it died, but its letter is gone; perhaps it was replayed, and waits."""


class Tracer:
    """Traces events, without changing anything.

    Args:
        store: the outbox.
        settings: settings with windows and the lease.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._waiting = Waiting(store, settings)
        self._held = Held(store)
        self._letters = DeadLetters(store)
        self._search = LetterSearch(store)
        self._receipts = ReceiptLists(store)

    def steps(self) -> int:
        """Return about how many blocks and letters a search of waiting events reads."""
        return len(self._waiting) + len(self._letters)

    def trace(
        self,
        words: Iterable[str],
        *,
        waiting: bool | None = None,
        seen: Callable[[], None] = lambda: None,
    ) -> list[Trace]:
        """Return what became of the events that words mean, in the order of the words.

        Args:
            words: event ids or order numbers.
            waiting: whether to search waiting events, which takes a second or more for each million
                of them; default: only for words of which nothing is known otherwise.
            seen: is called for each block and letter that is searched.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        asked = Asked(words)
        found = self._settled(asked)
        unknown = [word for word in asked.words if _is_unknown(found[word])]
        sought = asked.words if waiting else unknown if waiting is None else ()
        if sought:
            self._look_at_waiting(Asked(sought), found, seen)
        return [
            Trace(word, tuple(found[word]), looked_at_waiting=True)
            if word in sought
            else Trace(word, tuple(map(_doubted, found[word])), looked_at_waiting=False)
            for word in asked.words
        ]

    def _settled(self, asked: Asked) -> Found:
        """Return what is known without searching waiting events."""
        held = [*self._held.by_id(asked), *self._letters_by_id(asked)]
        return _joined(held, self._by_receipts(asked))

    def _look_at_waiting(self, asked: Asked, found: Found, seen: Callable[[], None]) -> None:
        kept = [
            *self._waiting.find(asked, seen),
            *self._held.by_order(asked),
            *self._letters_by_order(asked, seen),
            *self._held.by_id(asked),
            *self._letters_by_id(asked),
        ]
        for word, lives in _joined(kept, self._by_receipts(asked)).items():
            found[word] = lives

    def _by_receipts(self, asked: Asked) -> Iterator[tuple[str, Life]]:
        for event_id, receipts in self._receipts.find(asked.event_ids).items():
            for life in lives_of_receipts(event_id, receipts):
                yield asked.word_for(event_id), life

    def _letters_by_id(self, asked: Asked) -> Iterator[tuple[str, Life]]:
        now = self._now()
        for event_id in asked.event_ids:
            for letter in self._letters.find(LetterFilter(event_id=event_id), now=now):
                yield asked.word_for(event_id), life_of_letter(letter, now)

    def _letters_by_order(
        self, asked: Asked, seen: Callable[[], None]
    ) -> Iterator[tuple[str, Life]]:
        now = self._now()
        for letter_id, stored in self._search.candidates(LetterFilter(), BEGINNING, now):
            if asked.may_be_in(stored):
                letter = read_letter(letter_id, stored)
                if word := asked.word_of(letter.body):
                    yield word, life_of_letter(letter, now)
            seen()

    def _now(self) -> float:
        return float(self._store.redis.time()[0])


def _is_unknown(lives: Sequence[Life]) -> bool:
    return not lives or any(life.state in UNSETTLED for life in lives)


def _doubted(life: Life) -> Life:
    """Return a life as far as it is known without searching waiting events."""
    return replace(life, reason=PERHAPS_REPLAYED) if life.state in UNSETTLED else life


def _one(kept: Life | None, ended: Life) -> Life:
    """Return the life of an event, from what is kept of it and from its receipts."""
    if kept is None:
        return ended
    if ended.state is not State.PURGED and ended.accepted_at == kept.accepted_at:
        return ended.after(kept.steps)  # it has ended since it was seen
    return replace(kept, ambiguous=kept.ambiguous or ended.ambiguous).after(ended.steps)


def _joined(kept: Iterable[tuple[str, Life]], ended: Iterable[tuple[str, Life]]) -> Found:
    """Join lives by word: what is kept says where an event is, receipts what was before."""
    lives: dict[str, dict[tuple[object, ...], Life]] = defaultdict(dict)
    for word, life in kept:
        lives[word][*life.identity, life.letter, life.behind] = life
    for word, life in ended:
        same = [key for key in lives[word] if key[:3] == life.identity]
        for key in same or [life.identity]:
            lives[word][key] = _one(lives[word].get(key), life)
    return defaultdict(list, {word: list(some.values()) for word, some in lives.items()})
