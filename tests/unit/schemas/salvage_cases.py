"""What others really hand over, and what must come of it: of connectors, table programs, proxies.

Each case is a change to an event that is fine otherwise, by paths; what is sent then, by paths
(`GONE` for what must not be there); and what is said, as path and kind.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

GONE: Final = object()


class Case(NamedTuple):
    """One of them."""

    name: str
    source: str
    given: dict[str, Any]
    sent: dict[str, Any]
    said: set[tuple[str, str]]


def left_out(name: str, path: str, value: Any, source: str = "web") -> Case:
    """A key that has no reading: the event goes without it."""
    return Case(name, source, {path: value}, {path: GONE}, {(path, "left_out")})


def mended(name: str, path: str, value: Any, sent: Any, source: str = "web") -> Case:
    """A key that has one."""
    return Case(name, source, {path: value}, {path: sent}, {(path, "mended")})


def kept(name: str, path: str, value: Any, source: str = "web") -> Case:
    """A key that is sent as it is, with a remark."""
    return Case(name, source, {path: value}, {path: value}, {(path, "remark")})


CONTENT: Final = "properties.contents.0."
CASES: Final = [
    # Free words where a list is closed.
    left_out("shop plugin, product kind", CONTENT + "content_type", "variable-subscription"),
    left_out("tag manager, content_type of Meta", "properties.content_type", "home_listing"),
    left_out("checkout, own delivery", "properties.delivery_category", "parcel locker"),
    mended(
        "checkout, spaced delivery",
        "properties.delivery_category",
        "Home Delivery",
        "home_delivery",
    ),
    left_out("flights, own class", "properties.travel_class", "Y"),
    left_out("cars, own state", "properties.state_of_vehicle", "demonstrator"),
    left_out("cars, own unit", "properties.mileage.unit", "miles/year"),
    left_out("mobile SDK, raw value", "user.att_status", 3, "app"),
    mended("mobile SDK, camel case", "user.att_status", "notDetermined", "NOT_DETERMINED", "app"),
    # Numbers.
    kept("butcher, by weight", CONTENT + "quantity", 0.385),
    mended("butcher, decimal comma", CONTENT + "quantity", "0,385", 0.385),
    left_out("stock program, with a unit", CONTENT + "quantity", "2 pcs"),
    left_out("table program, two readings", CONTENT + "price", "1,299"),
    mended("table program, decimal comma", CONTENT + "price", "12,99", 12.99),
    mended("table program, thousands", "properties.value", "1.299,00", 1299.0),
    mended("table program, blanks", "properties.value", " 12.5 ", 12.5),
    left_out("average basket", "properties.num_items", 2.4),
    mended("database, float of a count", "properties.num_items", 3.0, 3),
    left_out("form, number in words", "properties.num_adults", "two"),
    left_out("form, negative infinity", "properties.predicted_ltv", "-Infinity"),
    # Shapes.
    Case(
        "PHP, no properties",
        "web",
        {"properties": []},
        {"properties": GONE},
        {("properties", "remark")},
    ),
    Case(
        "XML converter, one product",
        "web",
        {"properties.contents": {"content_id": 7}},
        {"properties.contents": [{"content_id": "7"}]},
        {("properties.contents", "mended"), ("properties.contents.0.content_id", "mended")},
    ),
    Case(
        "XML converter, properties in an array",
        "web",
        {"properties": [{"value": 5, "currency": "EUR"}]},
        {"properties.value": 5},
        {("properties", "mended")},
    ),
    left_out("form post, contents as text", "properties.contents", "[object Object]"),
    Case(
        "hole in an array",
        "web",
        {"properties.contents": [None, {"content_id": "a"}, "b"]},
        {"properties.contents": [{"content_id": "a"}]},
        {("properties.contents.0", "remark"), ("properties.contents.2", "left_out")},
    ),
    left_out("price range of one", "properties.preferred_price_range", [500]),
    # Addresses.
    mended("load balancer, route", "user.ip", "198.51.100.7, 172.16.0.9", "198.51.100.7"),
    mended("load balancer, port", "user.ip", "198.51.100.7:8443", "198.51.100.7"),
    mended("Node, mapped address", "user.ip", "::ffff:198.51.100.7", "198.51.100.7"),
    left_out("log, anonymised", "user.ip", "198.51.100.xxx"),
    mended("POSIX locale", "user.locale", "pt_BR.UTF-8", "pt-BR"),
    left_out("analytics, direct", "page.referrer", "(direct)"),
    mended("a table's float in a text", "event_time", "1795000000.0", 1795000000),
    left_out("analytics, none", "page.referrer", "none"),
    left_out("a new tab", "page.referrer", "about:blank"),
    left_out("a saved page", "page.referrer", "file:///home/shop.html"),
    Case(
        "relative page",
        "web",
        {"page.url": "/checkout/thanks"},
        {"page.url": GONE},
        {("page.url", "left_out")},
    ),
    mended("copied page", "page.url", "\u00a0https://shop.example/ \r\n", "https://shop.example/"),
    Case("server event, no page", "web", {"page": GONE}, {"page": GONE}, {("page", "remark")}),
    Case("server event, empty page", "web", {"page": {}}, {"page": {}}, {("page.url", "remark")}),
    # Texts.
    mended("copied currency", "properties.currency", "eur\t", "EUR"),
    left_out("currency in words", "properties.currency", "Euro"),
    mended("pasted description", "properties.description", "x" * 9_000, "x" * 5_000),
    mended("pasted search", "properties.search_string", "x" * 9_000, "x" * 5_000),
    left_out("pasted name", CONTENT + "content_name", "x" * 9_000),
    left_out("pasted click id", "ad.callback", "x" * 9_000, "app"),
    mended("padded column", "properties.order_id", "A-7   ", "A-7"),
    # Names.
    kept("segment name", "event", "Order Completed"),
    kept("near miss", "event", "Complete Payment"),
    kept("dotted name", "event", "checkout.completed"),
    kept("own offline name", "event", "StoreVisit", "offline"),
    mended("padded name", "event", " Purchase", "Purchase"),
    # Leads.
    Case(
        "lead by e-mail",
        "crm",
        {"lead": GONE},
        {"lead": GONE},
        {("lead", "remark")},
    ),
    Case("stage in Japanese", "crm", {"event": "商談成立"}, {"event": "商談成立"}, set()),
    Case("stage in Arabic", "crm", {"event": "عميل مؤهل"}, {"event": "عميل مؤهل"}, set()),
    # Privacy.
    mended("consent tool", "limited_data_use", "LDU", sent=True),
    mended("consent tool, no", "limited_data_use", "No", sent=False),
    # Unknown keys beyond all bounds.
    Case(
        "whole session in a key",
        "web",
        {"properties.session": [[[[[[[[[1]]]]]]]]]},
        {"properties.session": GONE},
        {("properties.session", "left_out")},
    ),
    # Documented, though seldom.
    Case("attribution on the web", "web", {"ad": {"attribution_share": 0.5}}, {}, set()),
    Case("returning customer", "web", {"properties.customer_type": "returning"}, {}, set()),
    Case(
        "brands of a browser",
        "web",
        {"device": {"browser_version_list": [{"brand": "Chromium", "version": "143"}]}},
        {},
        set(),
    ),
    kept("price beside the contents", "properties.price", 5),
]

ENDED: Final = [
    ("no name", "web", {"event": " "}, "event"),
    ("name of a number", "web", {"event": 7}, "event"),
    ("name with a control character", "web", {"event": "Purchase\x00"}, "event"),
    ("date without a zone", "web", {"event_time": "2026-01-01 00:00:00"}, "event_time"),
    ("time in words", "web", {"event_time": "now"}, "event_time"),
    ("value with two readings", "web", {"properties.value": "1,299"}, "properties.value"),
    ("value in words", "web", {"properties.value": "free"}, "properties.value"),
    ("value of a flag", "web", {"properties.value": True}, "properties.value"),
    ("no app", "app", {"app": GONE}, "app"),
    ("no app id", "app", {"app.app_id": ""}, "app.app_id"),
]
"""What ends an event, and where."""
