"""Deadlines of parked events, on a real server: shown while they run, and kept when they end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import orjson
import pytest
from click.testing import CliRunner
from redis import Redis
from structlog.testing import capture_logs

from tiktok_events import Client
from tiktok_events.event.destination import Destination
from tiktok_events.outbox import keys
from worker.cli import main
from worker.delivery.expiry import Sweep, is_time_to_sweep
from worker.letters.dead_letters import DeadLetters
from worker.operations.status import read_figures
from worker.outbox.outbox import Claim, Outbox, Want
from worker.outbox.parking import Parking
from worker.outbox.server_clock import ServerClock
from worker.outbox.settlement import Settlement, Turns
from worker.settings import Settings

PIXEL: Final = "C0EXPIRY0PIXEL000000"
KEY: Final = f"web:{PIXEL}"
DAY_S: Final = 86_400
WEEK_S: Final = 7 * DAY_S
TURNS: Final = Turns("digest", 10_000.0)
SETTINGS: Final = Settings.load({})


def purchase(event_id: str, *, age_s: float = 0, **changes: Any) -> dict[str, Any]:
    """A valid event of an age."""
    return {
        "event": "Purchase",
        "event_id": event_id,
        "event_time": int(time.time() - age_s),
        "user": {"email": "jo@example.com"},
        "page": {"url": f"https://shop.example/thanks?{'q' * 300}"},
        **changes,
    }


class Parked:
    """A destination, and a process that may sweep it once it is parked."""

    def __init__(self, redis: Redis, client: Client) -> None:
        self.redis = redis
        self.client = client
        self.outbox = Outbox(redis, consumer="sweeper", lease_ms=60_000)
        self.sweep = Sweep(redis, self.outbox, "sweeper", SETTINGS)

    def track(self, *ids: str, age_s: float = 0, **changes: Any) -> None:
        """Enqueue events as one block."""
        self.client.track_many([purchase(one, age_s=age_s, **changes) for one in ids])

    def park(self) -> None:
        """From now on."""
        assert Parking(self.redis).park(KEY)

    def run(self) -> int:
        """Sweep to the end."""
        return self.sweep.run(lambda: True)

    def dead(self) -> dict[str | None, str]:
        """Reasons by event id."""
        return {letter.event_id: letter.reason for letter in DeadLetters(self.redis)}

    def claim(self) -> Claim:
        """Claim all of it, as another process."""
        outbox = Outbox(self.redis, consumer="other", lease_ms=60_000)
        return outbox.claim([Want(KEY, 100_000, 100_000_000, TURNS)])[0]

    def ids_after_resume(self) -> list[str]:
        """What a worker claims in the end, but for the one probe: in the order of claiming."""
        assert Parking(self.redis).resume(KEY)
        self.redis.hdel(keys.state(KEY), "failures")
        payloads = [block.payload for block in self.claim().blocks]
        return [event["event_id"] for payload in payloads for event in orjson.loads(payload)]


@pytest.fixture
def parked(redis: Redis, redis_url: str) -> Iterator[Parked]:
    """An empty destination that is not parked yet."""
    with Client(redis_url, event_source_id=PIXEL, linger_ms=0) as client:
        yield Parked(redis, client)


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
    assert parked.redis.zscore(keys.READY, KEY) is None
    assert parked.run() == 0
    assert parked.ids_after_resume() == ["new-1", "new-2"]


def test_a_letter_of_the_sweep_says_why(parked: Parked) -> None:
    """It tells what any expired event's letter tells: no attempt, and when it ended."""
    parked.track("old", age_s=WEEK_S)
    parked.park()
    parked.run()
    (letter,) = DeadLetters(parked.redis)
    assert (letter.destination, letter.attempts, letter.ambiguous) == (KEY, 0, False)
    assert letter.message == "too old to be sent before its window closes"
    assert letter.expires_at <= time.time()


def test_the_accounts_hold_after_a_sweep(parked: Parked) -> None:
    """Accepted is delivered, waiting and died; an emptied outbox is gone and stays parked."""
    parked.track(*(f"e{number}" for number in range(2500)), age_s=WEEK_S)
    parked.park()
    assert parked.run() == 2500
    figures = read_figures(parked.redis)
    assert (figures.unaccounted, figures.dead_unaccounted, figures.dead) == (0, 0, 2500)
    assert figures.buried == {"expired": 2500}
    assert parked.redis.exists(keys.outbox(KEY), keys.attempts(KEY), keys.READY) == 0
    assert Parking(parked.redis).parked() == {KEY: ""}


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
    assert Parking(parked.redis).resume(KEY)
    assert parked.run() == 0
    assert parked.dead() == {}


