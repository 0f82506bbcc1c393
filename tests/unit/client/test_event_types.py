"""The typed dictionaries of the client say what the schemas of the worker say."""

from __future__ import annotations

import typing
from datetime import datetime
from typing import Any, Final, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest

from schemas import catalogue, context, event, properties, user, vehicle
from schemas.addresses import IpAddress
from schemas.digests import MatchKey
from schemas.event_time import EventTime
from schemas.fields import Choice, EventField, Text
from schemas.figures import Count, Currency, Number, Quantity
from schemas.flags import Flag, Limit
from schemas.lists import Objects, Texts
from schemas.meanings import meanings
from schemas.names import EventName
from schemas.objects import EventObject, Object
from tiktok_events import types
from tiktok_events.event.destination import DESTINATION_FIELDS, EVENT_SOURCES
from tiktok_events.event.match_rules import MATCH_RULES

PAIRS: Final[list[tuple[Any, EventObject]]] = [
    (types.Event, event.WebEvent()),
    (types.User, user.User()),
    (types.Properties, properties.Properties()),
    (types.Content, properties.Content()),
    (types.Mileage, vehicle.Mileage()),
    (types.Page, context.RequiredPage()),
    (types.App, context.RequiredApp()),
    (types.Ad, context.Ad()),
    (types.Lead, context.RequiredLead()),
    (types.BrandVersion, context.BrandVersion()),
    (types.Device, context.Device()),
]
MEANINGS: Final = meanings()
TYPED: Final = {typed.__name__: typed for typed, _ in PAIRS}
FIELDS: Final = [
    pytest.param(typed, key, field, id=f"{typed.__name__}.{key}")
    for typed, schema in PAIRS
    for key, field in schema.fields.items()
]
PLAIN: Final = {
    IpAddress: str,
    Currency: str,
    Flag: bool,
    Limit: bool,
    Count: int,
    Number: types.Amount,
    Quantity: types.Amount,
    Texts: list[str],
    vehicle.PriceRange: list[types.Amount],
}
CLIENT_READS: Final[dict[str, Any]] = {
    "event": types.StandardEvent | str,
    "event_time": int | datetime,
    "event_id": str | UUID,
}
"""Keys of which the client takes more than the schemas, and makes what they want of it."""


def expected_type(key: str, field: Any) -> Any:
    """What the key is to be in Python."""
    if isinstance(field, Object):
        return TYPED[type(field.schema).__name__.removeprefix("Required")]
    if isinstance(field, Objects):
        item = field.item
        assert isinstance(item, Object)
        return list[TYPED[type(item.schema).__name__]]  # type: ignore[misc]  # found by its name
    if isinstance(field, Choice):
        return str if field.open_list else typing.Literal[tuple(field.options)]
    if isinstance(field, MatchKey):
        return types.MatchKey if MATCH_RULES[key].takes_array else str
    return PLAIN.get(type(field), str)


@pytest.mark.parametrize(("typed", "schema"), PAIRS, ids=lambda one: getattr(one, "__name__", ""))
def test_both_have_the_same_keys(typed: Any, schema: EventObject) -> None:
    """A key that one of them gets, the other gets too; the destination is the client's alone."""
    beside = set(DESTINATION_FIELDS) if typed is types.Event else set()
    assert schema.fields.keys() | beside == get_type_hints(typed).keys()


@pytest.mark.parametrize(("typed", "key", "field"), FIELDS)
def test_both_mean_the_same_kind(typed: Any, key: str, field: EventField) -> None:
    """A figure is a figure on both sides, a choice has the same options."""
    known = (Object, Objects, Choice, MatchKey, Text, EventName, EventTime, *PLAIN)
    assert isinstance(field, known)
    expected = CLIENT_READS.get(key) or expected_type(key, field)
    assert expected == get_type_hints(typed)[key]


@pytest.mark.parametrize(("typed", "key", "field"), FIELDS)
def test_both_require_the_same(typed: Any, key: str, field: EventField) -> None:
    """But for what the client fills in, and what the source of the event decides."""
    by_others = {"event_id", "event_time", "page"} if typed is types.Event else set()
    hint = get_type_hints(typed, include_extras=True)[key]
    assert (field.required and key not in by_others) == (get_origin(hint) is typing.Required)


def test_the_names_are_those_of_the_catalogue() -> None:
    """What an editor offers is what TikTok lists."""
    assert set(get_args(types.StandardEvent)) == catalogue.STANDARD_EVENTS
    assert set(EVENT_SOURCES) == set(get_args(types.EventSource))


@pytest.mark.parametrize("typed", TYPED.values(), ids=TYPED)
def test_every_key_says_what_it_means(typed: Any) -> None:
    """To whoever hovers over it."""
    assert MEANINGS[typed.__name__].keys() == get_type_hints(typed).keys()
