"""Dead letters that are too old or too many go on a real server: counted, logged, announced."""

from __future__ import annotations

import time
from typing import Any, Final

import pytest
from redis import Redis
from structlog.testing import capture_logs

from tests.builders.stores import installation_keys, store_of
from worker.attempts.history import History
from worker.letters.dead_letters import DeadLetter, DeadLetters, Reason
from worker.letters.retention import Retention, due_within_a_day, used_bytes
from worker.operations.status import read_figures
from worker.reporting.audit import Audit
from worker.settings import Settings

NOW: Final = 1_795_000_000.0
DAY_S: Final = 86_400
MEGABYTE: Final = 1_048_576


class Graveyard:
    """Letters of chosen ages, and what is to be kept of them."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.letters = DeadLetters(store_of(redis))

    def bury(self, name: str, *, dead_days: float, left_days: float, filler: int = 0) -> None:
        """Bury a letter that died so long ago and expires in so long."""
        self.letters.bury(
            DeadLetter.of(
                {"event": "Purchase", "event_id": name, "properties": {"query": "x" * filler}},
                destination="web:C0PIXEL",
                reason=Reason.REJECTED,
                message="Invalid parameter",
                history=History(NOW - dead_days * DAY_S),
                died_at=NOW - dead_days * DAY_S,
                expires_at=NOW + left_days * DAY_S,
            )
        )

    def sweep(self, *, now: float = NOW, steps: int = 1_000, **limits: str) -> list[dict[str, Any]]:
        """One sweep; returns what was logged."""
        left = iter(range(steps))
        with capture_logs() as logged:
            Retention(store_of(self.redis), settings(**limits)).run(
                lambda: next(left, -1) >= 0, now
            )
        return [dict(line) for line in logged]

    def names(self) -> list[str | None]:
        """Whose letters are left, nearest deadline first."""
        return [letter.event_id for letter in self.letters]


def settings(**limits: str) -> Settings:
    """Ninety days and no limit of memory, unless given."""
    return Settings.load({f"TIKTOK_EVENTS_{name.upper()}": limits[name] for name in limits})


@pytest.fixture
def graveyard(redis: Redis) -> Graveyard:
    """Without letters."""
    return Graveyard(redis)


def test_what_is_old_and_expired_goes(graveyard: Graveyard) -> None:
    """A young letter stays, and so does an old one that can still be sent."""
    graveyard.bury("old", dead_days=91, left_days=-84)
    graveyard.bury("young", dead_days=89, left_days=-82)
    graveyard.bury("old but alive", dead_days=91, left_days=1)
    graveyard.sweep()
    assert graveyard.names() == ["young", "old but alive"]


def test_the_age_is_a_setting(graveyard: Graveyard) -> None:
    """Days from the death."""
    graveyard.bury("ten days", dead_days=10, left_days=-3)
    graveyard.sweep(dead_keep_days="11")
    assert graveyard.names() == ["ten days"]
    graveyard.sweep(dead_keep_days="9")
    assert graveyard.names() == []


def test_what_goes_is_counted_logged_and_audited(graveyard: Graveyard) -> None:
    """Once a sweep, however many pages; every sum agrees."""
    for number in range(510):
        graveyard.bury(f"old-{number}", dead_days=91, left_days=-84)
    purged = [one for one in graveyard.sweep() if one["event"] == "dead_letters_purged"]
    assert [(one["events"], one["reason"]) for one in purged] == [(510, "age")]
    figures = read_figures(store_of(graveyard.redis))
    assert (figures.count("purged"), figures.count("purged:retention")) == (510, 510)
    assert figures.dead_unaccounted == 0
    (entry,) = Audit(store_of(graveyard.redis)).read()
    assert (entry.who, entry.action, entry.count, entry.what) == (
        "worker",
        "purge",
        510,
        "dead for 90 days",
    )


def test_a_sweep_ends_when_its_time_is_up(graveyard: Graveyard) -> None:
    """The next one goes on where it stopped."""
    for number in range(1_200):
        graveyard.bury(f"old-{number}", dead_days=91, left_days=-84)
    graveyard.sweep(steps=1)
    assert len(graveyard.letters) == 700
    graveyard.sweep()
    assert len(graveyard.letters) == 0


def test_over_its_memory_the_nearest_deadlines_go(graveyard: Graveyard) -> None:
    """What has expired goes first, then what would expire next; the latest stay."""
    for number in range(300):
        graveyard.bury(f"{number:03}", dead_days=1, left_days=number - 50.5, filler=8_000)
    logged = graveyard.sweep(dead_max_bytes=str(MEGABYTE))
    left = graveyard.names()
    assert left == [f"{number:03}" for number in range(300 - len(left), 300)]
    assert 0.8 * MEGABYTE < used_bytes(store_of(graveyard.redis)) <= MEGABYTE
    (purged,) = [one for one in logged if one["event"] == "dead_letters_purged"]
    gone = 300 - len(left)
    assert (purged["log_level"], purged["reason"]) == ("error", "memory")
    assert (purged["events"], purged["recoverable"]) == (gone, gone - 51)


def test_without_a_limit_nothing_goes_for_its_size(graveyard: Graveyard) -> None:
    """The default keeps all that is not too old."""
    for number in range(50):
        graveyard.bury(f"{number}", dead_days=1, left_days=1, filler=60_000)
    graveyard.sweep()
    assert len(graveyard.letters) == 50


def test_it_is_said_a_day_before(graveyard: Graveyard) -> None:
    """How many will go within a day, once a day, before the first of them does."""
    graveyard.bury("soon", dead_days=89.5, left_days=-82)
    graveyard.bury("later", dead_days=80, left_days=-70)
    (warning,) = graveyard.sweep()
    assert (warning["event"], warning["events"]) == ("dead_letters_will_be_purged", 1)
    assert graveyard.sweep() == []
    assert graveyard.names() == ["soon", "later"]
    assert 0 < graveyard.redis.ttl(installation_keys.dead_warned) <= DAY_S


def test_it_is_said_when_memory_is_nearly_full(graveyard: Graveyard) -> None:
    """Before anything that could still be sent goes."""
    for number in range(115):
        graveyard.bury(f"{number}", dead_days=1, left_days=1, filler=8_000)
    (warning,) = graveyard.sweep(dead_max_bytes=str(MEGABYTE))
    assert (warning["event"], warning["limit_bytes"]) == ("dead_letters_nearly_full", MEGABYTE)
    assert len(graveyard.letters) == 115


def test_the_figures_tell_what_will_go(graveyard: Graveyard) -> None:
    """By the ledger's hours; with another age it is another number."""
    graveyard.bury("soon", dead_days=89.5, left_days=-82)
    graveyard.bury("alive", dead_days=89.5, left_days=3)
    assert due_within_a_day(store_of(graveyard.redis), settings(), NOW) == 1
    assert due_within_a_day(store_of(graveyard.redis), settings(dead_keep_days="100"), NOW) == 0


def test_a_full_server_is_emptied_all_the_same(graveyard: Graveyard) -> None:
    """Purging needs no memory; the warning waits."""
    for number in range(20):
        graveyard.bury(f"old-{number}", dead_days=91, left_days=-84)
    graveyard.bury("soon", dead_days=89.5, left_days=-82)
    used = int(graveyard.redis.info("memory")["used_memory"])
    graveyard.redis.config_set("maxmemory", used // 2)
    try:
        graveyard.sweep()
    finally:
        graveyard.redis.config_set("maxmemory", 0)
    assert graveyard.names() == ["soon"]


def test_a_status_shows_what_retention_took(graveyard: Graveyard) -> None:
    """And what it will take, when it knows the settings."""
    now = time.time()
    graveyard.bury("a", dead_days=(NOW - now) / DAY_S + 89.9, left_days=(now - NOW) / DAY_S - 80)
    figures = read_figures(store_of(graveyard.redis), settings())
    assert figures.as_dict()["purged_within_a_day"] == 1
    assert read_figures(store_of(graveyard.redis)).as_dict()["purged_within_a_day"] is None
