"""A real browser buys in the example shops: the page and the server report the same event."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from tests.builders.wait import wait_until
from tiktok_events_sandbox import Sandbox

CALLS: Final = "[...document.querySelectorAll('#pixel-calls li')].map((line) => line.dataset.call)"
SHARED: Final = ("value", "currency", "contents", "content_type", "order_id")


@pytest.mark.parametrize("name", ["django", "flask", "fastapi"])
def test_the_pixel_and_the_server_report_one_event(
    name: str, browser: Any, start_shop: Any, start_worker: Any
) -> None:
    """The page tells the name, id, properties and digests of the delivered event."""
    shop = start_shop(name).url
    with Sandbox(keep_events=10) as sandbox:
        start_worker(API_URL=sandbox.url)
        browser.open(f"{shop}?ttclid=E.C.P.example")
        browser.click("button[value=yes]")
        browser.click("form[action$=checkout] button")
        page_view, identify, call = map(json.loads, browser.ask(CALLS))
        wait_until(lambda: sandbox.report().distinct)
        (accepted,) = sandbox.events()
    event, (method, called, properties, options) = accepted.event, call
    assert page_view == ["page"]
    assert identify == ["identify", {"email": event["user"]["email"]}]
    assert (method, called) == ("track", event["event"])
    assert called == "Purchase"
    assert options == {"event_id": event["event_id"]}
    assert properties == {key: event["properties"][key] for key in SHARED}


def test_a_click_id_survives_the_question_for_consent(browser: Any, start_shop: Any) -> None:
    """It stood in the landing page's URL before the visitor agreed; scripts can read it."""
    browser.open(f"{start_shop('flask').url}?ttclid=E.C.P.example")
    assert browser.ask("document.cookie") == ""
    browser.click("button[value=yes]")
    cookies = set(browser.ask("document.cookie").split("; "))
    assert cookies == {"ads=yes", "ttclid=E.C.P.example"}
