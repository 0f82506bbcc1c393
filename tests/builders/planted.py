"""Personal data, planted at every place of an event and in every way to write them."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from tiktok_events import types

MAIL: Final = "zora.quell@mailhost.example"
PHONE: Final = "+491701234567"
NAME: Final = "Zorabella"
SHOP: Final = "https://shop.example/"
_WIDE: Final = 0xFEE0

Encode = Callable[[str], str]

ENCODINGS: Final[Mapping[str, Encode]] = {
    "as it is": str,
    "upper case": str.upper,
    "percent": lambda text: quote(text, safe=""),
    "percent, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "HTML, decimal": lambda text: text.replace("@", "&#64;"),
    "HTML, hexadecimal": lambda text: text.replace("@", "&#x40;"),
    "script": lambda text: text.replace("@", "\\u0040"),
    "unseen characters": lambda text: text.replace("@", "\u200b@\u200b"),
    "soft hyphen": lambda text: text.replace("@", "@\u00ad"),
    "full-width at": lambda text: text.replace("@", "\uff20"),
    "full-width letters": lambda text: "".join(chr(ord(sign) + _WIDE) for sign in text),
    "small at": lambda text: text.replace("@", "\ufe6b"),
    "link": "mailto:{}".format,
    "with a name": (NAME + " Quell <{}>").format,
    "in a sentence": "write to {}, please".format,
    "in JSON": '{{"email": "{}"}}'.format,
}
"""Of an address, anywhere."""

CODES: Final[Mapping[str, Encode]] = {
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "hex": lambda text: text.encode().hex(),
    "quoted-printable": lambda text: text.replace("@", "=40"),
    "HTML, by name": lambda text: text.replace("@", "&commat;"),
}
"""Of an address, where texts are free."""

OBJECTS: Final[Mapping[str, Any]] = {
    "an object": {"phone": PHONE, "first_name": NAME},
    "objects": [{"phone": PHONE, "first_name": NAME}],
    "pairs": [{"name": "first_name", "value": NAME}, {"name": "Phone", "value": PHONE[1:]}],
    "pairs by key": {"to": [{"key": "billing_phone", "value": {"string_value": PHONE[1:]}}]},
    "pairs of labels": {"fields": [{"label": "Your phone number", "answer": PHONE[1:]}]},
    "JSON": json.dumps({"first_name": NAME, "phone": PHONE[1:]}),
    "JSON array": json.dumps([{"phone": PHONE[1:]}]),
    "international": PHONE,
    "spaced": "call +49 170 1234567 now",
}
"""Values of other kinds, a phone number and a name in them."""

URLS: Final = (
    f"tel:{PHONE}",
    "tel:01701234567",
    "sms:01701234567",
    f"mailto:{MAIL}",
    f"https://wa.me/{PHONE[1:]}",
    f"{SHOP}?first_name={NAME}",
    f"{SHOP}?phone={PHONE[1:]}",
    f"{SHOP}?to=%2B{PHONE[1:]}",
    f"{SHOP}?to={b64encode(MAIL.encode()).decode()}",
    f"{SHOP}call/{PHONE}",
    f"{SHOP}#/me?email={MAIL}",
)

_OWNERS: Final = {
    "": types.Event,
    "user.": types.User,
    "page.": types.Page,
    "properties.": types.Properties,
    "properties.contents.0.": types.Content,
    "app.": types.App,
    "ad.": types.Ad,
    "lead.": types.Lead,
    "device.": types.Device,
}
CUSTOM: Final = (
    "note",
    "note.deep.er",
    "user.note",
    "page.title",
    "properties.note",
    "properties.note.0.1.deep",
    "properties.contents.0.note",
    "properties.contents.0",
    "properties.content_ids.0",
    "context.page.referrer",
    "context.note",
)
NEEDED: Final = frozenset(
    {"test_event_code", "event", "event_id", "event_source", "event_source_id", "event_time"}
)
"""Where an event with a person in them is refused at the call."""

FREE: Final = ("properties.description", "properties.order_id", "properties.note", "note")
LINKS: Final = ("page.url", "page.referrer", "context.page.url", "properties.note", "note")

_CODED: Final = [CODES[name] for name in ("base64", "base64 for URLs", "hex")]
_CODED_CHARS: Final = 20
TRACES: Final = (
    *(MAIL, "zora.quell", PHONE[1:], "1701234567", NAME.lower()),
    *(encode(mail)[:_CODED_CHARS].lower() for encode in _CODED for mail in (MAIL, MAIL.upper())),
)


def places() -> list[str]:
    """Every documented place of an event, and some that are not."""
    known = [prefix + name for prefix, owner in _OWNERS.items() for name in owner.__annotations__]
    return [
        place for place in [*known, *CUSTOM] if place not in NEEDED and place != "test_event_code"
    ]


def planted(place: str, value: Any) -> dict[str, Any]:
    """An event with a value at a place."""
    event: dict[str, Any] = {
        "event": "Purchase",
        "event_id": "order-1",
        "page": {"url": SHOP},
        "user": {"ttclid": "E.C.P.x"},
        "properties": {"value": 1, "currency": "EUR", "contents": [{"content_id": "1"}]},
    }
    *above, last = place.split(".")
    owner: Any = event
    for step, below in zip(above, [*above[1:], last], strict=bool(above)):
        owner = _inner(owner, step, [] if below.isdigit() else {})
    if isinstance(owner, list):
        owner.extend([value] * (int(last) + 1))
    else:
        owner[last] = value
    return event


def _inner(owner: Any, step: str, new: Any) -> Any:
    """What stands at a step of a path; something new where nothing fits."""
    if isinstance(owner, list):
        owner += [new] * (int(step) + 1 - len(owner))
        return owner[int(step)]
    if not isinstance(owner.get(step), dict | list):
        owner[step] = new
    return owner[step]


def sowings() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A word for each way to write personal data, with the events that carry them so."""
    for name, encode in ENCODINGS.items():
        yield name, [planted(place, encode(MAIL)) for place in places()]
    for name, encode in CODES.items():
        yield name, [planted(place, encode(MAIL)) for place in FREE]
    for name, value in OBJECTS.items():
        yield name, [planted(place, value) for place in places()]
    yield "links", [planted(place, url) for place in LINKS for url in URLS]


def traces(text: str) -> list[str]:
    """The planted data that a text holds, in whatever encoding."""
    lowered = text.lower()
    narrow = "".join(chr(ord(c) - _WIDE) if 0xFF01 <= ord(c) <= 0xFF5E else c for c in lowered)
    seen = narrow.replace("\\u200b", "").replace("\u200b", "").replace("\u00ad", "")
    return [trace for trace in TRACES if trace in lowered or trace in seen]
