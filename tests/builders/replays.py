"""A dead letter on its way back."""

from __future__ import annotations

import time
from typing import cast

from redis import Redis

from tests.builders.stores import keys, store_of
from worker.letters.filter import LetterFilter
from worker.letters.record import read_letter
from worker.letters.search import BEGINNING
from worker.replays.lanes import END
from worker.replays.lease import Page, ReplayLease
from worker.replays.orders import Replays
from worker.replays.state import ReplayRequest


def replay_letter(redis: Redis, letter_id: str) -> bool:
    """Replay a letter as a worker does, whether it may be sent or not.

    Returns:
        Whether it went; it does not when it is gone, or its destination takes none for the moment.
    """
    stored = cast("bytes | None", redis.hget(keys.dead, letter_id))
    if stored is None:
        return False
    letter, now = read_letter(letter_id, stored), time.time()
    wanted = LetterFilter(ids=(letter_id,))
    number = Replays(store_of(redis)).ask(
        ReplayRequest(wanted=wanted, asked_at=now, asked_by="tests")
    )
    hold = ReplayLease(store_of(redis), holder="tests", lease_ms=1_000)
    held = hold.take(number)
    assert held is not None
    page = Page(letter.destination, BEGINNING, END, [(stored, letter)])
    _, moved = hold.move(held, page, room=1_000_000, now=now, paid_until=now)
    assert hold.finish(held)
    return moved == 1
