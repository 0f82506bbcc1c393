"""The pytest plugin: fixtures for tests of code that tracks conversions.

It is a module beside the package, so that a run without these fixtures does not import the package.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tiktok_events.testing import CapturedConversions
    from tiktok_events_sandbox import Sandbox


@pytest.fixture
def captured_conversions() -> Iterator[CapturedConversions]:
    """Record what every client tracks, instead of sending it; no Redis is needed.

    Example:
        def test_an_order_is_reported(captured_conversions, shop):
            shop.order(total="59.98", email="Ann@Example.com")
            captured_conversions.assert_one(
                "Purchase", value=59.98, user={"email": "ann@example.com"}
            )
    """
    from tiktok_events.testing import capture_conversions  # noqa: PLC0415 — because of its cost

    with capture_conversions() as captured:
        yield captured


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A simulated Events API on a free port; a worker that the test starts sends there.

    Example:
        def test_an_order_arrives(sandbox):
            ...  # track, and run a worker
            assert sandbox.report().distinct == 1
    """
    from tiktok_events_sandbox import Sandbox  # noqa: PLC0415 — because of its cost

    with Sandbox(keep_events=1_000) as started:
        monkeypatch.setenv("TIKTOK_EVENTS_API_URL", started.url)
        yield started
