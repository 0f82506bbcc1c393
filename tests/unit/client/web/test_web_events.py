"""One event for page and server: one decision, one id, one call."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.builders.shops import AGREED, DIGEST, EMAIL, PURCHASE, calls, shop
from tiktok_events import AsyncClient, Client, InvalidSetting, Policy
from tiktok_events.testing import CapturedConversions
from tiktok_events.web import (
    Answer,
    AsyncWebEvents,
    Visit,
    WebEvents,
    pixel_script,
)
from tiktok_events.web.visit import conceal, expose

# --- one decision ------------------------------------------------------------------------


def test_both_halves_are_reported(server: CapturedConversions) -> None:
    """Under one id, with the same properties; match keys are the server's alone."""
    report = shop().track(PURCHASE, AGREED)
    (sent,) = server
    assert sent["user"] == {"email": DIGEST, "ttclid": "E.C.P.x"}
    assert sent["page"] == {"url": "https://shop.example/"}
    told = {"value": 59.98, "currency": "EUR", "order_id": "1001"}
    assert calls(report.script()) == [["track", "Purchase", told, {"event_id": "order-1"}]]
    assert report.answers == {"C0PIXEL": Answer.ENQUEUED}
    assert (report.event_id, sent["event_id"]) == ("order-1", "order-1")


@pytest.mark.parametrize("where", ["visit", "client", "call"])
def test_drop_means_no_event_and_an_empty_script(server: CapturedConversions, where: str) -> None:
    """Whoever says so; the form's e-mail address stays at home, and the event is counted."""
    drop = Policy("drop")
    client = Client(event_source_id="C0", policy=drop if where == "client" else Policy())
    visit = Visit() if where == "visit" else AGREED
    events = WebEvents(client, identify=True)
    report = events.track(PURCHASE, visit, policy=drop if where == "call" else Policy())
    assert (len(server), report.pixel, report.script()) == (0, None, "")
    assert (report.answers, client.withheld) == ({"C0": Answer.WITHHELD}, 1)
    assert report.event_id == "order-1"


@pytest.mark.parametrize("where", ["visit", "client", "call"])
def test_limit_and_what_is_removed_act_on_both_halves(
    server: CapturedConversions, where: str
) -> None:
    """Limited data use on the page too; a withheld key is missing in both."""
    limit = Policy("limit", remove=("user.email", "properties.order_id"))
    client = Client(event_source_id="C0", policy=limit if where == "client" else Policy())
    visit = Visit(limit, AGREED.captured) if where == "visit" else AGREED
    report = WebEvents(client, identify=True).track(
        PURCHASE, visit, policy=limit if where == "call" else Policy()
    )
    (sent,) = server
    assert sent["limited_data_use"] is True
    assert sent["user"] == {"ttclid": "E.C.P.x"}
    assert sent["properties"] == {"value": 59.98, "currency": "EUR"}
    (call,) = calls(report.script())
    assert call[2] == {"value": 59.98, "currency": "EUR", "limited_data_use": True}


def test_the_strictest_of_all_decides(server: CapturedConversions) -> None:
    """Nobody can allow what another has forbidden."""
    client = Client(event_source_id="C0", policy=Policy("limit", remove=("user.ttclid",)))
    visit = Visit(Policy("keep", remove=("user.email",)), AGREED.captured)
    WebEvents(client).track(PURCHASE, visit)
    assert server[0]["limited_data_use"] is True
    assert "user" not in server[0] or server[0]["user"] == {}


def test_consent_withdrawn_later_empties_the_script(server: CapturedConversions) -> None:
    """The thank-you page is another request: what its visitor says now is what counts."""
    report = shop().track(PURCHASE, AGREED)
    assert len(server) == 1
    expose(Visit())
    try:
        assert report.script() == ""
        assert pixel_script(PURCHASE) == ""
    finally:
        conceal()


def test_the_current_visit_is_the_default(server: CapturedConversions) -> None:
    """Whoever forgets to pass it does not send what was not agreed to."""
    expose(Visit())
    try:
        shop().track(PURCHASE)
    finally:
        conceal()
    assert len(server) == 0


def test_outside_of_a_page_the_clients_policy_decides(server: CapturedConversions) -> None:
    """A task or a command asks nobody."""
    assert shop().track(PURCHASE).answers == {"C0PIXEL": Answer.ENQUEUED}
    assert len(server) == 1


def test_the_page_identifies_by_the_digests_of_the_server(server: CapturedConversions) -> None:
    """One of each match key, under the Pixel's names; only if the shop wants it."""
    user = {"email": [EMAIL, "a@b.example"], "phone": "+49 30 1234567", "external_id": 7}
    report = shop(identify=True).track(PURCHASE | {"user": user})
    sent = server[0]["user"]
    (method, digests), _ = calls(report.script())
    assert method == "identify"
    assert digests == {
        "email": sent["email"][0],
        "phone_number": sent["phone"],
        "external_id": sent["external_id"],
    }
    assert EMAIL not in json.dumps(report.pixel)


