"""A shop that uses the client as its readers would: both type checkers must accept every line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from tiktok_events import Client, Content, Event, Money, Page, User, add_to_cart, lead, purchase

page: Page = {"url": "https://shop.example/thanks", "referrer": "https://shop.example/pay"}
user: User = {"email": ["jo@example.com", "jo@work.example"], "ip": "203.0.113.7"}
mugs: list[Content] = [{"content_id": "sku-1", "price": Decimal("29.99"), "quantity": 2}]

written_out: Event = {
    "event": "Purchase",
    "event_time": datetime.now(UTC),
    "event_id": uuid4(),
    "user": user,
    "page": page,
    "properties": {
        "value": 59.98,
        "currency": "EUR",
        "contents": mugs,
        "preferred_price_range": [10, 20.5],
        "mileage": {"value": 0, "unit": "KM"},
    },
}
custom: Event = {"event": "MugEngraved", "event_source": "offline"}
built = purchase(value=Money(59.98, "EUR"), contents=mugs, order_id="1001", page=page, user=user)
in_crm = lead(event_source="crm", lead={"lead_id": "7001"})
in_app = add_to_cart(event_source="app", app={"app_id": "123"}, contents=iter(mugs))


def hand_over(client: Client, read_from_a_file: Mapping[str, Any]) -> list[str]:
    """An event typed, built, or of unknown shape: the client takes them all."""
    event_id: str = client.track(written_out)
    own: dict[str, Any] = {"event": "Contact", "own_key": 1}
    again: dict[str, Any] = {**own, "event_id": "1"}
    client.track(again)
    client.track({"event": "Contact", "page": {"url": "https://shop.example/"}})
    client.track({**written_out, "event_id": "order-1"})
    client.track(read_from_a_file, event_id=event_id)
    return client.track_many([built, in_crm, in_app, custom])
