"""`tiktok-events status` tells where every event is, from a real server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import orjson
from click.testing import Result
from redis import Redis

from tests.builders.commands import tiktok_events
from tests.builders.letters import bury
from tests.builders.replays import replay_letter
from tests.builders.stores import keys, store_of
from tiktok_events import Client
from worker.letters.dead_letters import DeadLetters
from worker.letters.filter import LetterFilter
from worker.operations.status import read_figures
from worker.outbox.parking import Parking

PIXEL = "C0PIXEL"


def run(redis_url: str, *arguments: str) -> Result:
    """Run `tiktok-events status`."""
    return tiktok_events("status", *arguments, REDIS_URL=redis_url)


def figures(redis_url: str) -> dict[str, Any]:
    """Run it with --json."""
    found: dict[str, Any] = orjson.loads(run(redis_url, "--json").stdout)
    return found


def track(redis_url: str, count: int, source_id: str = PIXEL) -> None:
    """Enqueue events of one destination."""
    with Client(redis_url, event_source_id=source_id) as client:
        client.track_many([{"event": "Purchase"}] * count)


def test_an_empty_server_has_figures(redis_url: str) -> None:
    """Before the first event everything is zero, and accounted for."""
    output = run(redis_url).stdout
    assert "every event is accounted for" in output
    assert "No destination has anything waiting" in output


def test_waiting_events_are_counted(redis: Redis, redis_url: str) -> None:
    """Events that nobody has taken wait, each at its destination."""
    before = time.time()
    track(redis_url, 250)
    track(redis_url, 3, "C0OTHER")
    found = figures(redis_url)
    assert (found["accepted"], found["waiting"], found["unaccounted"]) == (253, 253, 0)
    waiting = {one["destination"]: one["waiting"] for one in found["destinations"]}
    assert waiting == {"web:C0PIXEL": 250, "web:C0OTHER": 3}
    ages = [found["at"] - one["oldest_at"] for one in found["destinations"]]
    # Blocks are dated in whole milliseconds.
    assert all(0 <= age <= time.time() - before + 0.001 for age in ages)


def test_every_end_of_an_event_is_counted(redis: Redis, redis_url: str) -> None:
    """Buried, replayed and purged letters are told apart, and all of them accounted for."""
    letters = DeadLetters(store_of(redis))
    ids = [bury(redis) for _ in range(3)]
    assert replay_letter(redis, ids[0])
    letters.purge(list(letters.find(LetterFilter(ids=(ids[1],)))))
    found = figures(redis_url)
    names = ("accepted", "waiting", "dead", "replayed", "purged", "unaccounted", "dead_unaccounted")
    assert [found[name] for name in names] == [3, 1, 1, 1, 1, 0, 0]
    assert found["buried"] == {"rejected": 3}
    assert "rejected 3" in run(redis_url).stdout


def test_a_missing_event_is_seen(redis: Redis, redis_url: str) -> None:
    """Deleted keys show as a difference, never as a good figure."""
    track(redis_url, 2)
    redis.delete(keys.outbox(f"web:{PIXEL}"), keys.state(f"web:{PIXEL}"))
    assert figures(redis_url)["unaccounted"] == 2
    assert "2 events missing" in run(redis_url).stdout


def test_a_missing_dead_letter_is_seen(redis: Redis, redis_url: str) -> None:
    """The dead letters have an account of their own."""
    redis.hdel(keys.dead, bury(redis))
    assert figures(redis_url)["dead_unaccounted"] == 1
    assert "1 dead letter missing" in run(redis_url).stdout


def test_a_parked_destination_says_why(redis: Redis, redis_url: str) -> None:
    """It is found though it is not due, and stands first."""
    track(redis_url, 5, "C0BUSY")
    track(redis_url, 1)
    Parking(store_of(redis)).park(f"web:{PIXEL}", "credential: token revoked")
    rows = [line for line in run(redis_url).stdout.splitlines() if line.startswith("web:")]
    assert [row.split()[0] for row in rows] == [f"web:{PIXEL}", "web:C0BUSY"]
    assert "parked: credential: token revoked" in rows[0]


def test_a_failing_destination_says_until_when(redis: Redis, redis_url: str) -> None:
    """Its failures and the end of its back-off are shown."""
    track(redis_url, 1)
    until_ms = round((time.time() + 300) * 1000)
    redis.hset(keys.state(f"web:{PIXEL}"), mapping={"failures": 7, "not_before": until_ms})
    (found,) = figures(redis_url)["destinations"]
    assert (found["condition"], found["failures"]) == ("backing_off", 7)
    assert found["not_before"] == until_ms / 1000
    assert "backing off until" in run(redis_url).stdout


def test_the_picture_fits_a_hundred_columns(redis: Redis, redis_url: str) -> None:
    """Of many destinations with long names the most urgent are shown, the rest counted."""
    for number in range(23):
        track(redis_url, 1, f"{'7' * 60}{number}")
    Parking(store_of(redis)).park(f"web:{'7' * 60}3", "configuration: " + "no such pixel " * 20)
    output = run(redis_url).stdout
    assert max(map(len, output.splitlines())) <= 100
    assert "3 destinations not shown" in output


def test_the_account_holds_under_traffic(redis: Redis, redis_url: str) -> None:
    """Figures are of one moment: events that move meanwhile are not missed or counted twice."""
    ended = threading.Event()

    def traffic() -> None:
        with Client(redis_url) as client:
            number = 0
            while not ended.is_set():
                client.track({"event": "Purchase", "event_source_id": f"C0PIXEL{number % 3}"})
                number += 1

    thread = threading.Thread(target=traffic)
    thread.start()
    try:
        differences = {read_figures(store_of(redis)).unaccounted for _ in range(100)}
    finally:
        ended.set()
        thread.join()
    assert differences == {0}


def test_watching_goes_on_until_interrupted(redis_url: str) -> None:
    """One object after another, and Ctrl-C is no failure."""
    command = [sys.executable, "-m", "worker.cli", "status", "--watch", "--json", "--every", "0.1"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=os.environ | {"TIKTOK_EVENTS_REDIS_URL": redis_url}
    ) as watching:
        assert watching.stdout is not None
        first, second = (orjson.loads(watching.stdout.readline())["at"] for _ in range(2))
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20) == 0
    assert first < second


def test_a_full_server_is_told_of_too(redis: Redis, redis_url: str) -> None:
    """That is when somebody looks."""
    track(redis_url, 3)
    redis.config_set("maxmemory", 1)
    try:
        told = figures(redis_url)
    finally:
        redis.config_set("maxmemory", 0)
    assert (told["accepted"], told["waiting"], told["unaccounted"]) == (3, 3, 0)