@pytest.mark.parametrize("days", [8, -8])
def test_a_wrong_clock_sweeps_nothing(parked: Parked, days: float) -> None:
    """Whichever of the two clocks is wrong: another worker sweeps, in a minute."""
    parked.track("old", age_s=WEEK_S)
    parked.track("new")
    parked.park()
    clock = ServerClock(lambda: time.time() + days * DAY_S)
    outbox = Outbox(parked.redis, consumer="wrong", lease_ms=60_000, clock=clock)
    assert Sweep(parked.redis, outbox, "wrong", SETTINGS).run(lambda: True) == 0
    assert parked.dead() == {}
    assert parked.run() == 1


def test_what_was_claimed_before_is_swept_when_it_is_nobodys(parked: Parked) -> None:
    """Handed back, and nothing that a living worker holds."""
    parked.track("old", age_s=WEEK_S)
    claimed = parked.claim()
    parked.park()
    assert parked.run() == 0
    settlement = Settlement(KEY, 0, TURNS)
    settlement.again = [(block.id, block.claims, None, False) for block in claimed.blocks]
    Outbox(parked.redis, consumer="other", lease_ms=60_000).settle(settlement)
    assert parked.run() == 1


def test_what_a_dead_worker_held_is_swept_after_its_lease(parked: Parked) -> None:
    """It may have been sent, so the letter says ambiguous."""
    parked.track("old", age_s=WEEK_S)
    (block,) = parked.claim().blocks
    parked.park()
    parked.redis.xclaim(
        keys.outbox(KEY), keys.GROUP, "other", 0, [block.id], idle=60_000, retrycount=1
    )
    assert parked.run() == 1
    (letter,) = DeadLetters(parked.redis)
    assert letter.ambiguous


def test_a_sweeper_that_dies_leaves_its_claims_to_the_next(parked: Parked) -> None:
    """Nothing is lost between claiming and burying."""
    parked.track("old", age_s=WEEK_S)
    parked.park()
    ((block,),) = parked.sweep._claimed([Destination.from_key(KEY)])
    assert parked.run() == 0
    parked.redis.xclaim(
        keys.outbox(KEY), keys.GROUP, "sweeper", 0, [block.claimed.id], idle=60_000, retrycount=1
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
    parked.track("worse", event_time={"no": "time"})
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
    Parking(parked.redis).park("offline:7400")
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
    assert is_time_to_sweep(redis)
    assert not is_time_to_sweep(redis)
    assert 0 < redis.pttl(keys.SWEEPING) <= 60_000


# --- what is shown ----------------------------------------------------------------------


def shown(redis_url: str, *arguments: str) -> str:
    """What a command prints."""
    return CliRunner(env={"TIKTOK_EVENTS_REDIS_URL": redis_url}).invoke(main, arguments).stdout


def test_a_parked_destination_shows_its_first_deadline(parked: Parked, redis_url: str) -> None:
    """The earliest event of its oldest block decides; both commands tell."""
    event_time = int(time.time()) - DAY_S
    parked.client.track_many([purchase("new"), purchase("old", event_time=event_time)])
    parked.park()
    (status,) = orjson.loads(shown(redis_url, "status", "--json"))["destinations"]
    listed = orjson.loads(shown(redis_url, "destinations", "list", "--json"))
    assert [status["expires_at"], listed["expires_at"]] == [event_time + WEEK_S] * 2
    for command in (("status",), ("destinations", "list")):
        text = " ".join(shown(redis_url, *command).split())
        assert "first event expires in 5d" in text


def test_a_destination_that_is_not_parked_shows_no_deadline(parked: Parked, redis_url: str) -> None:
    """Its events leave before."""
    parked.track("new")
    (status,) = orjson.loads(shown(redis_url, "status", "--json"))["destinations"]
    assert status["expires_at"] is None
    assert "expires" not in shown(redis_url, "destinations", "list")


def test_a_parked_destination_without_events_shows_no_deadline(
    parked: Parked, redis_url: str
) -> None:
    """Nor does one whose first event has no time that is a figure."""
    parked.park()
    assert "expires" not in shown(redis_url, "status")
    parked.track("odd", event_time={"no": "time"})
    assert "expires" not in shown(redis_url, "status")
