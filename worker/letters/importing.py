"""Exported letters go back among the dead letters, each event once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from redis import Redis

from tiktok_events.outbox import keys
from tiktok_events.outbox.lua_script import Call, LuaScript
from worker.letters.dead_letters import INDEX
from worker.letters.letter import DeadLetter
from worker.letters.record import Record

IMPORTED: Final = "i"
"""Behind the id of a letter that was imported: no letter that dies here gets such an id."""


class LetterImport:
    """Puts letters back.

    Args:
        redis: a connection.
    """

    def __init__(self, redis: Redis) -> None:
        self._restore = LuaScript(redis, "worker", "lib/letters", "restore")

    def restore(self, letters: Sequence[DeadLetter], *, dry_run: bool = False) -> list[bool]:
        """Put letters back in one round trip; they are counted as imported.

        A letter keeps its id, with ``IMPORTED`` behind it.

        Args:
            letters: as they were exported.
            dry_run: only look.

        Returns:
            For each whether it was missing: False where it is there, or another letter of the
            same event (destination, name and `event_id`). In a dry run two of `letters` may
            both be missing though the second would find the first.
        """
        calls = [_call(letter, dry_run=dry_run) for letter in letters]
        return [bool(reply) for reply in self._restore.many(calls, together=False)]


def _call(letter: DeadLetter, *, dry_run: bool) -> Call:
    record = Record.of(letter)
    return (
        [keys.COUNTERS, keys.SEQUENCE, *INDEX, keys.dead_of(record.kind.digest)],
        [
            record.stored,
            record.kind.write(),
            letter.id,
            letter.id.removesuffix(IMPORTED) + IMPORTED,
            letter.destination,
            letter.event or "",
            "1" if dry_run else "",
        ],
    )
