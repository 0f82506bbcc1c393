"""Values that are right, nearly right, or wrong at some place of an event."""

from __future__ import annotations

import math
from random import Random
from typing import Any, Final

from schemas import catalogue, limits

DIGEST: Final = "0123456789abcdef" * 4


class OwnText(str):
    """A string that is not exactly a `str`."""

    __slots__ = ()


class OwnObject(dict[str, Any]):
    """A dict that is not exactly a `dict`."""


CLEAN: Final[tuple[Any, ...]] = (
    *(DIGEST, DIGEST.upper(), [DIGEST], [DIGEST, DIGEST.upper()], "x", "é☕", "a b"),
    *("Purchase", "CompletePayment", "add_to_cart", "InstallApp", "SizeGuideOpened"),
    *("EUR", "product", "eco", "KM", "DENIED", "de", "de-DE", "New", "https://shop.example/"),
    *("203.0.113.9", "2001:4860:4860::8844", "HTTP://A", "https://é.example/☕?q=1#f"),
    *(0, 1, 2.5, 1767225600, -0.0, 0.0, True, False, None, ["sku-1", "sku-2"], [1, 2], [1.5, 2]),
    *({}, [], {"content_id": "1"}, [{"content_id": "1", "price": 2}], {"value": 1, "unit": "KM"}),
)
ODD_TEXTS: Final = (
    *(
        "",
        " ",
        "\t\n",
        "\x00",
        "\u00a0",
        "\ud800",
        "x\udfff",
        "٣",
        "\uff11\uff12",
        "ß",
        "İ",
        "\u202e",
    ),
    *(DIGEST[:-1], DIGEST + "0", DIGEST + "\n", " " + DIGEST[1:], DIGEST[:-1] + "g", "٣" * 64),
    *("purchase", "Purchsae", "Complete Payment", "1Lead", "e" * 50, "e" * 51, "é"),
    *("eur", "XXX", "EURO", "PRODUCT", "Product ", "km", "de_DE", "DE", "x" * 9, "denied"),
    *("true", "FALSE", "1", "0", "yes", "2.5", "-1", "1e3", "59,98", "12 EUR", "NaN", "0x10", "+1"),
    *("10.0.0.1", "9.255.255.255", "::1", "fe80::1%eth0", "01.2.3.4", "1.2.3", "203.0.113.9 "),
    *("shop.example", "ftp://a", "http://", "https:///x", "http://\n", "app:x", "javascript:1"),
    *("1767225600", "1767225600000", "2026-01-01T00:00:00Z", "2026-01-01"),
)
ODD_NUMBERS: Final = (
    *(-1, -1.5, 2.0, 1e3, 1e300, 5e-324, math.nan, math.inf, -math.inf, 2**53, 2.0**53, 2**63),
    *(2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**40, 10**5000, True, False),
    *(limits.AMOUNT, limits.AMOUNT + 1, float(limits.AMOUNT), -limits.AMOUNT, -limits.AMOUNT - 1),
    *(limits.EARLIEST_EVENT_TIME, limits.EARLIEST_EVENT_TIME - 1, limits.LATEST_EVENT_TIME),
    *(limits.LATEST_EVENT_TIME - 1, 1767225600.0, 1767225600.5, 1767225600000, 1767225600 * 10**9),
)
ODD_SHAPES: Final[tuple[Any, ...]] = (
    *([None], [5], [[]], [""], [DIGEST, 5], [DIGEST, DIGEST[1:]], ["a", None], [True], [{}]),
    *([1], [1, 2, 3], [1, "2"], [math.nan, 1], {"k": 1}, {"k@y": 1}, {"k": {"k": [1]}}, {5: 1}),
    *({"content_id": 5}, {"unit": "km"}, [{"price": "1"}], [{"colour": "red"}], [{"price": -1}]),
    *(OwnText("x"), OwnText(DIGEST), OwnText("Purchase"), OwnText(""), [OwnText("x")]),
    *(OwnObject(), OwnObject(url="https://shop.example/"), (1, 2), b"x", {1}, object),
)
ALL_VALUES: Final = (*CLEAN, *ODD_TEXTS, *ODD_NUMBERS, *ODD_SHAPES)
KEYS: Final = ("colour", "k@y", "", "x" * 256, "x" * 257, "\ud800", 5, None, True, "jane@a.example")
BOUNDS: Final = (
    *(limits.ID_CHARS, limits.LABEL_CHARS, limits.TEXT_CHARS, limits.CLICK_ID_CHARS),
    *(limits.USER_AGENT_CHARS, limits.URL_CHARS, limits.UNKNOWN_TEXT_CHARS),
)
LENGTHS: Final = (limits.MATCH_KEY_VALUES, limits.LIST_ITEMS, limits.OBJECT_KEYS)


def some_value(rng: Random) -> Any:
    """Return a value for any place; half of them are clean somewhere."""
    pool = rng.choice((CLEAN, CLEAN, CLEAN, CLEAN, ODD_TEXTS, ODD_NUMBERS, ODD_SHAPES, ()))
    return _copied(rng.choice(pool)) if pool else _at_a_bound(rng)


def some_known_word(rng: Random) -> str:
    """Return a word of a closed list, or of an event's name."""
    words = rng.choice(
        (
            *(catalogue.CONTENT_TYPES, catalogue.TRAVEL_CLASSES, catalogue.BODY_STYLES),
            *(sorted(catalogue.CURRENCIES), sorted(catalogue.STANDARD_EVENTS)),
        )
    )
    return rng.choice(words)


def _at_a_bound(rng: Random) -> Any:
    """Return a text, list, object or nesting that just fits, or just does not."""
    beyond = rng.choice((-1, 0, 1))
    return rng.choice(
        (
            lambda: rng.choice("xé") * (rng.choice(BOUNDS) + beyond),
            lambda: "https://a.example/" + "x" * (limits.URL_CHARS - 18 + beyond),
            lambda: [_copied(rng.choice((DIGEST, "x", 1)))] * (rng.choice(LENGTHS) + beyond),
            lambda: {f"k{number}": 1 for number in range(limits.OBJECT_KEYS + beyond)},
            lambda: _nested(limits.UNKNOWN_LEVELS + beyond, rng),
        )
    )()


def _nested(levels: int, rng: Random) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = rng.choice(([value], {"k": value}))
    return value


def _copied(value: Any) -> Any:
    """Return a copy of the outer list or object, so that no event changes the pool."""
    return value.copy() if type(value) in {list, dict} else value
