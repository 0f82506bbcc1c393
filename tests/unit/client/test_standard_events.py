"""The functions for standard events: what they return passes, what is wrong is said at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tiktok_events
from schemas import check_event
from schemas.catalogue import APP_EVENTS, STANDARD_EVENTS
from tiktok_events import InvalidEvent, Money, standard_events
from tiktok_events.event.prepare import EventPreparer
from tiktok_events.types import Content

PAGE: Final[Any] = {"url": "https://shop.example/thanks"}
PLACES: Final[dict[str, Any]] = {
    "web": {"page": PAGE},
    "app": {"event_source": "app", "app": {"app_id": "1"}},
    "offline": {"event_source": "offline"},
    "crm": {"event_source": "crm", "lead": {"lead_id": "7001"}},
}
FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    name: function
    for name, function in inspect.getmembers(standard_events, inspect.isfunction)
    if function.__module__ == standard_events.__name__
}
NEEDED: Final[dict[str, dict[str, Any]]] = {
    "purchase": {"value": Money(59.98, "EUR")},
    "search": {"search_string": "mug"},
}
PREPARER: Final = EventPreparer(dict.fromkeys(PLACES, "id"), None, 65_536)

AMOUNTS = st.one_of(
    st.integers(0, 10**6),
    st.floats(0, 10**6),
    st.decimals(0, 10**6, places=2),
)
CONTENTS = st.lists(
    st.fixed_dictionaries(
        {"content_id": st.text("abc019-_", min_size=1)},
        optional={"price": AMOUNTS, "quantity": st.integers(0, 99), "brand": st.text("Aé☕")},
    ),
    max_size=3,
)
USERS = st.just({"email": "jo@example.com", "phone": ["+49 30 1234567"]})


def worker_says(event: Any) -> Any:
    """The check of the event as it arrives at the worker."""
    prepared = PREPARER.prepare(event)
    return check_event(orjson.loads(prepared.body), prepared.destination.event_source)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("source", PLACES)
def test_the_least_call_gives_an_event_that_passes(name: str, source: str) -> None:
    """From every source, under a standard name of that source where it has one."""
    event = FUNCTIONS[name](**NEEDED.get(name, {}), **PLACES[source], user={"email": "a@b.example"})
    assert (worker_says(event).errors, worker_says(event).warnings) == ((), ())
    if source != "app" or name != "contact":
        assert event["event"] in (APP_EVENTS if source == "app" else STANDARD_EVENTS)


@given(AMOUNTS, CONTENTS, st.text(max_size=20), USERS, st.sampled_from(sorted(PLACES)))
def test_well_typed_arguments_give_an_event_that_passes(
    amount: Any, contents: Any, order_id: str, user: Any, source: str
) -> None:
    """Whatever the amounts and products are."""
    event = standard_events.purchase(
        value=Money(amount, "EUR"),
        contents=contents,
        order_id=order_id,
        user=user,
        **PLACES[source],
    )
    assert worker_says(event).errors == ()


def test_a_purchase_is_the_event_one_would_write() -> None:
    """Its arguments stand where the API wants them; further properties join them."""
    event = standard_events.purchase(
        value=Money(Decimal("59.98"), "EUR"),
        contents=[{"content_id": "sku-1", "price": 29.99, "quantity": 2}],
        order_id="1001",
        event_id="ord-1001",
        page=PAGE,
        properties={"num_items": 2, "content_type": "product_group"},
    )
    assert event == {
        "event": "Purchase",
        "event_id": "ord-1001",
        "page": PAGE,
        "properties": {
            "value": Decimal("59.98"),
            "currency": "EUR",
            "contents": [{"content_id": "sku-1", "price": 29.99, "quantity": 2}],
            "content_type": "product_group",
            "num_items": 2,
            "order_id": "1001",
        },
    }


def test_contents_are_products_unless_said_otherwise() -> None:
    """Product ads need to know what the ids are."""
    contents: list[Content] = [{"content_id": "sku-1"}]
    event = standard_events.add_to_cart(contents=iter(contents), page=PAGE)
    assert event["properties"] == {
        "contents": [{"content_id": "sku-1"}],
        "content_type": "product",
    }


def test_the_arguments_are_not_changed() -> None:
    """A dict that is given for every event stays as it is."""
    properties: Any = {"num_items": 1}
    event = standard_events.view_content(
        page=PAGE, properties=properties, value=Money(1, "EUR"), event_id=UUID(int=7)
    )
    assert properties == {"num_items": 1}
    assert event["event_id"] == UUID(int=7)


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"page": {}}, "page.url"),
        ({"page": {"url": "/thanks"}}, "page.url"),
        ({"event_source": "app"}, "app"),
        ({"event_source": "crm", "lead": {"lead_id": 7001}}, "lead.lead_id"),
        ({"event_source": "shop"}, "event_source"),
        ({"page": PAGE, "event_source_id": ""}, "event_source_id"),
        ({"page": PAGE, "event_id": 1001}, "event_id"),
        ({"page": PAGE, "value": 59.98}, "properties.value"),
        ({"page": PAGE, "order_id": 1001}, "properties.order_id"),
        ({"page": PAGE, "contents": {"content_id": "1"}}, "properties.contents.0"),
        ({"page": PAGE, "contents": [{"content_id": 1}]}, "properties.contents.0.content_id"),
        ({"page": PAGE, "contents": [{"price": "1"}]}, "properties.contents.0.price"),
        ({"page": PAGE, "contents": [{"price": -1}]}, "properties.contents.0.price"),
        ({"page": PAGE, "contents": [{"quantity": 1.5}]}, "properties.contents.0.quantity"),
        ({"page": PAGE, "contents": [{"quantity": True}]}, "properties.contents.0.quantity"),
        ({"page": PAGE, "properties": {"value": 1}}, "properties.value"),
        ({"page": PAGE, "properties": {"currency": "EUR"}}, "properties.currency"),
        ({"page": PAGE, "properties": {"contents": []}}, "properties.contents"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(arguments: dict[str, Any], path: str) -> None:
    """At the call, not in a dead letter an hour later."""
    with pytest.raises(InvalidEvent) as caught:
        standard_events.purchase(**{"value": Money(1, "EUR"), **arguments})
    assert path == caught.value.path


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_misspelt_argument_is_refused(name: str) -> None:
    """It would go out as a key that nobody reads."""
    with pytest.raises(TypeError, match="no event has the argument 'usr'"):
        FUNCTIONS[name](**NEEDED.get(name, {}), page=PAGE, usr={})


@pytest.mark.parametrize("amount", ["59.98", -1, True, None, float("nan"), 10**16])
def test_an_amount_is_a_number_from_0_up(amount: Any) -> None:
    """Anything else is refused before it is part of an event."""
    with pytest.raises(InvalidEvent, match=r"properties\.value: must be a number"):
        Money(amount, "EUR")


@pytest.mark.parametrize("currency", ["eur", "€", "EURO", "", None, 978])
def test_a_currency_is_an_upper_case_code(currency: Any) -> None:
    """Anything else is refused before it is part of an event."""
    with pytest.raises(InvalidEvent, match=r"properties\.currency: must be an upper-case"):
        Money(1, currency)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_exported(name: str) -> None:
    """`from tiktok_events import purchase` is all one needs."""
    assert getattr(tiktok_events, name) is FUNCTIONS[name]
    assert name in tiktok_events.__all__