def test_only_digests_get_into_a_page() -> None:
    """Whatever was kept with the order, or by a shop's own hand."""
    kept = {"identify": {"email": EMAIL, "phone": DIGEST, "external_id": 7}, "pixels": "C0A"}
    (method, digests), track = calls(pixel_script(PURCHASE | kept))
    assert (method, digests) == ("identify", {"phone_number": DIGEST})
    assert track[3] == {"event_id": "order-1"}
    assert len(calls(pixel_script(PURCHASE | {"identify": EMAIL}))) == 1


def test_the_page_is_told_what_the_server_will_send(server: CapturedConversions) -> None:
    """Amounts and currencies as the worker mends them, and no address in a text."""
    properties: Any = {
        "value": "1.234,50 ",
        "currency": " eur",
        "contents": {"content_id": 7, "price": Decimal("12.50"), "quantity": "2"},
        "shop_id": 12,
        "customer_type": "new",
        "checkin_date": "2027-05-01",
        "mileage": {"value": "10", "unit": "KM"},
        "description": f"for {EMAIL}",
        "num_items": "many",
        "loyalty": "gold",
    }
    report = shop().track({"event": "Purchase", "properties": properties})
    assert len(server) == 1
    (call,) = calls(report.script())
    assert call[2] == {
        "value": 1234.5,
        "currency": "EUR",
        "contents": [{"content_id": "7", "price": 12.5, "quantity": 2}],
        "shop_id": "12",
        "customer_type": "new",
        "checkin_date": "2027-05-01",
        "mileage": {"value": 10, "unit": "KM"},
    }


# --- several Pixels ----------------------------------------------------------------------


@pytest.mark.parametrize("how", ["argument", "event"])
def test_several_pixels_get_one_event(server: CapturedConversions, how: str) -> None:
    """One id, one call, one answer each: a code that is none harms only itself."""
    codes = ["C0A", "C0B", EMAIL]
    given = {**PURCHASE, "event_source_id": codes} if how == "event" else PURCHASE
    report = shop().track(given, AGREED, pixels=codes if how == "argument" else ())
    assert report.answers == {
        "C0A": Answer.ENQUEUED,
        "C0B": Answer.ENQUEUED,
        EMAIL: Answer.FAULTY,
    }
    assert [(one["event_source_id"], one["event_id"]) for one in server] == [
        ("C0A", "order-1"),
        ("C0B", "order-1"),
    ]
    options = [call[3] for call in calls(report.script())]
    assert options == [
        {"event_id": "order-1", "pixel_code": "C0A"},
        {"event_id": "order-1", "pixel_code": "C0B"},
    ]


def test_one_pixel_may_stand_alone(server: CapturedConversions) -> None:
    """A text is one code, not one for each letter."""
    assert shop().track(PURCHASE, pixels="C0A").answers == {"C0A": Answer.ENQUEUED}
    assert len(server) == 1


def test_an_async_client_does_the_same(server: CapturedConversions) -> None:
    """Its call is awaited."""

    async def track() -> Any:
        async with AsyncClient(event_source_id="C0") as client:
            return await AsyncWebEvents(client).track(PURCHASE, AGREED)

    report = asyncio.run(track())
    assert report.answers == {"C0": Answer.ENQUEUED}
    assert report.pixel == shop().track(PURCHASE, AGREED).pixel
    assert len(server) == 2


# --- the three set-ups -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setup", "answer", "has_script"),
    [
        ("both", Answer.ENQUEUED, True),
        ("pixel", Answer.PAGE_ONLY, True),
        ("api", Answer.ENQUEUED, False),
    ],
)
def test_a_set_up_decides_who_reports(
    setup: str,
    answer: Answer,
    server: CapturedConversions,
    monkeypatch: pytest.MonkeyPatch,
    *,
    has_script: bool,
) -> None:
    """Both, or one of the two, without a change of code."""
    monkeypatch.setenv("TIKTOK_EVENTS_SETUP", setup)
    report = shop().track(PURCHASE, AGREED)
    assert report.answers == {"C0PIXEL": answer}
    assert len(server) == (answer is Answer.ENQUEUED)
    assert bool(report.script()) == has_script


def test_both_channels_get_one_new_id(server: CapturedConversions) -> None:
    """A shop need not think of one."""
    report = shop().track({"event": "Lead", "event_id": ""})
    assert f'{{"event_id": "{report.event_id}"}}' in report.script()
    assert server[0]["event_id"] == report.event_id
    assert UUID(report.event_id).version == 7


def test_a_report_does_not_print_what_it_holds(server: CapturedConversions) -> None:
    """No digest gets into a log."""
    assert DIGEST not in repr(shop(identify=True).track(PURCHASE))
    assert len(server) == 1


def test_another_set_up_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the three that there are."""
    with pytest.raises(InvalidSetting, match="SETUP must be one of pixel, api, both"):
        pixel_script(PURCHASE, setup="server")
    monkeypatch.setenv("TIKTOK_EVENTS_SETUP", "server")
    with pytest.raises(InvalidSetting, match="SETUP must be one of pixel, api, both"):
        shop()
