"""What the tests of the client share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tiktok_events import Client


@pytest.fixture
def client(redis_url: str) -> Iterator[Client]:
    """A client of the empty database with a default pixel."""
    with Client(redis_url, event_source_id="PIXEL1") as made:
        yield made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the spool is."""
    return tmp_path / "spool.sqlite"


@pytest.fixture
def client_of(path: Path) -> Iterator[Callable[[str], Client]]:
    """Makes clients that share the spool; a busy machine is no failure, so they wait long."""
    with ExitStack() as made:
        yield lambda url: made.enter_context(
            Client(
                url,
                event_source_id="PIXEL1",
                on_failure="spool",
                spool_file=path,
                redis_timeout_s=30,
            )
        )
