"""Which blocks are packed: none, all, or those of destinations for which very much waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from tiktok_events.blocks import Block
from tiktok_events.packing import packed

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
            replace(block, payload=packed(block.payload)) if self._wants(block) else block
            for block in blocks
        ]

    def learn(self, blocks: Sequence[Block], replies: Sequence[Any]) -> None:
        """Take note of what the server said.

        Args:
            blocks: what was appended.
            replies: of everything that was sent with them; those of `append.lua` are lists
                where there is something to say.
        """
        crowded = _names(replies) if self._choice == "auto" else []
        if crowded or self._crowded:
            self._crowded = self._crowded.difference(b.destination for b in blocks).union(crowded)

    def _wants(self, block: Block) -> bool:
        return self._choice == "zlib" or block.destination in self._crowded


def _names(replies: Sequence[Any]) -> list[str]:
    """Whatever is text in a list, as deep as a transaction may have put it."""
    names: list[str] = []
    for reply in replies:
        if isinstance(reply, list):
            names += [one.decode() for one in reply if isinstance(one, bytes)]
            names += _names(reply)
    return names
