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
from tests.differential.changes import DIGEST, FULL, MISSING, changed, places

SECRET = "jane.roe@shop.example"
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


SPARE_KEYS = ["ttp", "city", "description", "quantity", "suggested_hotels", "colour", "k@y", "url"]
PATHS = st.sampled_from(list(places(FULL, SPARE_KEYS)))
CHANGES = st.lists(st.tuples(PATHS, VALUES | st.just(MISSING)), max_size=4)


@pytest.mark.parametrize("event_source", sorted(EVENTS))
def test_the_full_event_needs_no_second_look(event_source: str) -> None:
    """The fast way takes the whole documented event."""
    assert EVENTS[event_source].plan("").run(FULL, []) == FULL


def test_a_doubt_anywhere_ends_the_fast_way() -> None:
    """A value to be corrected deep inside is left to marshmallow."""
    event = changed(FULL, [(("properties", "contents", 1, "price"), "5")])
    assert DOUBT is EVENTS["web"].plan("").run(event, [])


def test_unknown_scalars_stay_on_the_fast_way() -> None:
    """Custom properties are common: their warnings do not cost the full report."""
    warnings: list[Any] = []
    event = changed(FULL, [(("properties", "colour"), "red")])
    assert event == EVENTS["web"].plan("").run(event, warnings)
    assert [warning.path for warning in warnings] == ["properties.colour"]


@settings(max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CHANGES, SOURCES)
def test_both_ways_agree(changes: list[Any], event_source: str) -> None:
    """For any event: the same result, errors and warnings; the input untouched; JSON comes out."""
    event = changed(FULL, changes)
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


@pytest.mark.parametrize("path", list(places(FULL)), ids=lambda path: ".".join(map(str, path)))
@pytest.mark.parametrize("value", [SECRET, [SECRET], {SECRET: SECRET}, {"k": [SECRET]}])
def test_no_finding_shows_a_value(path: tuple[Any, ...], value: Any) -> None:
    """Wherever a personal value slips in, no error, warning or repr repeats it."""
    checked = check_event(changed(FULL, [(path, value)]), "web")
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
