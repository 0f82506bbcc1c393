"""When Redis does not take an event: an error, the spool or a count, and never a long wait."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.builders.spool import spooled
from tests.builders.waiting import ids_waiting
from tiktok_events import Client, InvalidSetting, OutboxUnavailable
from tiktok_events.connection.circuit import CircuitOpen
from worker.local.embedded import EmbeddedServer
from worker.local.loopback import free_port
from worker.runtime.engine import Engine
from worker.settings import Settings

EVENT: dict[str, Any] = {"event": "Purchase"}
TIMEOUT_S = 0.5


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the spool is."""
    return tmp_path / "spool.sqlite"


@pytest.fixture
def nowhere() -> str:
    """The URL of a Redis that is not there."""
    return f"redis://127.0.0.1:{free_port()}/0"


def spooling(url: str, path: Path, **settings: Any) -> Client:
    """A client that spools."""
    return Client(url, event_source_id="PIXEL1", on_failure="spool", spool_file=path, **settings)


# --- bounded time --------------------------------------------------------------------------


@pytest.fixture
def answering_late() -> Iterator[Callable[[float], str]]:
    """Starts a server that says OK to everything, each time after some seconds."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    threads: list[threading.Thread] = []

    def serve(delay_s: float) -> None:
        connection, _ = listening.accept()
        with connection:
            while connection.recv(65_536) and not over.wait(delay_s):
                connection.sendall(b"+OK\r\n")

    def start(delay_s: float) -> str:
        threads.append(threading.Thread(target=serve, args=(delay_s,)))
        threads[0].start()
        return f"redis://user:word@127.0.0.1:{listening.getsockname()[1]}/1"

    yield start
    over.set()
    for thread in threads:
        thread.join()
    listening.close()


@pytest.mark.parametrize("on_failure", ["raise", "drop", "spool"])
def test_the_waits_of_a_call_add_up_to_the_configured_time(
    answering_late: Callable[[float], str], path: Path, on_failure: str
) -> None:
    """Logging in, choosing the database and the append are slow, but none is too slow alone."""
    client = Client(
        answering_late(TIMEOUT_S * 0.4),
        event_source_id="PIXEL1",
        redis_timeout_s=TIMEOUT_S,
        on_failure=on_failure,
        spool_file=path,
    )
    started = time.monotonic()
    with client:
        if on_failure == "raise":
            with pytest.raises(OutboxUnavailable):
                client.track(EVENT)
        else:
            client.track(EVENT)
    assert time.monotonic() - started < TIMEOUT_S * 1.5


def test_while_redis_is_silent_only_the_first_call_waits() -> None:
    """The next ones are told at once, and why."""
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        Client(
            f"redis://127.0.0.1:{silent.getsockname()[1]}/0",
            event_source_id="PIXEL1",
            redis_timeout_s=TIMEOUT_S,
        ) as client,
    ):
        causes = []
        for _ in range(3):
            with pytest.raises(OutboxUnavailable) as failure:
                client.track(EVENT)
            causes.append(type(failure.value.__cause__))
    assert [cause is CircuitOpen for cause in causes] == [False, True, True]


# --- the choice ----------------------------------------------------------------------------


def test_dropped_events_are_counted_and_told_once(
    nowhere: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The calls return ids as always."""
    with Client(nowhere, event_source_id="PIXEL1", on_failure="drop") as client:
        assert client.track(EVENT | {"event_id": "a"}) == "a"
        assert len(client.track_many([EVENT] * 9)) == 9
        assert client.dropped == 10
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "dropped" in caplog.text


