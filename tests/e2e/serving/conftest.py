"""What the tests of the console in a browser share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.builders.chromium import Reader
from tests.builders.consoles import Console, console, plant
from worker.serving.tokens import Role


@pytest.fixture
def site(redis: Redis, tmp_path: Path) -> Iterator[Console]:
    """A console with dead letters, and a destination that is parked."""
    plant(redis, letters=60, others=5)
    with console(redis, tmp_path) as found:
        yield found


@pytest.fixture
def reader(site: Console, browser: Reader) -> Iterator[Reader]:
    """Somebody who has signed in by the keyboard, and may do everything."""
    browser.open(site.url)
    sign_in(browser, site)
    yield browser
    browser.close()  # before the console is, which waits for its streams


def sign_in(reader: Reader, site: Console) -> None:
    """Type the token, and press Enter."""
    reader.page.fill("#token", site.tokens[Role.ERASE])
    reader.go("Enter")
