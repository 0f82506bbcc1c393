"""What tests of the console share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.builders.consoles import Console, console


@pytest.fixture
def site(redis: Redis, tmp_path: Path) -> Iterator[Console]:
    """A console at the server of the test, with a token for each role."""
    with console(redis, tmp_path) as found:
        yield found
