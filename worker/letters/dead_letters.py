"""Dead letters: events that will not be sent again unless a person asks for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, cast

from tiktok_events.event.identity import counted_name
from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import Call, LuaScript
from tiktok_events.outbox.store import Store
from worker.letters.fence import when_open
from worker.letters.filter import LetterFilter
from worker.letters.homes import LetterHomes
from worker.letters.letter import DeadLetter, Reason
from worker.letters.record import Record, read_letter
from worker.letters.search import BEGINNING, PAGE, Cursor, LetterSearch
from worker.reporting.figures.names import ACCEPTED, DEAD
from worker.reporting.figures.unfolded import journal_part

__all__ = ["PAGE", "Cursor", "DeadLetter", "DeadLetters", "Reason"]

EVERY: Final = LetterFilter()


class DeadLetters:
    """All dead letters, in the order of their deadlines.

    Args:
        store: the outbox.
        wait: seconds to wait while a data subject is erased.
    """

    def __init__(self, store: Store, wait: Callable[[float], None] = time.sleep) -> None:
        self._store = store
        self._wait = wait
        self._search = LetterSearch(store)
        self._homes = LetterHomes(store)
        self._bury = LuaScript(store.redis, "worker", "lib/letters", "bury")
        self._change = LuaScript(store.redis, "worker", "lib/letters", "audit", "erasing", "change")
        self._purge = LuaScript(store.redis, "worker", "lib/letters", "audit", "purge")

    def __len__(self) -> int:
        with self._store.redis.pipeline(transaction=False) as pipeline:
            for keys in self._store.at_hand:
                pipeline.hlen(keys.dead)
            return sum(pipeline.execute())

    def __iter__(self) -> Iterator[DeadLetter]:
        """Yield every letter, nearest deadline first; memory use does not grow with the number."""
        return self.find(EVERY)

    def find(
        self, wanted: LetterFilter, *, after: Cursor | None = None, now: float | None = None
    ) -> Iterator[DeadLetter]:
        """Yield the letters that match, by deadline, then by id.

        Memory use does not grow with their number. Letters may be changed, replayed or purged while
        others are still being found.

        Args:
            wanted: what the letters must match.
            after: start after this place.
            now: Unix seconds, to tell what can still be sent; default: the clock's.
        """
        return self._search.find(wanted, after or BEGINNING, time.time() if now is None else now)

    def get(self, letter_id: str) -> DeadLetter | None:
        """Return one letter."""
        with self._store.redis.pipeline(transaction=False) as pipeline:
            for keys in self._store.at_hand:
                pipeline.hget(keys.dead, letter_id)
            found = cast("list[bytes | None]", pipeline.execute())
        stored = next((one for one in found if one is not None), None)
        return None if stored is None else read_letter(letter_id, stored)

    def bury(self, letter: DeadLetter) -> str:
        """Bury an event that was never in an outbox, and return the letter's id."""
        record, keys = Record.of(letter), self._store.shards.of(letter.destination)
        counted = {counted_name(letter.event): {ACCEPTED: 1, DEAD + letter.reason: 1}}
        reply = self._bury(
            keys=[
                keys.sequence,
                keys.counters,
                *keys.of_letters(),
                keys.dead_of(record.kind.digest),
                keys.journal,
            ],
            args=[
                record.stored,
                record.kind.write(),
                letter.reason,
                journal_part(letter.destination, counted),
            ],
        )
        return cast("bytes", reply).decode()

    def change(self, old: DeadLetter, new: DeadLetter) -> bool:
        """Replace a letter under its id, and file it anew.

        Returns:
            False if `old` is gone or has changed.
        """
        (changed,) = self.change_many([(old, new)])
        return changed

    def change_many(
        self, changes: Sequence[tuple[DeadLetter, DeadLetter]], *, step: str = ""
    ) -> list[bool]:
        """Change letters as `change` does, in two round trips for every ``PAGE`` of them.

        Args:
            changes: pairs of an old and a new letter.
            step: step of the act that counts each change (`Act.step`).
        """
        changed: list[bool] = []
        for first in range(0, len(changes), PAGE):
            page = changes[first : first + PAGE]
            changed += self._change_page(page, step)
            self._homes.bring([new for _, new in page])
        return changed

    def purge(self, letters: Sequence[DeadLetter], *, why: str = "", step: str = "") -> int:
        """Remove letters for good, unless their kind has changed meanwhile.

        Args:
            letters: the ones to remove.
            why: a reason other than a person's wish, counted as ``purged:<why>`` too.
            step: step of the act that counts removed letters (`Act.step`).

        Returns:
            How many were removed; they are counted as purged.
        """
        by_shard: dict[Keys, list[DeadLetter]] = {}
        for letter, keys in zip(letters, self._homes.places(letters), strict=True):
            by_shard.setdefault(keys, []).append(letter)
        calls = [
            _purge_call(keys, some[first : first + PAGE], why, step)
            for keys, some in by_shard.items()
            for first in range(0, len(some), PAGE)
        ]
        return sum(self._purge(*call) for call in calls)

    def _change_page(
        self, changes: Sequence[tuple[DeadLetter, DeadLetter]], step: str
    ) -> list[bool]:
        homes = self._homes.places([old for old, _ in changes])
        with self._store.redis.pipeline(transaction=False) as pipeline:
            for keys, (old, _) in zip(homes, changes, strict=True):
                pipeline.hget(keys.dead, old.id)
            stored = cast("list[bytes | None]", pipeline.execute())
        calls = {
            place: _change_call(homes[place], old, document, new, step)
            for place, ((old, new), document) in enumerate(zip(changes, stored, strict=True))
            if document is not None and _is(old, document)
        }
        replies = when_open(self._change, list(calls.values()), self._wait)
        done = dict(zip(calls, replies, strict=True))
        return [bool(done.get(place)) for place in range(len(changes))]


def _is(letter: DeadLetter, stored: bytes) -> bool:
    """Return whether a letter is what is stored."""
    return read_letter(letter.id, stored).write() == letter.write()


def _change_call(keys: Keys, old: DeadLetter, stored: bytes, new: DeadLetter, step: str) -> Call:
    record = Record.of(new)
    return (
        [
            *keys.of_letters(),
            keys.dead_of(old.kind),
            keys.dead_of(record.kind.digest),
            keys.audit_acts,
            keys.erasing,
        ],
        [old.id, stored, record.stored, record.kind.write(), step],
    )


def _purge_call(keys: Keys, letters: Sequence[DeadLetter], why: str, step: str) -> Call:
    sets = [keys.dead_of(letter.kind) for letter in letters]
    places = {key: place for place, key in enumerate(dict.fromkeys(sets), 1)}
    args = [
        arg for letter, key in zip(letters, sets, strict=True) for arg in (letter.id, places[key])
    ]
    return [keys.counters, *keys.of_letters(), keys.audit_acts, *places], [why, step, *args]
