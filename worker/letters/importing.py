"""Exported letters go back among the dead letters, each event once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from redis import Redis

from tiktok_events.outbox import keys
from tiktok_events.outbox.lua_script import Call, LuaScript
from worker.letters.dead_letters import INDEX
from worker.letters.fence import when_open
from worker.letters.letter import DeadLetter
from worker.letters.record import Record

IMPORTED: Final = "i"
"""Stands behind the id of an imported letter: no letter that dies here gets such an id."""


class LetterImport:
    """Puts letters back.

    Args:
        redis: a connection.
        wait: for so many seconds, while a person is erased.
    """

    def __init__(self, redis: Redis, wait: Callable[[float], None] = time.sleep) -> None:
        self._restore = LuaScript(redis, "worker", "lib/letters", "audit", "erasing", "restore")
        self._wait = wait

    def restore(
        self, letters: Sequence[DeadLetter], *, dry_run: bool = False, step: str = ""
    ) -> list[bool]:
        """Put letters back in one round trip; they are counted as imported.

        A letter keeps its id, with ``IMPORTED`` behind it.

        Args:
            letters: as they were exported.
            dry_run: whether to look only, and change nothing.
            step: of the act that is to count each (`Act.step`).

        Returns:
            For each whether it was missing: False where it is there, or another letter of the
            same event (destination, name and `event_id`). In a dry run two of `letters` may
            both be missing though the second would find the first.
        """
        calls = [_call(letter, step, dry_run=dry_run) for letter in letters]
        return [bool(reply) for reply in when_open(self._restore, calls, self._wait)]


def _call(letter: DeadLetter, step: str, *, dry_run: bool) -> Call:
    record = Record.of(letter)
    return (
        [
            *(keys.COUNTERS, keys.SEQUENCE, *INDEX, keys.AUDIT_ACTS, keys.ERASING),
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
