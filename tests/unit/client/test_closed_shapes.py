"""Personal data leave in no shape that JSON makes of them: arrays of one, dataclasses, escapes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import orjson
import pytest

from tiktok_events.errors import InvalidDestination
from tiktok_events.event.prepare import EventPreparer

ANN = "ann@example.com"
PHONE = "+491701234567"
SHOP = "https://shop.example/"
PREPARER = EventPreparer({"web": "P"}, None, 65_536)


@dataclass
class Customer:
    """As an application may have one."""

    email: str = ANN
    phone: str = PHONE


class Sender(Enum):
    """JSON writes its value."""

    NEWSLETTER = f"from {ANN}"


def event(**fields: Any) -> dict[str, Any]:
    """A plain one with other fields."""
    return {"event": "Purchase", "event_time": 1_767_225_600, **fields}


SHAPES = {
    "array of one, properties": event(properties=[{"phone": PHONE, "value": 1}]),
    "array of one, page": event(page=[{"url": f"{SHOP}?phone={PHONE[1:]}"}]),
    "array of two": event(properties=[{"phone": PHONE}, {"email": ANN}]),
    "object in a text's place": event(properties={"description": {"phone": PHONE}}),
    "object in a URL's place": event(page={"url": {"phone": PHONE}}),
    "object in an id's place": event(app={"app_id": {"phone": PHONE}}),
    "object in the name's place": event(event={"phone": PHONE}),
    "dataclass": event(properties={"note": Customer()}),
    "dataclass, named": event(properties={"customer": Customer()}),
    "dataclass, in a list": event(properties={"contents": [Customer()]}),
    "dataclass, at the top": event(note=Customer()),
    "enumeration": event(properties={"description": Sender.NEWSLETTER}),
    "HTML escape": event(properties={"description": ANN.replace("@", "&#64;")}),
    "script escape": event(properties={"description": ANN.replace("@", "\\u0040")}),
    "small at": event(properties={"description": ANN.replace("@", "\ufe6b")}),
    "URL of Meta": event(event_source_url=f"{SHOP}?phone={PHONE[1:]}"),
    "URL of Google": event(page_location=f"{SHOP}#email={ANN}&phone={PHONE[1:]}"),
    "path of Shopify": event(landing_site=f"/?phone={PHONE[1:]}"),
    "hashbang": event(page={"url": f"{SHOP}#!phone={PHONE[1:]}"}),
    "route": event(page={"url": f"{SHOP}#/phone={PHONE[1:]}"}),
}


@pytest.mark.parametrize("given", SHAPES.values(), ids=SHAPES)
def test_nobody_leaves_in_another_shape(given: dict[str, Any]) -> None:
    """Neither from an application nor, as JSON, from another producer."""
    stored = PREPARER.prepare(given).body
    foreign = orjson.dumps(PREPARER.closed(orjson.loads(orjson.dumps(given))))

    for body in (stored, foreign):
        assert PHONE[1:].encode() not in body
        assert b"ann" not in body


def test_an_array_of_one_is_still_read() -> None:
    """By a worker, so that the conversion keeps its amount and its page."""
    given = event(properties=[{"value": 1, "currency": "EUR"}], page=[{"url": SHOP}])
    stored = orjson.loads(PREPARER.prepare(given).body)

    assert (stored["properties"], stored["page"]) == (given["properties"], given["page"])


@pytest.mark.parametrize("field", ["event_source_id", "test_event_code"])
def test_no_destination_is_named_after_a_person(field: str) -> None:
    """It would stand in the names of keys, in every view and in the audit."""
    given = {"event_source_id": "P", **event(), field: ANN}

    with pytest.raises(InvalidDestination, match="e-mail address") as refused:
        PREPARER.prepare(given)
    assert refused.value.path == field
    assert ANN not in str(refused.value)
