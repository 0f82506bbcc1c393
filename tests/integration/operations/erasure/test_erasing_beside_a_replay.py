"""Erasure while a worker replays everything, in earnest: two processes' worth of threads."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders.letters import letter
from tests.builders.stores import keys, store_of
from tiktok_events.event.match_keys import prepare_user
from worker.delivery.destinations import Destinations
from worker.letters.dead_letters import DeadLetter
from worker.letters.filter import LetterFilter
from worker.letters.importing import LetterImport
from worker.replays.orders import Replays
from worker.replays.runner import ReplayRun
from worker.replays.state import ReplayRequest
from worker.settings import Settings

OTHERS: Final = 500
JO: Final = "jo@example.com"


def letters() -> list[DeadLetter]:
    """Many of others, and one of Jo in the middle of them."""
    now = time.time()
    emails = [f"{number}@example.com" for number in range(OTHERS)]
    emails.insert(OTHERS // 2, JO)
    return [
        letter(
            {"event": "Lead", "event_id": email, "user": prepare_user({"email": email})},
            now=now,
            destination=f"web:C0ERASE{number % 7}",
            expires_at=now + 3_600 + number,
        )
        for number, email in enumerate(emails)
    ]


def replay_on(url: str, stop: threading.Event) -> None:
    """What a worker does, as fast as it can."""
    with Redis.from_url(url, protocol=2) as own:
        destinations = Destinations(Settings(batch_events=1_000, access_token="token"))
        run = ReplayRun(store_of(own), destinations, holder="two", lease_s=60)
        while not stop.is_set():
            run.run(1, lambda: not stop.is_set())
            own.hdel(keys.replay(1), "lease_until")


@pytest.mark.parametrize("round_", range(2))
def test_a_replay_beside_it_takes_nobody_past_it(shop: Any, round_: int) -> None:
    """Wherever the replay is when the erasure begins, the person is nowhere afterwards."""
    known = letters()
    for first in range(0, len(known), 500):
        part = [
            replace(one, id=f"{first + place + 1}-0")
            for place, one in enumerate(known[first : first + 500])
        ]
        LetterImport(store_of(shop.redis)).restore(part)
    request = ReplayRequest(
        wanted=LetterFilter(), asked_at=time.time(), asked_by="ops", rate=10_000.0
    )
    Replays(store_of(shop.redis)).ask(request)
    stop = threading.Event()
    worker = threading.Thread(target=replay_on, args=(shop.url, stop))
    worker.start()
    try:
        stop.wait(0.1 * round_)
        found = shop.erase()
    finally:
        stop.set()
        worker.join(30)
    assert (found.total, found.complete) == (1, True)
    assert shop.erase().total == 0
    assert shop.counted()[2:] == (0, 0)
