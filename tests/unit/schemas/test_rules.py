"""Every rule of the event schema, one row each."""

from __future__ import annotations

import reprlib
from typing import Any

import pytest

from schemas import Checked, check_event
from schemas.addresses import NOT_A_PAGE, NOT_AN_IP, NOT_PUBLIC
from schemas.digests import NOT_HASHED, NOT_VALUES
from schemas.event_time import CONVERTED as TIME_CONVERTED
from schemas.event_time import FLOORED, NOT_PLAUSIBLE, NOT_SECONDS
from schemas.fields import NOT_A_STRING, NOT_UNICODE, OTHER_FORM, WAS_NUMBER
from schemas.figures import CONVERTED, NEGATIVE, NOT_A_CURRENCY, NOT_A_NUMBER, NOT_WHOLE
from schemas.lists import TOO_MANY_ITEMS, WRAPPED
from schemas.objects import NOT_AN_OBJECT
from schemas.unknown import UNKNOWN_KEY
from schemas.user import NO_SUCH_KEY
from schemas.vehicle import NOT_A_RANGE
from tests.builders.checked_events import (
    CONTENT_TYPES,
    DIGEST,
    EMPTY_OUT,
    WEB,
    at,
    errors_of,
    minimal,
    warnings_of,
    web_with,
)


def test_a_clean_web_event_passes_as_it_is() -> None:
    """A complete web event has no finding and goes out unchanged."""
    assert Checked(WEB) == check_event(WEB, "web")


