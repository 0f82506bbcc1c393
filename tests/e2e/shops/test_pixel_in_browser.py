"""A real browser buys in the example shops: the page and the server report the same event."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any, Final, get_args

import pytest

from tests.builders.wait import wait_until
from tiktok_events import Client, Policy
from tiktok_events.testing import capture_conversions
from tiktok_events.types import StandardEvent
from tiktok_events.web import Visit, WebEvents, base_code, consent_script
from tiktok_events.web.base_code import LIBRARY
from tiktok_events_sandbox import Sandbox

PIXEL: Final = "C0EXAMPLE0PIXEL0CODE"
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


NONCE: Final = "cmFuZG9t"
POLICY: Final = f"default-src 'none'; script-src 'nonce-{NONCE}'"
PROPERTIES: Final[dict[str, Any]] = {
    "value": "1.059,98",
    "currency": "eur",
    "contents": [
        {"content_id": 7, "price": Decimal("529.99"), "quantity": "2", "brand": "</script>"}
    ],
    "content_type": "product",
    "order_id": 1001,
    "shop_id": "berlin",
    "customer_type": "returning",
    "search_string": "mugs & <b>cups</b> \u2028",
    "num_items": 2,
    "checkin_date": "2027-05-01",
    "num_adults": 2,
    "destination_airport": "LIS",
    "make": "Trabant",
    "year": 1989,
    "mileage": {"value": 12.5, "unit": "KM"},
    "preferred_price_range": [10, 20.5],
}
QUEUE: Final = "JSON.stringify([...window.ttq])"


def page_of(*scripts: str) -> str:
    """A page whose policy lets nothing run but what has its nonce."""
    meta = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    page = f"<!doctype html><meta charset=utf-8>{meta}<body>{''.join(scripts)}"
    return f"data:text/html;base64,{base64.b64encode(page.encode()).decode()}"


def test_every_standard_event_is_the_same_on_both_channels(
    browser: Any, start_worker: Any, redis_url: str
) -> None:
    """Name, id and every property, as the browser's engine and the delivered request have them."""
    names = get_args(StandardEvent)
    with Sandbox(keep_events=len(names)) as sandbox:
        start_worker(API_URL=sandbox.url)
        with Client(redis_url, event_source_id=PIXEL, default_region="DE") as client:
            events = WebEvents(client, identify=True)
            user = {"email": "Jo@Example.com", "phone": "030 1234567", "external_id": "Jo-7"}
            given = ({"event": name, "user": user, "properties": PROPERTIES} for name in names)
            reports = [events.track(event) for event in given]
        wait_until(lambda: sandbox.report().distinct == len(names))
        delivered = {one.event["event_id"]: one.event for one in sandbox.events()}
    scripts = [report.script(nonce=NONCE) for report in reports]
    browser.open(page_of(base_code(PIXEL, nonce=NONCE), *scripts))
    _, *calls = json.loads(browser.ask(QUEUE))
    tracked = [call for call in calls if call[0] == "track"]
    assert [call[1] for call in tracked] == list(names)
    for _, name, properties, options in tracked:
        event = delivered[options["event_id"]]
        assert (name, properties) == (event["event"], event["properties"])
        who = {key: event["user"][key] for key in ("email", "external_id")}
        identify = ["identify", {**who, "phone_number": event["user"]["phone"]}]
        assert identify in calls


def test_the_base_code_has_its_options(browser: Any) -> None:
    """Limited data use and the first-party cookie, under a strict policy of the page."""
    limit = Policy("limit", remove=("user.ttp",))
    browser.open(page_of(base_code(PIXEL, "C0TWO", nonce=NONCE, policy=limit)))
    assert json.loads(browser.ask(QUEUE)) == [["disableCookie"], ["page"]]
    assert json.loads(browser.ask("JSON.stringify(window.ttq._o)")) == {
        PIXEL: {"limited_data_use": True},
        "C0TWO": {"limited_data_use": True},
    }
    sources = browser.ask("[...document.head.querySelectorAll('script')].map((one) => one.src)")
    assert sources == [f"{LIBRARY}?sdkid={code}&lib=ttq" for code in (PIXEL, "C0TWO")]


@pytest.mark.parametrize(
    ("policy", "called"), [(Policy(), "grantConsent"), (Policy("drop"), "revokeConsent")]
)
def test_consent_is_told_to_a_pixel_that_has_the_call(
    browser: Any, policy: Policy, called: str
) -> None:
    """And to no other: there it would be an error on the page."""
    calls = ("holdConsent", "grantConsent", "revokeConsent")
    own = "".join(f"ttq.{name}=()=>ttq.push(['{name}']);" for name in calls)
    holds = f'<script nonce="{NONCE}">window.ttq=[];{own}ttq.holdConsent()</script>'
    script = consent_script(Visit(policy), nonce=NONCE)
    browser.open(page_of(holds, script))
    assert json.loads(browser.ask(QUEUE)) == [["holdConsent"], [called]]
    browser.open(page_of(f'<script nonce="{NONCE}">window.ttq=[]</script>', script))
    assert json.loads(browser.ask(QUEUE)) == []


def test_a_page_without_the_pixel_has_no_error(browser: Any) -> None:
    """Where a blocker has removed it, or the base code is missing."""
    with capture_conversions():
        report = WebEvents(Client(event_source_id=PIXEL)).track({"event": "Lead"})
    after = f'<script nonce="{NONCE}">window.reached = true</script>'
    browser.open(page_of(report.script(nonce=NONCE), after))
    assert browser.ask("[typeof window.ttq, window.reached]") == ["undefined", True]
