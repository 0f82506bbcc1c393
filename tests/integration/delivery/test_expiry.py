"""Deadlines of parked events, on a real server: shown while they run, and kept when they end."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from redis import Redis
from structlog.testing import capture_logs

from tests.builders.parked import DAY_S, KEY, LIMIT, SETTINGS, WEEK_S, Parked, purchase
from tests.builders.stores import installation_keys, keys, store_of
from tiktok_events.event.destination import Destination
from tiktok_events.outbox.keys import GROUP
from worker.delivery.expiry import Sweep, is_time_to_sweep
from worker.letters.dead_letters import DeadLetters
from worker.operations.status import read_figures
from worker.outbox.outbox import Outbox
from worker.outbox.parking import Parking
from worker.outbox.server_clock import ServerClock
from worker.outbox.settlement import Settlement

# --- the sweep --------------------------------------------------------------------------


def test_expired_events_of_a_parked_destination_die(parked: Parked) -> None:
    """Nothing was sent, each has its letter, the others wait in their order."""
    parked.track("old-1", "old-2", age_s=WEEK_S)
    parked.track("old-3", age_s=WEEK_S + DAY_S)
    parked.track("new-1")
    parked.track("new-2")
    parked.park()
    assert parked.run() == 3
    assert parked.dead() == dict.fromkeys(["old-1", "old-2", "old-3"], "expired")
    assert parked.redis.hget(keys.state(KEY), "waiting") == b"2"
    assert parked.redis.zscore(keys.ready, KEY) is None
    assert parked.run() == 0
    assert parked.ids_after_resume() == ["new-1", "new-2"]


def test_a_letter_of_the_sweep_says_why(parked: Parked) -> None:
    """It tells what any expired event's letter tells: no attempt, and when it ended."""
    parked.track("old", age_s=WEEK_S)
    parked.park()
    parked.run()
    (letter,) = DeadLetters(store_of(parked.redis))
    assert (letter.destination, letter.attempts, letter.ambiguous) == (KEY, 0, False)
    assert letter.message == "too old to be sent before its window closes"
    assert letter.expires_at <= time.time()


def test_the_accounts_hold_after_a_sweep(parked: Parked) -> None:
    """Accepted is delivered, waiting and died; an emptied outbox is gone and stays parked."""
    parked.track(*(f"e{number}" for number in range(2500)), age_s=WEEK_S)
    parked.park()
    assert parked.run() == 2500
    figures = read_figures(store_of(parked.redis))
    assert (figures.unaccounted, figures.dead_unaccounted, figures.dead) == (0, 0, 2500)
    assert figures.buried == {"expired": 2500}
    assert parked.redis.exists(keys.outbox(KEY), keys.attempts(KEY), keys.ready) == 0
    assert Parking(store_of(parked.redis)).parked() == {KEY: ""}


def test_one_line_tells_of_the_expired(parked: Parked) -> None:
    """One for a destination and a sweep; none when nothing expired."""
    parked.track(*(f"e{number}" for number in range(1200)), age_s=WEEK_S)
    parked.park()
    with capture_logs() as logs:
        parked.run()
        parked.run()
    assert [(line["event"], line["destination"], line["events"]) for line in logs] == [
        ("expired_while_parked", KEY, 1200)
    ]


def test_a_block_waits_for_its_last_event(parked: Parked) -> None:
    """A block stays whole and in its place; its expired events would not be sent either."""
    parked.client.track_many([purchase("old", age_s=WEEK_S), purchase("new")])
    parked.park()
    assert parked.run() == 0
    assert parked.ids_after_resume() == ["old", "new"]


def test_a_destination_that_goes_on_is_not_swept(parked: Parked) -> None:
    """Its own claims see what has expired."""
    parked.track("old", age_s=WEEK_S)
    assert parked.run() == 0
    parked.park()
    assert Parking(store_of(parked.redis)).resume(KEY)
    assert parked.run() == 0
    assert parked.dead() == {}


@pytest.mark.parametrize("days", [8, -8])
def test_a_wrong_clock_sweeps_nothing(parked: Parked, days: float) -> None:
    """Whichever of the two clocks is wrong: another worker sweeps, in a minute."""
    parked.track("old", age_s=WEEK_S)
    parked.track("new")
    parked.park()
    clock = ServerClock(lambda: time.time() + days * DAY_S)
    outbox = Outbox(store_of(parked.redis), consumer="wrong", lease_ms=60_000, clock=clock)
    assert Sweep(store_of(parked.redis), outbox, SETTINGS).run(lambda: True) == 0
    assert parked.dead() == {}
    assert parked.run() == 1


