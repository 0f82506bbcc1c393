"""What the shop reports; no server is needed (`python -m pytest` in this folder)."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from shop import app

from tiktok_events.testing import CapturedConversions


@pytest.mark.parametrize(("ads", "reports"), [("yes", 1), ("no", 0)])
def test_a_purchase_is_reported_if_the_visitor_agreed(
    ads: str, reports: int, captured_conversions: CapturedConversions
) -> None:
    """By the server and by the page, or by neither."""
    visitor = TestClient(app, cookies={"ads": ads})
    page = visitor.post("/checkout", data={"email": "Jo@Example.com"}).text
    assert page.count("ttq.track(") == reports
    assert len(captured_conversions) == reports
    if reports:
        captured_conversions.assert_one("Purchase", value=25, user={"email": "jo@example.com"})
