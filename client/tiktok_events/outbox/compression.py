"""Which blocks are packed: none, all, or those of destinations for which very much waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from tiktok_events.outbox.blocks import Block
from tiktok_events.outbox.packing import packed

CHOICES: Final = ("auto", "zlib", "none")


class Compression:
    """Packs blocks on their way into the outbox; safe to share between threads.

    With `auto`, the server says in its answer to an append for which destinations so much waits
    that their next blocks are to be packed, and no longer says so when it has gone.

    Args:
        choice: one of `CHOICES`.
    """

    def __init__(self, choice: str) -> None:
        self._choice = choice
        self._crowded: frozenset[str] = frozenset()

    def of(self, blocks: Sequence[Block]) -> Sequence[Block]:
        """The blocks as they are to be appended."""
        if self._choice == "none" or (self._choice == "auto" and not self._crowded):
            return blocks
        return [
            replace(block, payload=packed(block.payload))
            if self.wants(block.destination)
            else block
            for block in blocks
        ]

    def wants(self, destination: str) -> bool:
        """Whether the next blocks of a destination are packed."""
        return self._choice == "zlib" or destination in self._crowded

    def learn(self, destinations: Iterable[str], reply: Any) -> None:
        """Take note of what the server said.

        Args:
            destinations: what was appended to.
            reply: of `append.lua`, or of a transaction of its calls: a list where there is
                something to say.
        """
        if isinstance(reply, list) or self._crowded:
            crowded = _names(reply) if self._choice == "auto" else []
            self._crowded = self._crowded.difference(destinations).union(crowded)


def _names(reply: Any) -> list[str]:
    """Whatever is text in a list, as deep as a transaction may have put it."""
    if isinstance(reply, bytes):
        return [reply.decode()]
    return [name for one in reply for name in _names(one)] if isinstance(reply, list) else []
