"""How many events are compared is an option."""

from __future__ import annotations

import pytest


@pytest.fixture
def differential_events(pytestconfig: pytest.Config) -> int:
    """How many events the ways are compared on, over all event sources."""
    count: int = pytestconfig.getoption("differential_events")
    return count
