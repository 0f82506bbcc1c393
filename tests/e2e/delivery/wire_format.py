"""What the Events API wants of a request, written down once more from its documentation.

Source: https://business-api.tiktok.com/portal/docs?id=1771101303285761 (the request) and
https://business-api.tiktok.com/portal/docs?id=1771101151059969 (its parameters), as transcribed
in github.com/bububa/tiktok-business; match keys also github.com/tiktok/gtm-template-eapi and
github.com/rudderlabs/rudder-transformer (all read 2026-11-22).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

Event = dict[str, Any]

REGION: Final = "DE"


# --- the format, once more --------------------------------------------------------------

DIGEST: Final = re.compile(r"[0-9a-f]{64}").fullmatch
_PLACE: Final = re.compile(r"[^\W_A-Z]+").fullmatch
_COUNTRY: Final = re.compile(r"[a-z]{2}").fullmatch
_CURRENCY: Final = re.compile(r"[A-Z]{3}").fullmatch
_URL: Final = re.compile(r"https://\S+").fullmatch


def is_text(value: object) -> bool:
    """Whether it is a text with something in it."""
    return type(value) is str and value != ""


def _is_whole(value: object) -> bool:
    return type(value) is int


def _is_number(value: object) -> bool:
    return type(value) in {int, float}


def _matches(match: Callable[[str], object]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and match(value) is not None


def _is_digests(value: object) -> bool:
    values = value if isinstance(value, list) and value else [value]
    return all(map(_matches(DIGEST), values))


def _is_contents(value: object) -> bool:
    return isinstance(value, list) and all(fits(item, CONTENT) for item in value)


def fits(value: object, shape: Mapping[str, Callable[[Any], bool]]) -> bool:
    """Whether it is an object of known fields only, each of its type and none of them null."""
    return isinstance(value, dict) and all(
        name in shape and shape[name](item) for name, item in value.items()
    )


def _object(shape: Mapping[str, Callable[[Any], bool]], *required: str) -> Callable[[Any], bool]:
    return lambda value: fits(value, shape) and set(required) <= set(value)


CONTENT: Final = {
    "content_id": is_text,
    "content_name": is_text,
    "content_category": is_text,
    "brand": is_text,
    "price": _is_number,
    "quantity": _is_whole,
}

USER: Final = {
    **dict.fromkeys(("email", "phone", "external_id"), _is_digests),
    **dict.fromkeys(("first_name", "last_name", "zip_code"), _matches(DIGEST)),
    **dict.fromkeys(("ttclid", "ttp", "ip", "user_agent", "locale"), is_text),
    **dict.fromkeys(("idfa", "gaid", "att_status"), is_text),
    "city": _matches(_PLACE),
    "country": _matches(_COUNTRY),
}

PROPERTIES: Final = {
    **dict.fromkeys(("content_type", "order_id", "description", "search_string"), is_text),
    "contents": _is_contents,
    "currency": _matches(_CURRENCY),
    "value": _is_number,
}

EVENT: Final = {
    "event": is_text,
    "event_time": _is_whole,
    "event_id": is_text,
    "user": _object(USER),
    "properties": _object(PROPERTIES),
    "page": _object({"url": _matches(_URL), "referrer": _matches(_URL)}, "url"),
    "app": _object(dict.fromkeys(("app_id", "app_name", "app_version"), is_text), "app_id"),
    "lead": _object(dict.fromkeys(("lead_id", "lead_event_source"), is_text), "lead_id"),
}

NEEDED: Final = {
    "web": {"event", "event_time", "event_id", "page"},
    "app": {"event", "event_time", "event_id", "app"},
    "offline": {"event", "event_time", "event_id"},
    "crm": {"event", "event_time", "event_id", "lead"},
}


# --- the match keys, once more ----------------------------------------------------------


def _phone(typed: str) -> str:
    """E.164 of the three ways in which the samples write a number."""
    digits = re.sub(r"[^+\d]", "", typed.replace("(0)", ""))
    return digits if digits.startswith("+") else "+49" + digits.removeprefix("0")


HASHED: Final[dict[str, Callable[[str], str]]] = {
    "email": lambda typed: typed.strip().lower(),
    "phone": _phone,
    "external_id": lambda typed: typed.strip(),
    "first_name": lambda typed: re.sub(r"[^\w ]", "", typed.lower()),
    "last_name": lambda typed: re.sub(r"[^\w ]", "", typed.lower()),
    "zip_code": lambda typed: re.sub(r"[ -]", "", typed.lower()),
}

PLAIN: Final[dict[str, Callable[[str], str]]] = dict.fromkeys(
    ("city", "country", "idfa", "gaid"), str.lower
)


def _sent(key: str, value: Any) -> Any:
    """What the API has to be sent for a match key's value."""
    if isinstance(value, list):
        return [_sent(key, item) for item in value]
    if key not in HASHED or DIGEST(value):
        return PLAIN.get(key, str)(value)
    return sha256(HASHED[key](value).encode()).hexdigest()


def expected(event: Event, event_id: str) -> Event:
    """What the API has to be sent for a producer's event."""
    data = {key: value for key, value in event.items() if not key.startswith("event_source")}
    user = {key: _sent(key, value) for key, value in event["user"].items()}
    return data | {"event_id": event_id, "user": user}


# --- personal values in a heap of bytes -------------------------------------------------

_EMAILS: Final = re.compile(rb"[\w.+'-]+@[\w.-]+")
_NUMBERS: Final = re.compile(rb"\+?\d[\d ()-]{8,}\d")
_ACCOUNTS: Final = re.compile(rb"user_\d+")


def personal_values(heap: bytes) -> set[bytes]:
    """What looks like an e-mail address, a telephone number or an account, in lower case."""
    heap = heap.lower()
    numbers = {re.sub(rb"\D", b"", number) for number in _NUMBERS.findall(heap)}
    return {*_EMAILS.findall(heap), *_ACCOUNTS.findall(heap), *numbers}
