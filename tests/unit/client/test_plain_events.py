"""An event that is taken for plain would come out of the careful way the same, and shows nobody."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from tests.unit.client.test_closed_shapes import ANN, PHONE
from tiktok_events.errors import InvalidEvent
from tiktok_events.event import prepare as preparing
from tiktok_events.event.junk import JUNK_WORDS
from tiktok_events.event.match_keys import hash_text
from tiktok_events.event.match_rules import MATCH_RULES
from tiktok_events.event.plain_event import plain_brackets
from tiktok_events.event.prepare import EventPreparer
from tiktok_events.event.stray_addresses import may_be_coded, may_hold_address
from tiktok_events.event.url_parameters import BEGINNINGS, names_nobody, strip_people
from worker.local.samples.events import sample_events

NOW = 1_780_000_000
EVENTS = list(sample_events(400, seed=11, now=NOW))
PREPARER = EventPreparer({"web": "P"}, "DE", 65_536)
LEAST_PLAIN_SHARE = 0.2


@dataclass
class Buyer:
    """As an application may have one."""

    phone: str = PHONE


ODDITIES: tuple[Any, ...] = (
    *({"phone": PHONE}, [{"phone": PHONE}], [[{"email": ANN}]], Buyer(), [Buyer()], ANN),
    *(ANN.replace("@", "&#64;"), f"{{{ANN}}}", "{{client.phone}}", "a?b#c", "{", [], {}, None, 5),
)
KEYS = ("email", "phoneNumber", "user_data", "description", "contents", "url", "content_id", "name")
PARAMETERS = (
    *("phone=491701234567", "utm_source=x", f"utm_term={ANN}", "q=1&email=a", "em=Y2hsb2U="),
    *(
        "utm_content=YW5uQGV4YW1wbGUuY29t",
        "utm_id=616e6e406578616d706c652e636f6d",
        "x;phone=1",
        "?",
    ),
)


def objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """Yield each object of an event."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from objects_in(inner)


def odd(event: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Return a copy with something planted at some place, or with another URL."""
    event = copy.deepcopy(event)
    if rng.random() < 0.3 and "page" in event:
        field, parameter = rng.choice(("url", "referrer")), rng.choice(PARAMETERS)
        event["page"][field] = f"https://shop.example/?utm_medium=paid&{parameter}"
    elif rng.random() < 0.8:
        place = rng.choice(list(objects_in(event)))
        key = rng.choice([*place, *KEYS])
        if key not in {"event_source", "event_source_id", "event_id", "event_time", "url"}:
            place[key] = copy.deepcopy(rng.choice(ODDITIES))
    return {"event_id": "e-1", **event}


def outcome(event: dict[str, Any]) -> bytes | str:
    """Return the JSON, or why there is none."""
    try:
        return PREPARER.prepare(event).body
    except InvalidEvent as error:
        return str(error)


@pytest.mark.parametrize("seed", range(4))
def test_the_quick_way_is_the_careful_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is planted, byte for byte, and nothing of a person is left."""
    rng = Random(seed)
    events = [odd(event, rng) for event in EVENTS]
    quick = [outcome(event) for event in events]
    plain = sum(plain_brackets(event) > 0 for event in events)
    monkeypatch.setattr(preparing, "plain_brackets", lambda _event: 0)

    for event, found in zip(events, quick, strict=True):
        assert found == outcome(event), event
        assert not isinstance(found, bytes) or b"1701234567" not in found
        assert not isinstance(found, bytes) or b"ann" not in found
    assert len(EVENTS) * LEAST_PLAIN_SHARE < plain < len(EVENTS)


@pytest.mark.parametrize("parameter", PARAMETERS[:1] + PARAMETERS[2:])
def test_a_known_campaign_vouches_for_nothing_behind_it(parameter: str) -> None:
    """What is remembered of a link is what stands before its last parameter."""
    begins = "https://shop.example/?utm_source=tiktok&utm_medium=paid"
    strip_people(f"{begins}&session=1&ttclid=2&x=3&q=4&em=&phone=")
    assert names_nobody(f"{begins}&session=1")

    assert begins in BEGINNINGS
    assert not names_nobody(f"{begins}&{parameter}")


@pytest.mark.parametrize("sign", ["@", "#", "%40", "+4917012345", "?", ";email="])
@pytest.mark.parametrize("end", ["{}", "?a={}", "?a=1&a={}", "?utm_source=x&a={}", "&a={}"])
def test_a_known_page_vouches_for_nothing_that_follows(end: str, sign: str) -> None:
    """A sign of a person is seen wherever it stands."""
    strip_people("https://shop.example/?a=1")
    for known in ("https://shop.example/", "https://shop.example/?utm_source=x&a=1"):
        assert names_nobody(known)

    assert not names_nobody("https://shop.example/" + end.format(sign + "x@y.de"))


def test_a_link_to_a_chat_is_nobodys_page() -> None:
    """Whatever its scheme, the number of somebody is its path; nor is one that leads there."""
    chats = ("http://wa.me/491701234567", "https://www.wa.me/4917012345")
    strip_people("https://shop.example/?to=1")
    links = [f"https://shop.example/?to={chat}" for chat in chats]
    assert not any(map(names_nobody, (*chats, *links)))


def test_the_name_of_a_parameter_that_is_an_address_is_never_remembered() -> None:
    """It goes each time, also as the name of a value."""
    url = "https://shop.example/?YW5uQGV4YW1wbGUuY29t=1"

    assert [strip_people(url) for _ in range(2)] == ["https://shop.example/"] * 2
    assert not names_nobody(url)


@pytest.mark.parametrize("key", ["email", "phone", "external_id"])
def test_a_usual_value_is_prepared_as_any(key: str) -> None:
    """What is read at once is what the rule makes of it, and no word for nothing is usual."""
    rule = MATCH_RULES[key]
    users = [event["user"].get(key) for event in EVENTS]
    words = [word for word in JUNK_WORDS[key] for word in (word, word.upper(), f" {word}")]
    odd_ones = ["noreply@shop.example", "+8613800138000", "0171 1234567", "x", "", "Ä", " 7 "]
    given = [value for value in users if isinstance(value, str) and len(value) != 64]
    usual = {text: found for text in given + odd_ones + words if (found := rule.usual(text))}

    assert not usual.keys() & set(words)
    assert len(usual) > len(given) / 3
    for text, found in usual.items():
        assert found.isascii()
        assert (found, hash_text(found)) == (rule.prepare(text.strip(), "DE"), hash_text(found))


@pytest.mark.parametrize(
    "title",
    ['24" monitor', "Skirts & dresses, for summer and beach", "two\nlines", "50 off, all of it"],
)
def test_what_shops_write_is_no_reason_for_a_second_look(title: str) -> None:
    """A quotation mark or an ampersand costs no more than a letter."""
    encoded = PREPARER.prepare({"event": "Purchase", "properties": {"description": title}}).body

    assert not may_hold_address(encoded)
    assert not may_be_coded(title)


@pytest.mark.parametrize(
    "text",
    [
        f'{{"email": "{PHONE}"}}',
        "ann&commat;example.com is her name",
        "ann&#64;example.com is her name",
        "ann\\u0040example.com is her name",
        "ann=40example.com is her name",
    ],
)
def test_an_address_in_any_escape_is_one(text: str) -> None:
    """By whatever sign it begins."""
    encoded = PREPARER.prepare({"event": "Purchase", "properties": {"description": text}}).body

    assert PHONE[1:].encode() not in encoded
    assert b"ann" not in encoded
