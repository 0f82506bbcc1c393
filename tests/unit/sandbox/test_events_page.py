"""What the sandbox received, for people: a verdict on each field, nothing personal, no markup."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape
from typing import Any, Final

import orjson
import pytest

from tests.builders.clock import Clock
from tests.unit.sandbox.test_simulator import event, send, simulator
from tiktok_events_sandbox.control import Controlled
from tiktok_events_sandbox.exchange import Head, Reply
from tiktok_events_sandbox.sightings import DESTINATIONS, HIDDEN, KEPT
from tiktok_events_sandbox.simulator import Simulator

DIGEST: Final = "a1" * 32
PERSONAL: Final = ("jo@example.com", "+491701234567", "203.0.113.7", "Mozilla/5.0", "Johanna")


def get(sandbox: Simulator, target: str, **head: Any) -> Reply:
    """Look, from this machine."""
    asked, controlled = Head("GET", target, **head), Controlled(sandbox)
    return controlled.before_reading(asked) or controlled.answer(asked, b"")


def events(sandbox: Simulator, target: str = "/events") -> list[dict[str, Any]]:
    """What the JSON says."""
    found: list[dict[str, Any]] = orjson.loads(get(sandbox, target).body)["events"]
    return found


def page(sandbox: Simulator, target: str = "/") -> str:
    """What the page says."""
    return get(sandbox, target).body.decode()


def verdicts(seen: dict[str, Any]) -> dict[str, str]:
    """Path → verdict of one event."""
    return {one["path"]: one["verdict"] for one in seen["fields"]}


def test_each_field_has_a_verdict() -> None:
    """Taken, hashed, or what is wrong: of one event all of it, what is wrong first."""
    sandbox = simulator()
    user = {"email": [DIGEST, "jo@example.com"], "phone": "+491701234567", "ip": "203.0.113.7"}
    send(sandbox, event(1, user=user, properties={"value": 5, "contents": [{"content_id": 7}]}))
    (seen,) = events(sandbox)
    assert (seen["accepted"], seen["code"], seen["event_id"]) == (False, 40062, "ord-1")
    assert [one["ok"] for one in seen["fields"]] == sorted(one["ok"] for one in seen["fields"])
    assert verdicts(seen) == {
        "user.email.1": "not hashed with SHA-256",
        "user.phone": "not hashed with SHA-256",
        "properties.contents.0.content_id": "not a valid string",
        "event": "taken",
        "event_time": "taken",
        "event_id": "taken",
        "page.url": "taken",
        "user.email.0": "hashed",
        "user.ip": "taken",
        "properties.value": "taken",
    }
    assert seen["remarks"] == ["a value without currency is worth nothing in reports"]


def test_how_an_event_counts_is_told() -> None:
    """A repeat, and one that the browser reported too."""
    clock = Clock()
    sandbox = simulator(clock=clock)
    sandbox.pixel("PIXEL1", "Purchase", "ord-2")
    for number in (1, 1, 2):
        send(sandbox, event(number))
        clock.now += 1
    assert [one["counted"] for one in events(sandbox)] == ["merged", "repeated", "distinct"]
    assert "a repeat that does not count" in page(sandbox)


def test_the_newest_of_each_destination_are_kept() -> None:
    """A busy pixel pushes out no event of a quiet one, and memory is bounded."""
    sandbox = simulator()
    send(sandbox, event(0), event_source_id="QUIET")
    for first in range(0, 600, 300):
        send(sandbox, *map(event, range(first, first + 300)))
    names = [one["event_id"] for one in events(sandbox, "/events?destination=web%3APIXEL1")]
    assert sorted(names) == sorted(f"ord-{n}" for n in range(600 - KEPT, 600))
    assert len(events(sandbox, "/events?destination=web:QUIET")) == 1
    for number in range(DESTINATIONS):
        send(sandbox, event(1), event_source_id=f"P{number}")
    assert len({one["destination"] for one in events(sandbox)}) == DESTINATIONS


def test_nothing_personal_is_shown() -> None:
    """Wherever in an event it stands, and whatever the key is called."""
    sandbox = simulator()
    everywhere = {
        "user": {"email": PERSONAL[0], "phone": PERSONAL[1], "ip": PERSONAL[2],
                 "user_agent": PERSONAL[3], "first_name": PERSONAL[4], "own": PERSONAL[0]},
        "page": {"url": f"https://shop.example/{PERSONAL[0]}?q={PERSONAL[1]}",
                 "referrer": PERSONAL[0]},
        "properties": {"order_id": PERSONAL[0], "description": PERSONAL[4],
                       "query": PERSONAL[1], "phone": int(PERSONAL[1]),
                       "contents": [{"content_name": PERSONAL[4]}]},
        "event_id": "jo%40example.com",
        PERSONAL[0]: "x",
    }  # fmt: skip
    send(sandbox, {**event(1), **everywhere}, event_source_id=PERSONAL[0])
    for text in (page(sandbox), get(sandbox, "/events").body.decode()):
        hidden = (*PERSONAL, "jo%40", PERSONAL[1][1:])
        assert [one for one in hidden if one in unescape(text)] == []
    assert HIDDEN in page(sandbox)


JUNK: Final = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'+alert(1)+'",
    "</style></main>",
    "&lt;b&gt;",
    "\u202eevil\x00\x1b[31m",
    "x" * 5_000,
)


@pytest.mark.parametrize("junk", JUNK)
def test_no_text_of_a_request_becomes_markup(junk: str) -> None:
    """In a name, an id, a key, a value, a destination or a query: it is text, and not too long."""
    sandbox = simulator()
    odd = {**event(1), "event": junk, "event_id": junk, "properties": {"order_id": junk}, junk: {}}
    send(sandbox, odd, event_source_id=junk, test_event_code=junk)
    text = page(sandbox, f"/?destination={junk}") + page(sandbox)
    assert re.findall(r"<(?:script|img|b)\b|</style></main>|alert\(1\)'", text) == []
    assert all(char.isprintable() or char == "\n" for char in text)
    assert len(text) < 20_000


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, [[[[]]]], {"user": 5, "properties": []}])
def test_what_is_no_event_is_shown_as_such(odd: Any) -> None:
    """The page never fails on what came."""
    sandbox = simulator()
    send(sandbox, odd, event(1))
    assert len(events(sandbox)) == 2
    assert "Test events" in page(sandbox)


def test_a_deep_event_is_shown_in_part() -> None:
    """A body may nest deeper than Python's stack, and may have thousands of fields."""
    deep: Any = 1
    for _ in range(200):
        deep = {"a": deep}
    sandbox = simulator()
    send(sandbox, event(1, properties=deep), event(2, properties={f"k{n}": n for n in range(5000)}))
    assert all(len(one["fields"]) <= 60 for one in events(sandbox))


def test_an_empty_page_says_what_to_do() -> None:
    """Somebody looks before the first event."""
    assert "Nothing has come yet" in page(simulator())
    assert events(simulator()) == []


def test_the_page_needs_no_script_and_nothing_from_elsewhere() -> None:
    """Its policy allows its own style, by digest, and nothing else."""
    reply = get(simulator(), "/")
    headers, text = dict(reply.headers), reply.body.decode()
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = headers["Content-Security-Policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert re.findall(r"<script|javascript:|\son\w+=|\sstyle=|https?://", text) == []


def test_other_machines_see_nothing_unless_they_may() -> None:
    """As with the rest of the control surface; and nobody is counted as a sender."""
    for target in ("/", "/events"):
        assert get(simulator(), target, from_loopback=False).status == 403
        assert get(simulator(open_control=True), target, from_loopback=False).status == 200
    sandbox = simulator()
    get(sandbox, "/")
    assert sandbox.report().requests == 0
