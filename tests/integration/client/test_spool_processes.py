"""The spool in the hands of many: threads, forks and flushers."""

from __future__ import annotations

import os
import sqlite3
import threading
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.builders.nowhere import nowhere
from tests.builders.spool import bodies, ids
from tests.builders.stores import keys
from tiktok_events import Client

OUTBOX = keys.outbox("web:PIXEL1")
EVENT: dict[str, Any] = {"event": "Purchase", "event_time": 1_767_225_600}


def track(client: Client, name: str, count: int) -> None:
    """Hand over events that can be told from others."""
    for number in range(count):
        client.track(EVENT | {"event_id": f"{name}-{number}"})


def forked(work: Callable[[], object]) -> int:
    """Run it in a child; return the child's process id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork among threads is the point
        child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return child


def exit_codes(children: list[int]) -> set[int]:
    """Wait for them."""
    return {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children}


def track_once(client_of: Callable[[str], Client], url: str, name: str, count: int) -> None:
    """As a process with a client of its own."""
    track(client_of(url), name, count)


def spooled(path: Path) -> tuple[str, int]:
    """What SQLite says of the file, and how many blocks it holds."""
    connection = sqlite3.connect(path)
    try:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
        (count,) = connection.execute("SELECT count(*) FROM spooled").fetchone()
    finally:
        connection.close()
    return verdict, count


def in_threads(count: int, work: Callable[[int], object]) -> list[threading.Thread]:
    """Start threads that do it with their number."""
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.parametrize("away", [False, True])
def test_threads_and_forked_children_share_a_client(
    client_of: Callable[[str], Client], redis: Redis, redis_url: str, path: Path, *, away: bool
) -> None:
    """Sixteen threads track while the process forks, and so do its children; nothing is lost."""
    client = client_of(nowhere() if away else redis_url)
    threads = in_threads(16, lambda number: track(client, f"thread-{number}", 50))
    children = [forked(partial(track, client, f"child-{n}", 50)) for n in range(8)]
    for thread in threads:
        thread.join()
    assert exit_codes(children) == {0}
    if away:
        assert spooled(path) == ("ok", 24 * 50)
        client.close()
        client_of(redis_url).flush()
    expected = {
        f"{kind}-{n}-{i}"
        for kind, of in (("thread", 16), ("child", 8))
        for n in range(of)
        for i in range(50)
    }
    found = ids(bodies(redis))
    assert (len(found), set(found)) == (len(expected), expected)


def test_processes_that_make_the_file_at_once_make_one(
    client_of: Callable[[str], Client], path: Path
) -> None:
    """Nobody's events are in a file that another has replaced."""
    url = nowhere()
    children = [forked(partial(track_once, client_of, url, f"child-{n}", 5)) for n in range(12)]
    assert exit_codes(children) == {0}
    assert spooled(path) == ("ok", 12 * 5)
    assert [file.name for file in path.parent.iterdir() if file.name.startswith(".")] == []


def test_processes_that_flush_at_once_lose_and_repeat_nothing(
    client_of: Callable[[str], Client], redis: Redis, redis_url: str, path: Path
) -> None:
    """One works at a time; the order is that of spooling."""
    track(away := client_of(nowhere()), "event", 500)
    away.close()

    def work() -> None:
        client = client_of(redis_url)
        while spooled(path)[1]:
            client.flush()

    assert exit_codes([forked(work) for _ in range(6)]) == {0}
    assert ids(bodies(redis)) == [f"event-{number}" for number in range(500)]


def test_nothing_is_held_back_in_the_process(
    redis: Redis, redis_url: str, client_of: Callable[[str], Client], path: Path
) -> None:
    """A process that ends without a word right after the call owes nothing."""
    for url in (redis_url, nowhere()):
        assert exit_codes([forked(partial(track_once, client_of, url, "last", 1))]) == {0}
    assert (ids(bodies(redis)), spooled(path)) == (["last-0"], ("ok", 1))
