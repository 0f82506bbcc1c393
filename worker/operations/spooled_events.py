"""Find a data subject's events in this machine's spool, which are not in Redis yet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from tiktok_events.outbox.blocks import Block
from tiktok_events.spool.spool import Spool
from worker.operations.data_subject import DataSubject


def theirs_in(payload: bytes, subject: DataSubject) -> tuple[list[Any], list[Any]]:
    """Return the data subject's events of a block, and the others.

    A block without a JSON array, which our code never writes, has none: it cannot be sent either.
    """
    try:
        events = orjson.loads(payload) if subject.may_be_in(payload) else []
    except orjson.JSONDecodeError:
        return [], []
    parts: tuple[list[Any], list[Any]] = [], []
    for event in events if isinstance(events, list) else ():
        parts[not subject.owns(event)].append(event)
    return parts


class SpooledEvents:
    """A data subject's events in a spool.

    Args:
        spool: the spool of this machine.
        subject: whose events are meant.
    """

    def __init__(self, spool: Spool, subject: DataSubject) -> None:
        self._spool = spool
        self._subject = subject
        self._found = 0

    def count(self) -> int:
        """Return how many there are.

        Raises:
            OutboxUnavailable: the spool cannot be used.
        """
        return sum(
            len(theirs_in(block.payload, self._subject)[0]) for block in self._spool.blocks()
        )

    def erase(self) -> int | None:
        """Remove them; return how many, or `None` while another process is flushing.

        Raises:
            OutboxUnavailable: the spool cannot be used.
        """
        self._found = 0
        return self._found if self._spool.rewrite(self._without_theirs) else None

    def _without_theirs(self, block: Block) -> Block | None:
        theirs, others = theirs_in(block.payload, self._subject)
        self._found += len(theirs)
        if not theirs:
            return block
        if not others:
            return None
        return replace(block, events=len(others), payload=orjson.dumps(others))
