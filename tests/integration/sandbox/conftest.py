"""A sandbox that listens, and somebody who sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from tiktok_events_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A running sandbox."""
    with Sandbox(tokens={"secret": {"PIXEL1"}}) as running:
        yield running


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A session with keep-alive and the token."""
    with requests.Session() as made:
        made.trust_env = False
        made.headers["Access-Token"] = "secret"
        yield made
