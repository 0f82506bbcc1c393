"""Recognise keys that are nearly match keys: spellings of other interfaces, as data.

Case, ``-``, ``_``, blanks and brackets do not count, nor do words in front that say whose value it
is (``billing_email``) or after it that say in which form it is (``email_sha256``).

Sources (read 2026-11-30): Events API 1.0, ``PixelTrackBody`` of
https://github.com/tiktok/tiktok-business-api-sdk; ``ttq.identify`` in
https://github.com/tiktok/gtm-template-pixel; Meta's Conversions API,
https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters;
GA4's Measurement Protocol and its ``user_data``,
https://developers.google.com/analytics/devguides/collection/ga4/uid-data; Segment's traits,
https://segment.com/docs/connections/spec/identify/#traits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final, get_origin, get_type_hints

from tiktok_events.types import Ad, App, Content, Device, Event, Lead, Page, Properties, User
from tiktok_events.types.vehicle import Mileage

USER_KEYS: Final = frozenset(User.__annotations__)
"""The keys of ``user`` that TikTok documents."""

_TYPES: Final[Mapping[str, Any]] = {
    name: kind
    for owner in (Page, App, Ad, Lead, Device, Properties, Content, Mileage)
    for name, kind in get_type_hints(owner).items()
}
DOCUMENTED: Final = frozenset({"brand", "version", *_TYPES})
"""The keys of all other objects of an event."""

TEXTS: Final = frozenset(name for name, kind in _TYPES.items() if kind is str)
LISTS: Final = frozenset(name for name, kind in _TYPES.items() if get_origin(kind) is list)
"""Keys whose value is a text, or a list."""

EVENT_KEYS: Final = frozenset(Event.__annotations__)

PERSONAL: Final = "personal"
"""The meaning of personal keys for which TikTok has no key."""

LIMITED_DATA_USE: Final = frozenset({"limiteddatause", "limitdatause", "ldu"})

_NAMES: Final[Mapping[str, str]] = {
    "email": (
        "mail em emailaddress emailadresse mailaddress emails eml correo correoelectronico courriel"
    ),
    "phone": (
        "phonenumber phones phonenumbers ph phoneno tel telephone telephonenumber mobile cell"
        " mobilephone mobilenumber cellphone cellphonenumber msisdn whatsapp telefon telefono"
        " telefonnummer handy handynummer"
    ),
    "external_id": (
        "externalids externaluserid extid exid xid userid uid customerid customernumber memberid"
        " subscriberid loyaltyid"
    ),
    "first_name": "firstname fname fn givenname forename vorname",
    "last_name": "lastname lname ln surname familyname nachname",
    "zip_code": "zip zipcode zp postalcode postcode plz postal",
    "city": "ct town locality",
    "state": "st province region administrativearea",
    "country": "countrycode",
    "ttclid": "ttclickid tiktokclickid tiktokclid",
    "ttp": "ttpcookie ttcookie",
    "ip": "ipaddress clientip clientipaddress ipoverride remoteaddr remoteaddress userip",
    "user_agent": "useragent clientuseragent ua httpuseragent",
    "locale": "language lang",
    "idfa": "appleidfa iosadvertisingid",
    "gaid": "googleadvertisingid aaid androidadvertisingid",
    "idfv": "appleidfv",
    "att_status": "attstatus",
    PERSONAL: (
        "dateofbirth dob birthdate birthday bday db gender ge sex age fullname customername"
        " username recipientname contactname buyername address addressline street streetaddress"
        " address1 address2 streetline houseno housenumber ssn taxid passport iban clientid"
        " gaclientid anonymousid anonid madid"
    ),
}


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_IN_FRONT: Final = _set(
    "sha256 hashed hash user customer client buyer billing shipping contact visitor lead account"
    " member subscriber order checkout recipient delivery sender primary default home work utm form"
    " data traits properties address newsletter advanced my your gift"
)
_BEHIND: Final = _set("sha256 hashed hash hex lower normalized raw value")

MEANINGS: Final[Mapping[str, str]] = {
    name: key
    for key, names in _NAMES.items()
    for name in (*((key.replace("_", ""),) if key != PERSONAL else ()), *names.split())
}
"""Squeezed name → match key, or ``PERSONAL``."""

ANYWHERE: Final = frozenset(
    {"email", "phone", "external_id", "first_name", "last_name", "zip_code", PERSONAL}
    | {"ttclid", "ttp", "ip", "user_agent", "idfa", "gaid", "idfv"}
)
"""Meanings that occur only in ``user``; a city or a language may be that of anything."""

USER_OBJECTS: Final = _set(
    "user userdata userinfo userproperties userdetails customer customerdata customerinfo traits"
    " buyer person profile visitor member billing billingaddress advancedmatching matchkeys"
    " identify identity"
)
"""Squeezed names of objects whose keys are read as those of ``user``."""

OTHER_PEOPLE: Final = _set(
    "shipping shippingaddress recipient delivery deliveryaddress address addresses contact"
    " sender receiver guest guests passenger passengers travellers travelers attendees"
)
"""Objects whose keys may be about another person: they are left out."""

_MISSPELT: Final = _set(
    "email emailaddress phone phonenumber externalid firstname lastname zipcode dateofbirth"
)
"""Names whose misspellings are read too, if enough of the name is right."""

REMEMBERED: Final[dict[str, str | None]] = {}
"""Names that were looked up, with their meanings: an application uses few, again and again."""

_MOSTREMEMBERED: Final = 4_096

_RIGHT: Final = 0.8
_LAST_WORDS: Final = {"email": "email", "phone": "phone"}
"""Words in a key that make it personal, whoever the person is: `sales_rep_email`."""

_words: Final = re.compile(r"[A-Za-z][a-z]*|[0-9]+").findall
_squeezed: Final = re.compile(r"[\W_]+")
_plain_name: Final = re.compile(r"[\w\-. \[\]]{1,60}").fullmatch


def squeezed(name: str) -> str:
    """Return the letters and digits of a name, in lower case."""
    return _squeezed.sub("", name).lower()


def meaning(name: object) -> str | None:
    """Return the match key that a name stands for, ``PERSONAL``, or ``None`` for none of these."""
    try:
        return REMEMBERED[name]  # type: ignore[index]  # what is no text is in it as little
    except (KeyError, TypeError):
        return _looked_up(name)


def _looked_up(name: object) -> str | None:
    """Look a name up and cache it: applications use few names, and none of them is personal."""
    if not isinstance(name, str) or not _plain_name(name):
        return None
    meant = _meaning(name)
    if len(REMEMBERED) < _MOSTREMEMBERED:
        REMEMBERED[name] = meant
    return meant


def _meaning(name: str) -> str | None:
    rest, before = squeezed(name), ""
    while rest != before:
        if rest in MEANINGS:
            return MEANINGS[rest]
        before = rest
        rest = _less(rest)
    words = _words(name)
    return _LAST_WORDS.get(words[-1].lower()) if words else None


def _less(name: str) -> str:
    """Return the name without one word at either end, as long as something stays."""
    if name[-1:].isdigit():
        return name.rstrip("0123456789")
    for word in _IN_FRONT:
        if name.startswith(word) and name != word:
            return name[len(word) :]
    for word in _BEHIND:
        if name.endswith(word) and name != word:
            return name[: -len(word)]
    return name


@lru_cache(maxsize=1_024)
def meaning_in_user(name: str) -> str | None:
    """Return the result of `meaning`, or for a misspelt name the key that it resembles."""
    meant = _meaning(name)
    if meant is not None:
        return meant
    close = get_close_matches(squeezed(name), _MISSPELT, n=1, cutoff=_RIGHT)
    return MEANINGS[close[0]] if close else None


def key_names(value: Any) -> frozenset[str]:
    """Return the names of keys in a setting, which is a list or a text with commas.

    Raises:
        ValueError: there is no name, an invalid one, or one that means a match key.
    """
    given = value.split(",") if isinstance(value, str) else value
    try:
        names = frozenset(name.strip() for name in given)
    except (TypeError, AttributeError):
        names = frozenset()
    if not names or not all(name.isidentifier() for name in names):
        raise ValueError("must be names of keys of user, with commas between them")
    if personal := sorted(name for name in names if meaning_in_user(name) is not None):
        raise ValueError(f"must not name {', '.join(personal)}: what it holds must not pass raw")
    return names