@pytest.mark.parametrize("event_source", ["web", "app", "offline", "crm"])
def test_the_least_event_of_each_source_passes(event_source: str) -> None:
    """What TikTok requires of a source is enough, without any warning."""
    event = minimal(event_source)
    assert Checked(event) == check_event(event, event_source)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("event_time", 1767225600000, "must be in seconds, not milliseconds: here 1767225600"),
        ("event_time", 1767225600000000, "must be in seconds, not microseconds: here 1767225600"),
        ("event_time", 1767225600123456789, "must be in seconds, not nanoseconds: here 1767225600"),
        ("event_time", "1767225600000", "must be in seconds, not milliseconds: here 1767225600"),
        ("event_time", 1767225600000.5, "must be in seconds, not milliseconds: here 1767225600"),
        ("event_time", 10**400, NOT_PLAUSIBLE),
        ("event_time", 0, NOT_PLAUSIBLE),
        ("event_time", -5, NOT_PLAUSIBLE),
        ("event_time", 946684799, NOT_PLAUSIBLE),
        ("event_time", True, NOT_SECONDS),
        ("event_time", float("nan"), NOT_SECONDS),
        ("event_time", float("inf"), NOT_SECONDS),
        ("event_time", "soon", NOT_SECONDS),
        ("event_time", "1" * 100, NOT_SECONDS),
        ("event_time", [], NOT_SECONDS),
        (
            "event_time",
            "2026-01-01T00:00:00Z",
            f"{NOT_SECONDS}, not a date: here 1767225600",
        ),
        ("event_time", "2026-01-01T00:00:00", f"{NOT_SECONDS}, not a date"),
        ("event_id", 1.5, NOT_A_STRING),
        ("event_id", True, NOT_A_STRING),
        ("event_id", {}, NOT_A_STRING),
        ("event_id", "x" * 513, "must be at most 512 characters"),
        ("event_id", "\ud800", NOT_UNICODE),
        ("event_id", 2.0**60, NOT_A_STRING),
        ("event_id", 10**500, NOT_A_STRING),
        ("user", "nobody", NOT_AN_OBJECT),
        ("user.email", "someone@shop.example", NOT_HASHED),
        ("user.email", "", NOT_HASHED),
        ("user.email", 5, NOT_HASHED),
        ("user.email", DIGEST + "\n", NOT_HASHED),
        ("user.email", [], NOT_VALUES),
        ("user.email", [DIGEST] * 101, NOT_VALUES),
        ("user.zip_code", "10115", NOT_HASHED),
        ("user.first_name", "jane", NOT_HASHED),
        ("user.ip", "203.0.113.256", NOT_AN_IP),
        ("user.ip", "fe80::1%eth0", NOT_AN_IP),
        ("user.ip", "1" * 1000, NOT_AN_IP),
        ("user.ip", "1.1.1.1\x00", NOT_AN_IP),
        ("user.ip", 16843009, NOT_AN_IP),
        ("user.ttclid", {"id": 1}, NOT_A_STRING),
        ("user.ttclid", "x" * 4097, "must be at most 4096 characters"),
        (
            "user.att_status",
            "MAYBE",
            "must be one of AUTHORIZED, DENIED, NOT_DETERMINED, RESTRICTED, NOT_APPLICABLE",
        ),
        ("properties", [], NOT_AN_OBJECT),
        ("properties.value", "59,98", NOT_A_NUMBER),
        ("properties.value", "€5", NOT_A_NUMBER),
        ("properties.value", "1e3", NOT_A_NUMBER),
        ("properties.value", True, NOT_A_NUMBER),
        ("properties.value", float("nan"), NOT_A_NUMBER),
        ("properties.value", float("inf"), NOT_A_NUMBER),
        ("properties.value", 10**16, NOT_A_NUMBER),
        ("properties.value", [5], NOT_A_NUMBER),
        ("properties.currency", "EURO", NOT_A_CURRENCY),
        ("properties.currency", "€", NOT_A_CURRENCY),
        ("properties.currency", 978, NOT_A_CURRENCY),
        ("properties.content_type", "service", CONTENT_TYPES),
        ("properties.content_type", 3, CONTENT_TYPES),
        ("properties.num_items", 1.5, NOT_WHOLE),
        ("properties.contents", "sku-1", "must be an array of objects"),
        ("properties.contents.0", "sku-1", NOT_AN_OBJECT),
        ("properties.content_ids", {}, "must be an array of strings"),
        ("properties.content_ids", True, "must be an array of strings"),
        ("properties.contents", [{}] * 1001, TOO_MANY_ITEMS),
        ("properties.contents.0.price", "29,99 €", NOT_A_NUMBER),
        ("properties.contents.0.quantity", "two", NOT_WHOLE),
        ("properties.contents.0.content_id", 1.5, NOT_A_STRING),
        ("properties.description", "x" * 5001, "must be at most 5000 characters"),
        (
            "properties.delivery_category",
            "drone",
            "must be one of in_store, curbside, home_delivery",
        ),
        ("properties.travel_class", "cargo", "must be one of eco, prem, bus, first"),
        ("properties.num_adults", "some", NOT_WHOLE),
        ("properties.state_of_vehicle", "Rusty", "must be one of New, Used, CPO"),
        ("properties.mileage", 12000, NOT_AN_OBJECT),
        ("properties.mileage.unit", "NM", "must be one of MI, KM"),
        (
            "properties.preferred_price_range",
            [1],
            NOT_A_RANGE,
        ),
        ("properties.preferred_price_range", [None, 5], NOT_A_RANGE),
        ("properties.preferred_price_range", "cheap", NOT_A_RANGE),
        ("page.url", "shop.example/thanks", NOT_A_PAGE),
        ("page.url", "https://", NOT_A_PAGE),
        ("page.url", "javascript:alert(1)", NOT_A_PAGE),
        ("page.url", 5, NOT_A_PAGE),
        ("page.url", "https://shop.example/" + "x" * 16384, "must be at most 16384 characters"),
        ("page.referrer", "shop.example", NOT_A_PAGE),
        ("page.referrer", "about:blank", NOT_A_PAGE),
        ("page.referrer", "javascript:void(0)", NOT_A_PAGE),
        ("page.referrer", "http://", NOT_A_PAGE),
        ("limited_data_use", "yes", "must be true or false"),
        ("limited_data_use", 2, "must be true or false"),
        ("ad.attributed", "perhaps", "must be true or false"),
    ],
    ids=reprlib.repr,
)
def test_a_wrong_value_is_refused_where_it_stands(path: str, value: Any, message: str) -> None:
    """The error names the path and what is allowed there, and there is no other error."""
    assert [(path, message)] == errors_of(check_event(web_with(path, value), "web", strict=True))


