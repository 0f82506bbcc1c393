"""A replay that loses its worker: another goes on, and every event is delivered once."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders.commands import objects, tiktok_events
from tests.builders.events import purchase
from tests.builders.stores import store_of
from tests.builders.wait import wait_until
from worker.attempts.history import History
from worker.letters.dead_letters import DeadLetter, DeadLetters, Reason
from worker.operations.status import read_figures
from worker.replays.orders import Replays

LETTERS: Final = 2_000
PIXELS: Final = 3
RATE: Final = "400"
SHORT_LEASE: Final = {"LEASE_S": "8", "REQUEST_TIMEOUT_S": "2"}
PATIENCE_S: Final = 60.0


def event(number: int) -> dict[str, Any]:
    """A valid event."""
    worth, at = {"value": number, "currency": "EUR"}, int(time.time()) - 600
    return purchase(
        f"ord-{number}", event_time=at, user={"external_id": "0" * 64}, properties=worth
    )


@pytest.fixture
def dead_events(redis: Redis) -> list[str]:
    """Ids of events that died of an API that is well again."""
    now, letters, ids = time.time(), DeadLetters(store_of(redis)), []
    for number in range(LETTERS):
        letter = DeadLetter.of(
            event(number),
            destination=f"web:C0REPLAY0PIXEL00000{number % PIXELS}",
            reason=Reason.EXHAUSTED,
            message="the answers stayed unclear",
            history=History(now - 600, attempts=5),
            died_at=now - 300,
            expires_at=now + 86_400 + number,
        )
        letters.bury(letter)
        ids.append(f"ord-{number}")
    return ids


def run(redis_url: str, *arguments: str) -> dict[str, Any]:
    """Run `tiktok-events … --json`; its one object."""
    result = tiktok_events(*arguments, "--json", REDIS_URL=redis_url)
    assert result.exit_code == 0, result.output
    (found,) = objects(result)
    return found


def test_a_replay_outlives_its_worker(
    redis: Redis, redis_url: str, fake_api: Any, start_worker: Any, dead_events: list[str]
) -> None:
    """Killed in the middle, followed by another: each event once, and all counts agree."""
    replays = Replays(store_of(redis))
    asked = run(redis_url, "dead", "replay", "--all", "--yes", "--rate", RATE, "--detach")
    number = asked["replay"]

    def replayed() -> int:
        replay = replays.get(number)
        assert replay is not None
        return replay.replayed

    first = start_worker(**SHORT_LEASE)
    wait_until(lambda: replayed() > LETTERS / 4, PATIENCE_S)
    first.kill()
    assert replayed() < LETTERS
    before_the_kill = set(fake_api.accepted_ids())
    second = start_worker(**SHORT_LEASE)

    done = run(redis_url, "replays", "watch", str(number))
    assert (done["state"], done["selected"], done["replayed"]) == ("finished", LETTERS, LETTERS)
    wait_until(lambda: read_figures(store_of(redis)).waiting == 0, PATIENCE_S)
    counts = Counter(fake_api.accepted_ids())
    assert set(counts) == set(dead_events)
    # What the first worker had posted and not settled is sent again, as after any kill.
    assert {event_id for event_id, times in counts.items() if times > 1} <= before_the_kill
    figures = read_figures(store_of(redis))
    assert (figures.dead, figures.count("delivered"), figures.count("replayed")) == (
        0,
        LETTERS,
        LETTERS,
    )
    assert (figures.unaccounted, figures.dead_unaccounted) == (0, 0)
    said = first.log() + second.log()
    assert [said.count(event) for event in ("replay_started", "replay_finished")] == [1, 1]
