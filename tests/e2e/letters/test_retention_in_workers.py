"""A worker looks after the dead letters though nothing is parked."""

from __future__ import annotations

import time
from typing import Any, Final

from redis import Redis

from tests.builders.stores import store_of
from tests.builders.wait import wait_until
from worker.attempts.history import History
from worker.letters.dead_letters import DeadLetter, DeadLetters, Reason
from worker.operations.status import read_figures

DAY_S: Final = 86_400


def test_a_worker_purges_what_is_too_old_to_be_kept(redis: Redis, start_worker: Any) -> None:
    """Nobody asks for it; the young letter stays, and the figures tell."""
    letters, now = DeadLetters(store_of(redis)), time.time()
    for name, age_s in (("old", 2 * DAY_S), ("young", 0.5 * DAY_S)):
        letters.bury(
            DeadLetter.of(
                {"event": "Purchase", "event_id": name},
                destination="web:C0PIXEL",
                reason=Reason.EXPIRED,
                message="too old",
                history=History(now - age_s),
                died_at=now - age_s,
                expires_at=now - age_s,
            )
        )
    worker = start_worker(DEAD_KEEP_DAYS="1")
    wait_until(lambda: read_figures(store_of(redis)).count("purged:retention"))
    assert [letter.event_id for letter in letters] == ["young"]
    wait_until(lambda: "dead_letters_purged" in worker.log())
    worker.kill()
