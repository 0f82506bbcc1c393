"""What the shop reports; no server is needed (`python -m pytest` in this folder)."""

from __future__ import annotations

import os

import django
import pytest
from django.test import Client

from tiktok_events.testing import CapturedConversions

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django.setup()


@pytest.mark.parametrize(("ads", "reports"), [("yes", 1), ("no", 0)])
def test_a_purchase_is_reported_if_the_visitor_agreed(
    ads: str, reports: int, captured_conversions: CapturedConversions
) -> None:
    """By the server and by the page, or by neither."""
    visitor = Client(SERVER_NAME="localhost")
    visitor.cookies["ads"] = ads
    answer = visitor.post("/checkout", {"email": "Jo@Example.com"}, follow=True)
    page = answer.content.decode()
    assert page.count("ttq.track(") == reports
    assert len(captured_conversions) == reports
    if reports:
        captured_conversions.assert_one("Purchase", value=25, user={"email": "jo@example.com"})
