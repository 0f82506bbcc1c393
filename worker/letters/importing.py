"""Import exported letters among the dead letters, each event once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import Call, LuaScript
from tiktok_events.outbox.store import Store
from worker.letters.fence import when_open
from worker.letters.letter import DeadLetter
from worker.letters.record import Record

IMPORTED: Final = "i"
"""Appended to the id of an imported letter: no letter that dies here gets such an id."""


class LetterImport:
    """Imports letters.

    Args:
        store: the outbox.
        wait: seconds to wait while a data subject is erased.
    """

    def __init__(self, store: Store, wait: Callable[[float], None] = time.sleep) -> None:
        self._shards = store.shards
        self._restore = LuaScript(
            store.redis, "worker", "lib/letters", "audit", "erasing", "restore"
        )
        self._wait = wait

    def restore(
        self, letters: Sequence[DeadLetter], *, dry_run: bool = False, step: str = ""
    ) -> list[bool]:
        """Import letters in one round trip; they are counted as imported.

        A letter keeps its id, with ``IMPORTED`` appended.

        Args:
            letters: the letters as they were exported.
            dry_run: whether only to look, and change nothing.
            step: step of the act that counts each letter (`Act.step`).

        Returns:
            For each letter whether it was missing: False if it exists, or another letter of the
                same event (destination, name and `event_id`) does. In a dry run, two of `letters`
                may both be missing though an import would find the first.
        """
        calls = [
            _call(self._shards.of(letter.destination), letter, step, dry_run=dry_run)
            for letter in letters
        ]
        return [bool(reply) for reply in when_open(self._restore, calls, self._wait)]


def _call(keys: Keys, letter: DeadLetter, step: str, *, dry_run: bool) -> Call:
    record = Record.of(letter)
    return (
        [
            *(keys.counters, keys.sequence, *keys.of_letters(), keys.audit_acts, keys.erasing),
            keys.dead_of(record.kind.digest),
        ],
        [
            record.stored,
            record.kind.write(),
            letter.id,
            letter.id.removesuffix(IMPORTED) + IMPORTED,
            letter.destination,
            letter.event or "",
            "1" if dry_run else "",
            step,
        ],
    )
