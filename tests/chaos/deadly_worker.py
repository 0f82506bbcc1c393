"""The worker, but a marked event kills the process that prepares it, as a bug in C code would."""

from __future__ import annotations

import os
from typing import Final
from unittest.mock import patch

from worker.cli import main
from worker.delivery.prepare import Prepared, Preparer
from worker.outbox.claimed_block import OpenBlock

MARK: Final = "deadly-"

prepare = Preparer.prepare


def die_of_a_marked_event(preparer: Preparer, block: OpenBlock, *, now: float) -> Prepared:
    """Prepare a block, or end without a word."""
    if any(event["event_id"].startswith(MARK) for event in block.events):
        os._exit(1)
    return prepare(preparer, block, now=now)


if __name__ == "__main__":
    with patch.object(Preparer, "prepare", die_of_a_marked_event):
        main()
