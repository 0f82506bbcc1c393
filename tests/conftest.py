"""What every test may use: a real server, a clean database, the profiles of Hypothesis."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import HealthCheck, settings
from redis import Redis

from tests.looks import VIEWS
from tiktok_events.outbox import keys
from worker.letters.filter import LetterFilter
from worker.letters.record import read_letter
from worker.letters.search import BEGINNING
from worker.local.embedded import EmbeddedServer
from worker.replays.lanes import END
from worker.replays.lease import Page, ReplayLease
from worker.replays.orders import Replays
from worker.replays.replay import ReplayRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A busy machine is not a failure. The blob repeats a failure found elsewhere.
settings.register_profile(
    "busy", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("busy")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Only a conftest at the top may add options."""
    group = parser.getgroup("tiktok-events")
    group.addoption("--server-program", type=Path, help="run this Redis or Valkey server")
    group.addoption("--chaos-table", type=Path, help="write the table of the chaos suite there")
    group.addoption("--chaos-outage-s", type=float, default=20.0, help="how long its outage lasts")
    group.addoption("--chaos-cut-s", type=float, default=20.0, help="how long its cut lasts")
    group.addoption(
        "--differential-events", type=int, default=4_000, help="mutated events to be compared"
    )


@pytest.fixture(autouse=True, scope="module")
def _leaks_are_seen() -> Iterator[None]:
    """A socket, file or process left open fails the module that left it, not a later one."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Iterator[EmbeddedServer]:
    """The real server of this test run. A test that kills one starts its own."""
    with EmbeddedServer(program=pytestconfig.getoption("server_program")) as embedded:
        yield embedded


@pytest.fixture(autouse=True, scope="session")
def _views_end() -> Iterator[None]:
    """The process that looks while scenarios run ends with the run."""
    yield
    VIEWS.close()


@pytest.fixture
def redis(server: EmbeddedServer) -> Iterator[Redis]:
    """A client of an empty database; values are bytes."""
    with Redis.from_url(server.url, decode_responses=False, protocol=2) as client:
        client.flushall()
        yield client


@pytest.fixture(scope="session")
def replay_letter() -> Callable[[Redis, str], bool]:
    """`replay_letter(redis, id)`: as a worker replays it, whether it may be sent or not.

    It is false when the letter is gone, or its destination takes none for the moment.
    """
    return _replay_letter


def _replay_letter(redis: Redis, letter_id: str) -> bool:
    stored = cast("bytes | None", redis.hget(keys.DEAD, letter_id))
    if stored is None:
        return False
    letter, now = read_letter(letter_id, stored), time.time()
    wanted = LetterFilter(ids=(letter_id,))
    number = Replays(redis).ask(ReplayRequest(wanted=wanted, asked_at=now, asked_by="tests"))
    hold = ReplayLease(redis, holder="tests", lease_ms=1_000)
    held = hold.take(number)
    assert held is not None
    page = Page(letter.destination, BEGINNING, END, [(stored, letter)])
    _, moved = hold.move(held, page, room=1_000_000, now=now, paid_until=now)
    assert hold.finish(held)
    return moved == 1


@pytest.fixture
def redis_url(redis: Redis, server: EmbeddedServer) -> str:
    """The URL of the empty database, for the code that makes its own client."""
    return server.url
