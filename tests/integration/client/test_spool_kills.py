"""The spool and `kill -9`: at any line of the client, and at any moment of a loop of calls."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import FrameType
from typing import NoReturn, Self

from redis import Redis

import tiktok_events
from tests.builders.spool import bodies, ids
from tests.builders.stores import keys
from tiktok_events import Client
from worker.local.embedded import EmbeddedServer
from worker.local.loopback import free_port

PRODUCER = Path(__file__).with_name("spool_producer.py")
CLIENT_FOLDER = str(Path(tiktok_events.__file__).parent)
OUTBOX = keys.outbox("web:PIXEL1")


def flush_all(client: Client, path: Path) -> None:
    """Until nothing waits. The lease of a killed flusher ends first; here at once."""
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        with connection:
            connection.execute("UPDATE flusher SET until = 0")
        client.flush()
        assert connection.execute("SELECT count(*) FROM spooled").fetchone() == (0,)
    finally:
        connection.close()


# --- at any line ---------------------------------------------------------------------------


class KillAtLine:
    """A trace function that kills its process at a line of the client.

    Args:
        number: how many lines of the client are carried out before.
    """

    def __init__(self, number: int) -> None:
        self._left = number

    def __call__(self, frame: FrameType, event: str, _argument: object) -> Self | None:
        """See each line of the client, and none of anybody else."""
        if not frame.f_code.co_filename.startswith(CLIENT_FOLDER):
            return None
        if event == "line":
            self._left -= 1
            if self._left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


@dataclass(frozen=True, slots=True)
class Run:
    """What a child does: `act` is watched, and what it tells stands in the pipe.

    Attributes:
        client: used by nothing else.
        before: told at once; nobody is killed there.
        act: told when it has returned.
    """

    client: Client
    before: Callable[[Client], object]
    act: Callable[[Client], object]

    def killed_at(self, line: int) -> tuple[bool, list[str]]:
        """Whether a child was killed at that line of the client, and what it told."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            self._child(line, writing)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            told = pipe.read().split()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in {0, -signal.SIGKILL}
        return code != 0, told

    def _child(self, line: int, writing: int) -> NoReturn:
        status = 1
        try:
            os.write(writing, f"{self.before(self.client)}\n".encode())
            sys.settrace(KillAtLine(line))
            told = self.act(self.client)
            sys.settrace(None)
            os.write(writing, f"{told}\n".encode())
            status = 0
        finally:
            os._exit(status)


def test_a_producer_killed_at_any_line_loses_no_event_that_it_told(
    client_of: Callable[[str], Client], redis: Redis, redis_url: str, path: Path
) -> None:
    """While Redis is away: what an earlier call spooled stays, whatever kills the next."""
    number = count()

    def track(client: Client) -> str:
        return client.track({"event": "Lead", "event_id": f"{os.getpid()}-{next(number)}"})

    run = Run(client_of(f"redis://127.0.0.1:{free_port()}/0"), track, track)
    told = []
    for line in count():
        killed, heard = run.killed_at(line)
        told += heard
        if not killed:
            break
    flush_all(client_of(redis_url), path)
    found = ids(bodies(redis))
    assert line > 50
    assert len(told) == line + 2
    assert (set(told) - set(found), len(found)) == (set(), len(set(found)))


def test_a_flusher_killed_at_any_line_loses_nothing(
    client_of: Callable[[str], Client], redis: Redis, redis_url: str, path: Path
) -> None:
    """What is repeated is the same event with the same id."""
    away = client_of(f"redis://127.0.0.1:{free_port()}/0")
    there = client_of(redis_url)
    run = Run(client_of(redis_url), lambda _: "", lambda client: client.flush())
    for line in count():
        expected = [away.track({"event": "Lead", "event_id": f"{line}-{n}"}) for n in range(3)]
        killed, told = run.killed_at(line)
        flush_all(there, path)
        found = bodies(redis)
        redis.flushdb()
        assert (set(ids(found)), len(set(found))) == (set(expected), 3)
        if not killed:
            break
    assert line > 50
    assert told == ["3"]


# --- at any moment -------------------------------------------------------------------------


class Producers:
    """Processes that track until they are killed.

    Attributes:
        returned: ids of the events whose call has returned.
    """

    def __init__(self, url: str, path: Path) -> None:
        self.returned: list[str] = []
        self._command = [sys.executable, str(PRODUCER), url, str(path)]
        self._started = 0

    def start(self) -> subprocess.Popen[str]:
        """One more."""
        self._started += 1
        command = [*self._command, f"producer{self._started}"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def hear(self, producer: subprocess.Popen[str], calls: int) -> None:
        """Until so many more of its calls have returned."""
        assert producer.stdout is not None
        for _ in range(calls):
            line = producer.stdout.readline()
            assert line, "the producer has ended by itself"
            self.returned.append(line.strip())

    def kill(self, producer: subprocess.Popen[str]) -> None:
        """Now; what it told before is still heard."""
        producer.kill()
        with producer:
            assert producer.stdout is not None
            self.returned += producer.stdout.read().split()


def test_nothing_is_lost_when_producers_and_redis_are_killed(
    tmp_path: Path, path: Path, client_of: Callable[[str], Client]
) -> None:
    """Each event whose call returned is in the outbox; a repeat is the event it was."""
    rng = random.Random(20_261_122)
    with EmbeddedServer(tmp_path / "redis", port=free_port()) as server:
        producers = Producers(server.url, path)
        for _ in range(12):
            pair = [producers.start(), producers.start()]
            for act in (server.kill, server.start):
                for producer in pair:
                    producers.hear(producer, rng.randint(1, 150))
                act()
            for producer in pair:
                producers.hear(producer, rng.randint(1, 150))
                producers.kill(producer)
        flush_all(client_of(server.url), path)
        with Redis.from_url(server.url, protocol=2) as redis:
            found = bodies(redis)
    assert set(producers.returned) - set(ids(found)) == set()
    assert len(set(found)) == len(set(ids(found)))
