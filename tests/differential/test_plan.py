"""The fast way through the schemas gives what plain marshmallow gives."""

from __future__ import annotations

import copy
import math
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import check_event
from schemas.check import check_thoroughly
from schemas.event import EVENTS
from schemas.fields import DOUBT

DIGEST = "0123456789abcdef" * 4
SECRET = "jane.roe@shop.example"
FULL: dict[str, Any] = {
    "event": "Purchase",
    "event_time": 1767225600,
    "event_id": "ord-1001",
    "user": {
        "email": [DIGEST],
        "phone": DIGEST,
        "external_id": [DIGEST, DIGEST],
        "ttclid": "E.C.P.made-up",
        "ip": "203.0.113.7",
        "user_agent": "Mozilla/5.0",
        "locale": "de-DE",
        "country": "de",
        "att_status": "DENIED",
    },
    "properties": {
        "currency": "EUR",
        "value": 59.98,
        "num_items": 3,
        "order_id": "1001",
        "content_type": "product",
        "content_ids": ["sku-1", "sku-2"],
        "contents": [
            {"content_id": "sku-1", "price": 29.99, "quantity": 2, "content_name": "Tasse ☕"},
            {"content_id": "sku-2", "price": 5},
        ],
        "travel_class": "eco",
        "mileage": {"value": 1, "unit": "KM"},
        "preferred_price_range": [1, 2],
    },
    "page": {"url": "https://shop.example/thanks?x=1", "referrer": "https://shop.example/pay"},
    "app": {"app_id": "1", "app_name": "Shop"},
    "lead": {"lead_id": "7001"},
    "ad": {"callback": "x", "attributed": True},
    "device": {"model": "Pixel", "mobile": True},
    "limited_data_use": False,
}

SOURCES = st.sampled_from(sorted(EVENTS))
CLEAN: st.SearchStrategy[Any] = st.sampled_from(
    (
        *(None, "", "x", "Lead", "CompletePayment", "add_to_cart", "eco", "KM", "USD", "de"),
        *(DIGEST, [DIGEST], ["x"], [], {}, 0, 2, 1.5, 1767225601, True),
        *("203.0.113.9", "https://a.example/"),
    )
)
ODD = st.sampled_from(
    (
        *(-1, 2.0, "2", "2.5", "59,98", "eur", "XXX", "Product", "10.0.0.1", "::1", "\ud800"),
        *("é" * 60, "x" * 20_000, 10**30, 1e300, math.inf, "2026-01-01T00:00:00Z"),
        *(1767225600000, "1767225600", 1767225600.5, [None], [5], [[]], [DIGEST, 5]),
        *([{"price": "1"}], {"content_id": 5}, {"unit": "km"}),
    )
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
VALUES = st.one_of(CLEAN, CLEAN, ODD, ANY_JSON)


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside an event."""
    steps = value.items() if isinstance(value, dict) else enumerate(value)
    paths = []
    for key, inner in steps:
        paths.append((*path, key))
        if isinstance(inner, dict | list):
            paths += paths_of(inner, (*path, key))
    return paths


SPARE_KEYS = ["ttp", "city", "description", "quantity", "suggested_hotels", "colour", "k@y", "url"]
OBJECTS = [(), ("user",), ("properties",), ("page",), ("properties", "contents", 0)]
PATHS = st.sampled_from(paths_of(FULL) + [(*place, key) for place in OBJECTS for key in SPARE_KEYS])
MUTATIONS = st.lists(st.tuples(PATHS, VALUES, st.booleans()), max_size=4)


def mutated(mutations: list[tuple[tuple[Any, ...], Any, bool]]) -> Any:
    """Return the full event with some places removed or replaced."""
    event = copy.deepcopy(FULL)
    for path, value, remove in mutations:
        *way, last = path
        place: Any = event
        for step in way:
            place = place.get(step) if isinstance(place, dict) else _item(place, step)
        if isinstance(place, dict) and isinstance(last, str):
            place[last] = value
            if remove:
                del place[last]
        elif isinstance(place, list) and isinstance(last, int) and last < len(place):
            place[last] = value
    return event


def _item(place: Any, step: Any) -> Any:
    fits = isinstance(place, list) and isinstance(step, int) and step < len(place)
    return place[step] if fits else None


@pytest.mark.parametrize("event_source", sorted(EVENTS))
def test_the_full_event_needs_no_second_look(event_source: str) -> None:
    """The fast way takes the whole documented event."""
    assert EVENTS[event_source].plan("").run(FULL, []) == FULL


def test_a_doubt_anywhere_ends_the_fast_way() -> None:
    """A value to be corrected deep inside is left to marshmallow."""
    event = mutated([(("properties", "contents", 1, "price"), "5", False)])
    assert DOUBT is EVENTS["web"].plan("").run(event, [])


def test_unknown_scalars_stay_on_the_fast_way() -> None:
    """Custom properties are common: their warnings do not cost the full report."""
    warnings: list[Any] = []
    event = mutated([(("properties", "colour"), "red", False)])
    assert event == EVENTS["web"].plan("").run(event, warnings)
    assert [warning.path for warning in warnings] == ["properties.colour"]


@settings(max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MUTATIONS, SOURCES)
def test_both_ways_agree(mutations: list[Any], event_source: str) -> None:
    """For any event: the same result, errors and warnings; the input untouched; JSON comes out."""
    event = mutated(mutations)
    before = repr(event)
    checked = check_event(event, event_source)
    assert repr(check_thoroughly(event, event_source)) == repr(checked)
    assert check_thoroughly(event, event_source).event == checked.event
    assert before == repr(event)
    assert orjson.loads(orjson.dumps(checked.event)) == checked.event


@settings(max_examples=300, deadline=None)
@given(ANY_JSON | st.dictionaries(st.sampled_from(sorted(FULL)), ANY_JSON), SOURCES)
def test_no_json_raises(event: Any, event_source: str) -> None:
    """Nonsense has errors and never an exception, and nothing of it is fit to be sent."""
    assert False is check_event(event, event_source).valid


@pytest.mark.parametrize("path", paths_of(FULL), ids=lambda path: ".".join(map(str, path)))
@pytest.mark.parametrize("value", [SECRET, [SECRET], {SECRET: SECRET}, {"k": [SECRET]}])
def test_no_finding_shows_a_value(path: tuple[Any, ...], value: Any) -> None:
    """Wherever a personal value slips in, no error, warning or repr repeats it."""
    checked = check_event(mutated([(path, value, False)]), "web")
    assert SECRET not in repr(checked)


def test_the_result_shares_nothing_with_the_input() -> None:
    """Whoever changes the result does not change what was enqueued."""
    event = copy.deepcopy(FULL)
    clean = check_event(event, "web").event
    clean["user"]["email"].append("x")
    clean["properties"]["contents"][0]["price"] = 0
    clean["properties"]["content_ids"].clear()
    assert event == FULL


def test_the_order_of_keys_is_kept() -> None:
    """Equal events give equal bytes, on both ways."""
    event = {key: FULL[key] for key in reversed(FULL)}
    orders = [list(check(event, "web").event) for check in (check_event, check_thoroughly)]
    assert [list(event), list(event)] == orders