def test_threads_count_every_drop(nowhere: str) -> None:
    """None is lost between two of them."""
    with Client(nowhere, event_source_id="PIXEL1", on_failure="drop") as client:
        threads = [
            threading.Thread(target=lambda: [client.track(EVENT) for _ in range(100)])
            for _ in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert client.dropped == 1600


def test_an_invalid_event_is_an_error_whatever_the_choice(nowhere: str) -> None:
    """It is nobody's outage."""
    with (
        Client(nowhere, on_failure="drop") as client,
        pytest.raises(ValueError, match="event_source_id"),
    ):
        client.track(EVENT)


def test_spooled_events_come_along_with_later_calls(path: Path, tmp_path: Path) -> None:
    """Each once, with the id and time it had, in order."""
    with (
        EmbeddedServer(tmp_path / "redis", port=free_port()) as server,
        spooling(server.url, path) as client,
    ):
        first = client.track(EVENT)
        server.stop()
        away = [client.track(EVENT), *client.track_many([EVENT] * 250), client.track(EVENT)]
        assert spooled(path) == 252
        server.start()
        later = []
        while spooled(path):
            later.append(client.track(EVENT))
        with Redis.from_url(server.url, protocol=2) as redis:
            found = ids_waiting(redis, "web:PIXEL1")
    assert sorted(found) == sorted([first, *away, *later])
    assert [one for one in found if one in away] == away


def test_flush_moves_everything_at_once(
    redis: Redis, redis_url: str, nowhere: str, path: Path
) -> None:
    """What another process has left, too."""
    with spooling(nowhere, path) as client:
        sent = client.track_many([EVENT] * 1000)
    with spooling(redis_url, path) as client:
        assert (client.flush(), client.flush()) == (1000, 0)
    assert (ids_waiting(redis, "web:PIXEL1"), spooled(path)) == (sent, 0)


def test_flush_without_redis_is_an_error_and_keeps_all(nowhere: str, path: Path) -> None:
    """Who asks for it wants to know."""
    with spooling(nowhere, path) as client:
        client.track(EVENT)
        for _ in range(2):
            with pytest.raises(OutboxUnavailable):
                client.flush()
    assert spooled(path) == 1


def test_a_client_without_a_spool_has_nothing_to_flush(nowhere: str) -> None:
    """It asks nobody."""
    with Client(nowhere) as client:
        assert client.flush() == 0


def test_what_a_full_server_refuses_is_spooled(redis: Redis, redis_url: str, path: Path) -> None:
    """And comes along when there is room again."""
    redis.config_set("maxmemory", 1)
    try:
        with spooling(redis_url, path) as client:
            event_id = client.track(EVENT)
            assert (ids_waiting(redis, "web:PIXEL1"), spooled(path)) == ([], 1)
            redis.config_set("maxmemory", 0)
            assert client.flush() == 1
    finally:
        redis.config_set("maxmemory", 0)
    assert ids_waiting(redis, "web:PIXEL1") == [event_id]


def test_a_full_spool_is_a_clear_error(nowhere: str, path: Path) -> None:
    """Nothing is given up in silence."""
    with spooling(nowhere, path, spool_bytes=1_048_576) as client:
        large = EVENT | {"page": {"url": "u" * 50_000}}
        client.track_many([large] * 12)
        with pytest.raises(OutboxUnavailable, match="is full: 1,048,576 bytes"):
            client.track_many([large] * 12)
        client.track_many([large] * 2)
    assert spooled(path) == 14


def test_no_raw_match_key_is_in_the_spool(nowhere: str, path: Path) -> None:
    """Hashed before, as for Redis."""
    with spooling(nowhere, path) as client:
        client.track(EVENT | {"user": {"email": "Jo@Example.com", "phone": "+12133734253"}})
    content = path.read_bytes().lower()
    assert b"purchase" in content
    assert b"jo@example.com" not in content
    assert b"2133734253" not in content


def test_spooling_needs_a_place(nowhere: str) -> None:
    """The error names the setting."""
    with pytest.raises(InvalidSetting, match="TIKTOK_EVENTS_SPOOL_FILE must be given"):
        Client(nowhere, on_failure="spool")


def test_the_celery_task_never_spools_or_drops(
    nowhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its message is the only copy of the event, and goes back to the broker."""
    monkeypatch.setenv("TIKTOK_EVENTS_ON_FAILURE", "drop")
    engine = Engine(Settings.load({"TIKTOK_EVENTS_REDIS_URL": nowhere}))
    try:
        with pytest.raises(OutboxUnavailable):
            engine.client.track(EVENT | {"event_source_id": "PIXEL1"})
    finally:
        engine.close()
