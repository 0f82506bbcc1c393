"""Commands that are ended in the middle: the audit says that they began, and how far they came."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from redis import Redis

from tests.builders.commands import tiktok_events
from tests.builders.letters import bury
from tests.builders.stores import store_of
from tiktok_events.event.match_keys import hash_text
from worker.letters.dead_letters import DeadLetters
from worker.letters.file import to_line
from worker.operations.status import read_figures
from worker.reporting.audit import Audit
from worker.reporting.audit_entry import INTERRUPTED, UNDER_WAY, Entry

LETTERS = 300
LIMIT_S = 30.0
ADDRESS = "ann@shop.example"
ACTS: dict[str, tuple[str, ...]] = {
    "purge": ("dead", "purge", "--all", "--yes"),
    "edit": ("dead", "edit", "--all", "--set", "properties.currency=USD", "--yes"),
    "erase": ("erase", "--email", ADDRESS, "--yes"),
    "import": ("dead", "import", "letters.ndjson", "--yes"),
}
HALTED = """
import sys
from worker.letters import search

search.PAGE = 100  # before anybody else has it
from tiktok_events.outbox.lua_script import LuaScript
from worker.cli import main

CHANGING = (
    "-- Remove dead letters for good",
    "-- Put another letter in the place",
    "-- Put an exported letter",
)
many, call, steps = LuaScript.many, LuaScript.__call__, []

def halted(script, reply):
    if any(name in script._script.text for name in CHANGING) and not steps:
        steps.append(1)
        print("stepped", file=sys.stderr, flush=True)
        sys.stdin.readline()
    return reply

LuaScript.many = lambda self, calls, **given: halted(self, many(self, calls, **given))
LuaScript.__call__ = lambda self, keys, args: halted(self, call(self, keys, args))
main(sys.argv[1:])
"""
"""The command itself, which stands still behind its first step until somebody ends it."""


def bury_some(redis: Redis, count: int) -> None:
    """Letters that can be edited and purged."""
    for number in range(count):
        body = {
            "event": "Purchase",
            "event_id": f"e{number}",
            "event_time": int(time.time()),
            "user": {"email": hash_text(ADDRESS)},
            "page": {"url": "https://shop.example/"},
            "properties": {"currency": "EUR", "value": 1.0},
        }
        bury(redis, body, destination="web:C0KILLED0PIXEL000000")


def export_and_forget(redis: Redis, path: Path) -> None:
    """The letters stand in a file only; the counters begin anew."""
    path.write_bytes(b"".join(map(to_line, DeadLetters(store_of(redis)))))
    redis.flushdb()


@pytest.fixture
def halted(
    redis: Redis, redis_url: str, tmp_path: Path
) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Starts a command, which has made one of its steps when it is handed over."""
    bury_some(redis, LETTERS)
    environment = {**os.environ, "TIKTOK_EVENTS_REDIS_URL": redis_url, "TIKTOK_EVENTS_ACTOR": "ops"}

    started: list[subprocess.Popen[bytes]] = []

    def start(act: str) -> subprocess.Popen[bytes]:
        if act == "import":
            export_and_forget(redis, tmp_path / "letters.ndjson")
        process = subprocess.Popen(
            [sys.executable, "-c", HALTED, *ACTS[act]],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=tmp_path,
        )
        started.append(process)
        assert process.stderr is not None
        assert process.stderr.readline() == b"stepped\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def entry_of(redis: Redis) -> Entry:
    """The only entry of the audit."""
    (entry,) = Audit(store_of(redis)).read()
    return entry


def gone_from(redis: Redis, act: str) -> int:
    """How many letters the act has changed or removed, by the letters themselves."""
    letters = list(DeadLetters(store_of(redis)))
    if act in {"purge", "erase"}:
        return LETTERS - len(letters)
    if act == "import":
        return len(letters)
    return sum(letter.body["properties"]["currency"] == "USD" for letter in letters)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_an_act_that_is_ended_says_how_far_it_came(
    redis: Redis, halted: Any, act: str, ending: signal.Signals
) -> None:
    """The count is that of the letters; the result is how it ended, or that it has not."""
    process = halted(act)
    process.send_signal(ending)
    process.communicate(timeout=LIMIT_S)
    entry, done = entry_of(redis), gone_from(redis, act)
    assert 0 < done < LETTERS
    assert (entry.who, entry.action, entry.count) == ("ops", act, done)
    expected = {
        signal.SIGKILL: (UNDER_WAY, -signal.SIGKILL),
        signal.SIGTERM: ("stopped: SIGTERM", 128 + signal.SIGTERM),
        signal.SIGHUP: ("stopped: SIGHUP", 128 + signal.SIGHUP),
        signal.SIGINT: ("stopped: KeyboardInterrupt", 1),
    }
    assert (entry.result, process.returncode) == expected[ending]
    assert read_figures(store_of(redis)).dead_unaccounted == 0


def test_after_a_minute_of_silence_it_is_interrupted(
    redis: Redis, redis_url: str, halted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is at it any more, and the audit says so."""
    process = halted("purge")
    process.kill()
    process.communicate(timeout=LIMIT_S)
    monkeypatch.setattr("worker.reporting.audit_entry.SILENCE_S", -1.0)
    assert entry_of(redis).result == INTERRUPTED
    table = tiktok_events("audit", REDIS_URL=redis_url).stdout
    assert max(map(len, table.splitlines())) <= 100
    assert "interrupted" in table
    assert (
        orjson.loads(tiktok_events("audit", "--json", REDIS_URL=redis_url).stdout)["result"]
        == "interrupted"
    )