@pytest.mark.parametrize(
    ("path", "value", "sent", "message"),
    [
        ("event_time", 1767225600.0, 1767225600, TIME_CONVERTED),
        ("event_time", "1767225600", 1767225600, TIME_CONVERTED),
        ("event_time", 1767225600.9, 1767225600, FLOORED),
        ("event_id", 1001, "1001", WAS_NUMBER),
        ("event_id", 1001.0, "1001", WAS_NUMBER),
        ("properties.order_id", 1001, "1001", WAS_NUMBER),
        ("properties.shop_id", 7, "7", WAS_NUMBER),
        ("properties.contents.0.content_id", 12, "12", WAS_NUMBER),
        ("app.app_id", 12, "12", WAS_NUMBER),
        ("lead.lead_id", 12, "12", WAS_NUMBER),
        ("user.ip", "10.0.0.1", "10.0.0.1", NOT_PUBLIC),
        ("user.ip", "172.31.0.1", "172.31.0.1", NOT_PUBLIC),
        ("user.ip", "192.168.1.1", "192.168.1.1", NOT_PUBLIC),
        ("user.ip", "100.64.0.1", "100.64.0.1", NOT_PUBLIC),
        ("user.ip", "169.254.0.1", "169.254.0.1", NOT_PUBLIC),
        ("user.ip", "224.0.0.1", "224.0.0.1", NOT_PUBLIC),
        ("user.ip", "::1", "::1", NOT_PUBLIC),
        ("user.ip", "fd00::1", "fd00::1", NOT_PUBLIC),
        ("user.ip", "", *EMPTY_OUT),
        ("user.locale", "de_DE", "de-DE", OTHER_FORM),
        ("user.locale", "C", "C", "is not a BCP 47 tag such as en-US"),
        ("user.country", "DE", "de", OTHER_FORM),
        (
            "user.country",
            "Germany",
            "Germany",
            "is not two lower-case letters, such as de: it may not match",
        ),
        ("user.att_status", "denied", "DENIED", "was spelt differently: it is sent as DENIED"),
        ("user.ttclid", "", *EMPTY_OUT),
        ("properties.value", "59.98", 59.98, CONVERTED),
        ("properties.value", "60", 60, CONVERTED),
        ("properties.value", -5, -5, NEGATIVE),
        ("properties.contents.0.price", "29.99", 29.99, CONVERTED),
        ("properties.contents.0.quantity", 2.0, 2, CONVERTED),
        ("properties.contents.0.quantity", "2", 2, CONVERTED),
        ("properties.contents.0.quantity", -1, -1, NEGATIVE),
        ("properties.contents.0.brand", "", *EMPTY_OUT),
        ("properties.currency", "eur", "EUR", "was not upper-case: it is sent in upper case"),
        (
            "properties.currency",
            "BGN",
            "BGN",
            "is not in TikTok's list of currencies: it is sent as it is",
        ),
        (
            "properties.content_type",
            "Product",
            "product",
            "was spelt differently: it is sent as product",
        ),
        ("properties.content_type", "", *EMPTY_OUT),
        ("properties.contents", {"content_id": "a"}, [{"content_id": "a"}], WRAPPED),
        ("properties.content_ids", "a", ["a"], WRAPPED),
        ("properties.content_ids", "", *EMPTY_OUT),
        ("properties.destination_ids", "a", ["a"], WRAPPED),
        ("properties.transmission", "CVT", "CVT", "is usually one of Automatic, Manual, Other"),
        (
            "page.referrer",
            "android-app://app.example",
            "android-app://app.example",
            "is not an http URL: it is sent as it is",
        ),
        ("limited_data_use", "true", True, "was not a boolean: it is sent as one"),
        ("limited_data_use", 0, False, "was not a boolean: it is sent as one"),
        ("limited_data_use", 1.0, True, "was not a boolean: it is sent as one"),
        ("properties.gift", {"wrap": ["red", None]}, {"wrap": ["red", None]}, UNKNOWN_KEY),
        ("user.shoe_size", 42, None, NO_SUCH_KEY),
        ("properties.contents.0.colour", "red", "red", UNKNOWN_KEY),
        ("schema_version", "2", "2", UNKNOWN_KEY),
    ],
    ids=reprlib.repr,
)
def test_a_readable_value_is_corrected_with_a_warning(
    path: str, value: Any, sent: Any, message: str
) -> None:
    """The value goes out in the API's form, and the warning says what was done."""
    checked = check_event(web_with(path, value), "web")
    assert (True, sent) == (checked.valid, at(checked.event, path))
    assert type(sent) is type(at(checked.event, path))
    assert (path, message) in warnings_of(checked)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("user.ip", "2a00:1450:4001:81b::200e"),
        ("user.idfa", "6D92078A-8246-4BA4-AE5B-76104861E7DC"),
        ("user.gaid", DIGEST),
        ("user.city", "münchen"),
        ("user.locale", "zh-Hant-TW"),
        ("page.url", "HTTPS://shop.example/a b?q=ü#x"),
        ("page.url", "http://127.0.0.1:8080/"),
        ("limited_data_use", True),
        ("device", {"model": "Pixel", "mobile": True}),
        ("properties.contents", []),
        ("properties.contents.0.content_type", "product_group"),
        ("properties.content_ids", ["a", "b"]),
        ("properties.value", 0),
        ("properties.travel_class", "prem"),
        ("properties.suggested_hotels", ["a"]),
        ("properties.mileage", {"value": 0, "unit": "KM"}),
        ("properties.preferred_price_range", [1000, 2500.5]),
        ("properties.year", 2024),
        ("properties.vin", "WVWZZZ1JZXW000001"),
        ("properties.predicted_ltv", 12.5),
    ],
    ids=reprlib.repr,
)
def test_a_documented_value_passes_without_a_word(path: str, value: Any) -> None:
    """What the API documents draws no warning."""
    event = web_with(path, value)
    assert Checked(event) == check_event(event, "web")
