"""Nobody's personal data leave under a name, at a place or in an encoding that is nearly right."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import orjson
import pytest

from tests.builders.closed_events import ANN, PHONE, PLAIN, PREPARER, stored, user
from tiktok_events.errors import InvalidEvent, InvalidSetting
from tiktok_events.event import remarks
from tiktok_events.event.match_keys import hash_text
from tiktok_events.event.prepare import EventPreparer
from tiktok_events.settings import ClientSettings


@pytest.mark.parametrize(
    ("name", "value", "key", "prepared"),
    [
        ("Email", "Ann@Example.com", "email", ANN),
        ("E-MAIL", ANN, "email", ANN),
        ("email_address", ANN, "email", ANN),
        ("em", ANN, "email", ANN),
        ("emial", ANN, "email", ANN),
        ("sha256_email_address", hash_text(ANN), "email", ANN),
        ("userEmail", ANN, "email", ANN),
        ("phone_number", PHONE, "phone", PHONE),
        ("phoneNumber", PHONE, "phone", PHONE),
        ("ph", PHONE, "phone", PHONE),
        ("mobile-phone", PHONE, "phone", PHONE),
        ("sha256_phone_number", hash_text(PHONE), "phone", PHONE),
        ("externalId", "u7", "external_id", "u7"),
        ("external_ids", "u7", "external_id", "u7"),
        ("user_id", "u7", "external_id", "u7"),
        ("firstName", "Annabella", "first_name", "annabella"),
        ("fn", "Annabella", "first_name", "annabella"),
        ("ln", "Lee", "last_name", "lee"),
        ("zp", "10115", "zip_code", "10115"),
        ("postalCode", "10115", "zip_code", "10115"),
    ],
)
def test_a_match_key_by_another_name_is_the_key(
    name: str, value: str, key: str, prepared: str
) -> None:
    """Names of API 1.0, the Pixel, Meta, Google and Segment, in any case, and near misses."""
    assert user(**{name: value}) == {key: hash_text(prepared)}


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("ct", "bonn", "city"),
        ("st", "nrw", "state"),
        ("country_code", "de", "country"),
        ("client_user_agent", "Mozilla/5.0", "user_agent"),
        ("client_ip_address", "203.0.113.4", "ip"),
        ("ipAddress", "203.0.113.4", "ip"),
        ("_ttp", "abc-def", "ttp"),
    ],
)
def test_a_plain_key_by_another_name_is_the_key(name: str, value: str, key: str) -> None:
    """They are not hashed, and not lost either."""
    assert user(**{name: value}) == {key: value}


@pytest.mark.parametrize(
    "name",
    [
        *("date_of_birth", "db", "gender", "full_name", "address", "client_id", "loyalty", "ssn"),
        *("x", "-", "扡"),
    ],
)
def test_any_other_key_of_user_is_left_out(name: str) -> None:
    """Whoever it may be about; a remark says that it was there."""
    event = stored({**PLAIN, "user": {"ttclid": "E.C.P.1", name: "1990-01-02"}})

    assert event["user"] == {"ttclid": "E.C.P.1"}
    path = f"user.{remarks.shown(name)}"
    assert event[remarks.REMARKS][path].startswith("left_out:")


@pytest.mark.parametrize(
    ("name", "value"),
    [("mobile", True), ("em", 7), ("fn", ["Ann", "Bob"]), ("zip", 1.5), ("ct", {"a": 1})],
)
def test_a_value_that_the_key_cannot_have_is_left_out(name: str, value: object) -> None:
    """The conversion is not refused for a name that we have read into it."""
    assert user(**{name: value}) == {}


def test_user_data_of_others_are_read_whole() -> None:
    """Meta writes lists of one, Google an address of its own."""
    event = {**PLAIN, "user_data": {"em": [ANN], "fn": ["Ann"], "address": [{"ln": "Lee"}]}}

    assert stored(event)["user"] == {
        "email": hash_text(ANN),
        "first_name": hash_text("ann"),
        "last_name": hash_text("lee"),
    }


def test_a_key_itself_wins_over_its_other_names() -> None:
    """In whatever order they are given."""
    assert user(em="other@x.com", email=ANN) == {"email": hash_text(ANN)}
    assert user(email="", em=ANN) == {"email": hash_text(ANN)}


@pytest.mark.parametrize("nothing", [None, "", "  ", [], [""], "null", "n/a"])
@pytest.mark.parametrize("name", ["email", "em"])
def test_an_empty_key_leaves_room_for_a_value_elsewhere(name: str, nothing: object) -> None:
    """A form writes every key; what says nothing, or is junk, is no value of its own."""
    given = stored({**PLAIN, "email": ANN, "user": {name: nothing}})
    assert given["user"] == {"email": hash_text(ANN)}


def test_a_setting_lets_further_keys_pass() -> None:
    """As they are."""
    preparer = EventPreparer({"web": "P"}, None, 65_536, user_keys=frozenset({"tier"}))

    assert stored({**PLAIN, "user": {"tier": 3}}, preparer)["user"] == {"tier": 3}


@pytest.mark.parametrize("names", ["email_address", "Phone", "a,,b", "date_of_birth", " "])
def test_a_setting_cannot_let_personal_data_pass(names: str) -> None:
    """Nor anything that is no name."""
    with pytest.raises(InvalidSetting, match="USER_KEYS must"):
        ClientSettings.load({}, user_keys=names)


@pytest.mark.parametrize(
    "place",
    [
        {"email": ANN},
        {"Email": ANN},
        {"user_data": {"em": [ANN]}},
        {"customer": {"email": ANN, "name": "Ann Lee"}},
        {"context": {"user": {"email": ANN}}},
        {"context": {"traits": {"email": ANN}}},
        {"properties": {"email": ANN}},
        {"properties": {"customer_email": ANN}},
        {"properties": {"user": {"email": ANN}}},
    ],
)
def test_a_match_key_elsewhere_is_taken_to_the_user(place: dict[str, Any]) -> None:
    """From the top level, the context and the properties, if the user has none."""
    event = stored({**PLAIN, **place})

    assert event["user"]["email"] in (hash_text(ANN), [hash_text(ANN)])
    assert ANN.encode() not in orjson.dumps(event)


@pytest.mark.parametrize(
    "place",
    [
        {"properties": {"contents": [{"content_id": "1", "email": ANN}]}},
        {"properties": {"recipient": {"email": ANN, "phone": PHONE}}},
        {"properties": {"shipping": {"address": {"phone": PHONE}}}},
        {"properties": {"gift": {"to": [{"phone": PHONE}]}}},
        {"properties": {"description": f"write to {ANN}"}},
        {"properties": {"query": "ann%40example.com"}},
        {"properties": {"search_string": "ann%2540example.com"}},
        {"properties": {"order_id": f"{ANN}-17"}},
        {"properties": {"content_ids": ["1", ANN]}},
        {"properties": {ANN: 1}},
        {"properties": {"custom": {"deep": [{"er": ANN}]}}},
        {"properties": MappingProxyType({"email": ANN})},
        {"page": {"url": "https://shop.example/", "title": ANN}},
        {"page": {"url": f"https://shop.example/u/{ANN}/orders"}},
        {"page": {"url": f"https://{ANN}:secret@shop.example/"}},
        {"page": {"url": "https://shop.example/", "referrer": f"https://m.example/?to={ANN}"}},
        {"app": {"app_id": "1", "email": ANN}},
        {"ad": {"callback": ANN}},
        {"lead": {"lead_id": ANN, "phone": PHONE}},
        {"device": {"model": ANN}},
        {"user": {"user_agent": f"Bot/1.0 (+{ANN})"}},
        {"user": {"ttclid": ANN}},
        {"user": {"locale": ANN}},
        {"user": {"idfv": ANN}},
        {"user": {ANN: 1}},
        {"schema": {"owner": ANN}},
        {"context": {"library": {"contact": ANN}, "os": ANN}},
    ],
)
def test_an_address_stands_nowhere(place: dict[str, Any]) -> None:
    """Neither as the value of a key that nobody expects it in, nor as a key, nor in a URL."""
    event = PREPARER.prepare({**PLAIN, **place}).body.decode().lower()

    assert not [raw for raw in ("ann@", "ann%", "491701234567") if raw in event]


@pytest.mark.parametrize("key", ["event", "event_id"])
def test_an_event_whose_name_or_id_holds_an_address_is_refused(key: str) -> None:
    """Without them it is no event, and the Pixel would not find it by another id."""
    with pytest.raises(InvalidEvent, match=f"^{key}: must not hold an e-mail address"):
        PREPARER.prepare({**PLAIN, key: f"{ANN}-1"})


def test_an_event_of_api_1_is_taken_apart() -> None:
    """All that it says is read, under today's names."""
    event = {
        "pixel_code": "C0PIXEL",
        "event": "CompletePayment",
        "event_id": "7",
        "timestamp": "2026-01-01T00:00:00Z",
        "context": {
            "ad": {"callback": "E.C.P.1"},
            "page": {"url": "https://shop.example/?email=x", "referrer": "https://a.example/"},
            "user": {"external_id": hash_text("u7"), "phone_number": PHONE, "ttp": "t1"},
            "user_agent": "Mozilla/5.0",
            "ip": "203.0.113.4",
            "limited_data_use": "true",
        },
        "properties": {"value": 5},
    }
    prepared = PREPARER.prepare(event)
    body = orjson.loads(prepared.body)
    del body[remarks.REMARKS]

    assert prepared.destination.key == "web:C0PIXEL"
    assert body == {
        "event": "CompletePayment",
        "event_id": "7",
        "event_time": 1_767_225_600,
        "limited_data_use": True,
        "page": {"url": "https://shop.example/", "referrer": "https://a.example/"},
        "properties": {"value": 5},
        "user": {
            "external_id": hash_text("u7"),
            "phone": hash_text(PHONE),
            "ttp": "t1",
            "ttclid": "E.C.P.1",
            "user_agent": "Mozilla/5.0",
            "ip": "203.0.113.4",
        },
    }
