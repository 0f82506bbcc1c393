"""What tests of the web helpers share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tiktok_events.testing import CapturedConversions, capture_conversions


@pytest.fixture
def server() -> Iterator[CapturedConversions]:
    """What the server's half would be."""
    with capture_conversions() as captured:
        yield captured
