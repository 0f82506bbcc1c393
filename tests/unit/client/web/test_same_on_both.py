"""Whatever a property holds, the page tells what the worker would send."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas import check_event
from tiktok_events import Client, InvalidEvent
from tiktok_events.web.browser_event import CONTENT, PROPERTIES, browser_event
from tiktok_events.web.draft import shown

ODD: tuple[Any, ...] = (
    *("", " ", "x", " blanks ", "59.98", "1.059,98", "1,234", "-5", "12", "many", "true", "€"),
    *("eur", " usd", "Product", "product-group", "ECO", "used", "km", "home delivery", "n/a"),
    *(0, 7, -3, 2.5, Decimal("12.50"), Decimal(3), True, None),
    *([], ["a", 7, ""], [10, "20,5"], [1, 2, 3], [None], {}, {"value": "10", "unit": "KM"}),
    *([{"content_id": 7, "price": "5,00"}], {"content_id": "a"}, [1], [[]]),
)


def both(properties: Any) -> tuple[Any, Any]:
    """What the page tells and what the worker would send of the properties the Pixel knows."""
    client = Client(event_source_id="C0PIXEL")
    sent = shown(client.prepare({"event": "Purchase", "properties": properties}))
    clean = check_event(sent, "web").event or {}
    delivered = clean.get("properties") or {}
    return browser_event(sent)["properties"], _known(delivered, PROPERTIES)


def _known(delivered: Any, names: frozenset[str]) -> dict[str, Any]:
    """Without keys that no Pixel knows, which the server sends as they are."""
    known = {key: value for key, value in delivered.items() if key in names}
    if "contents" in known:
        known["contents"] = [_known(one, CONTENT) for one in known["contents"]]
    if "mileage" in known:
        known["mileage"] = _known(known["mileage"], frozenset({"value", "unit"}))
    return known


@pytest.mark.parametrize("name", sorted(PROPERTIES))
def test_an_odd_value_is_told_as_it_is_sent(name: str) -> None:
    """Mended alike, or left out alike; what ends the event at the worker is not compared."""
    for value in ODD:
        try:
            told, delivered = both({"currency": "EUR", name: value})
        except InvalidEvent:
            continue
        if delivered:
            assert (value, told) == (value, delivered)


@pytest.mark.parametrize("name", sorted(CONTENT))
def test_an_odd_content_is_told_as_it_is_sent(name: str) -> None:
    """The same for each product."""
    for value in ODD:
        told, delivered = both({"currency": "EUR", "contents": [{"brand": "b", name: value}]})
        assert (value, told) == (value, delivered)