def test_what_was_claimed_before_is_swept_when_it_is_nobodys(parked: Parked) -> None:
    """Handed back, and nothing that a living worker holds."""
    parked.track("old", age_s=WEEK_S)
    claimed = parked.claim()
    parked.park()
    assert parked.run() == 0
    settlement = Settlement(KEY, 0, LIMIT)
    settlement.again = [(block.id, block.claims, None, False) for block in claimed.blocks]
    Outbox(store_of(parked.redis), consumer="other", lease_ms=60_000).settle(settlement)
    assert parked.run() == 1


def test_what_a_dead_worker_held_is_swept_after_its_lease(parked: Parked) -> None:
    """It may have been sent, so the letter says ambiguous."""
    parked.track("old", age_s=WEEK_S)
    (block,) = parked.claim().blocks
    parked.park()
    parked.redis.xclaim(keys.outbox(KEY), GROUP, "other", 0, [block.id], idle=60_000, retrycount=1)
    assert parked.run() == 1
    (letter,) = DeadLetters(store_of(parked.redis))
    assert letter.ambiguous


def test_a_sweeper_that_dies_leaves_its_claims_to_the_next(parked: Parked) -> None:
    """Nothing is lost between claiming and burying."""
    parked.track("old", age_s=WEEK_S)
    parked.park()
    ((block,),) = parked.sweep._claimed([Destination.from_key(KEY)])
    assert parked.run() == 0
    parked.redis.xclaim(
        keys.outbox(KEY), GROUP, "sweeper", 0, [block.claimed.id], idle=60_000, retrycount=1
    )
    assert parked.run() == 1
    assert parked.dead() == {"old": "expired"}


def test_an_event_of_the_future_does_not_hide_the_expired(parked: Parked) -> None:
    """It stands first and can still be sent."""
    parked.track("future", event_time=int(time.time()) + 3_600)
    parked.track("old", age_s=WEEK_S)
    parked.park()
    assert parked.run() == 1
    assert parked.ids_after_resume() == ["future"]


def test_a_sweep_of_a_backlog_that_is_alive_reads_little(parked: Parked) -> None:
    """A few blocks are looked at and keep their place, however many wait."""
    for number in range(30):
        parked.track(f"e{number}")
    parked.park()
    for _ in range(3):
        assert parked.run() == 0
    group = parked.redis.xinfo_groups(keys.outbox(KEY))[0]
    assert group["pending"] == 8
    assert parked.ids_after_resume() == [f"e{number}" for number in range(30)]


def test_invalid_events_do_not_hold_up_a_sweep(parked: Parked) -> None:
    """A word is no time that can be sent: it dies as what it is."""
    parked.track("odd", event_time="soon")
    parked.track("worse", event_time="never")
    parked.track("old", age_s=WEEK_S)
    parked.park()
    assert parked.run() == 3
    assert parked.dead() == {"odd": "invalid", "worse": "invalid", "old": "expired"}


def test_windows_are_those_of_the_source(parked: Parked) -> None:
    """An offline event of nine days can still be sent."""
    nine_days = {"event_source": "offline", "event_source_id": "7400"}
    parked.track("offline", age_s=9 * DAY_S, **nine_days)
    parked.track("web", age_s=9 * DAY_S)
    parked.park()
    Parking(store_of(parked.redis)).park("offline:7400")
    assert parked.run() == 1
    assert parked.dead() == {"web": "expired"}


def test_a_sweep_ends_when_it_is_told(parked: Parked) -> None:
    """At a shutdown, say; the next one goes on."""
    parked.track(*(f"e{number}" for number in range(1000)), age_s=WEEK_S)
    parked.park()
    answers = iter([True, False])
    assert 0 < parked.sweep.run(lambda: next(answers)) < 1000
    parked.run()
    assert Counter(parked.dead().values()) == {"expired": 1000}


def test_one_worker_a_minute_sweeps(redis: Redis) -> None:
    """The others find that it was done."""
    assert is_time_to_sweep(store_of(redis))
    assert not is_time_to_sweep(store_of(redis))
    assert 0 < redis.pttl(installation_keys.sweeping) <= 60_000
