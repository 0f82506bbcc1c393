"""What operators come for, in a browser and with workers: as few clicks as were promised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from redis import Redis

from tests.builders.chromium import Reader
from tests.builders.consoles import OTHER, SHOP, Console
from tests.builders.stores import store_of
from tests.builders.wait import wait_until
from tests.builders.workers import Worker
from tiktok_events import Client
from tiktok_events_sandbox import Sandbox
from worker.letters.dead_letters import DeadLetters
from worker.outbox.parking import Parking

SEEN_S: Final = 60_000
"""Milliseconds until a live page shows what workers have done."""


def seen(reader: Reader, text: str) -> None:
    """Wait until the page says this."""
    reader.page.locator("main", has_text=text).first.wait_for(timeout=SEEN_S)


def test_a_currency_mistake_is_found_repaired_replayed_and_seen_delivered(
    reader: Reader, redis: Redis, start_worker: Callable[..., Worker]
) -> None:
    """Four clicks and a value; the replay's page shows by itself that they have arrived."""
    with Sandbox() as sandbox:
        start_worker(API_URL=sandbox.url)
        reader.press("Open 60 letters")
        reader.press("Edit 60…")
        reader.page.fill("main [name=value]", "PLN")
        reader.press("Show what changes")
        reader.press("Edit and replay 60 letters")
        seen(reader, "60 of 60 that went back are delivered")
        assert sandbox.report().distinct == 60
        assert "running" not in (reader.page.text_content("#rail") or "")
    assert reader.clicks == 4
    assert len(DeadLetters(store_of(redis))) == 5


def test_a_revoked_token_is_noticed_and_resumed(reader: Reader, redis: Redis) -> None:
    """Two clicks, when the new token stands in the file."""
    reader.press("See how to resume")
    seen(reader, "Access token is incorrect or has been revoked")
    reader.press("Resume with one probe")
    assert OTHER not in Parking(store_of(redis)).parked()
    assert reader.clicks == 2


def test_what_became_of_an_order(reader: Reader) -> None:
    """No click: the field is reached by a key, and a word is typed."""
    reader.go("/", *"order-3", "Enter")
    seen(reader, 'Unsupported currency "PLZ"')
    assert reader.clicks == 0


def test_a_person_is_erased(reader: Reader, redis_url: str) -> None:
    """Three clicks, and a value typed."""
    with Client(redis_url, event_source_id=SHOP.removeprefix("web:")) as client:
        client.track({"event": "Lead", "user": {"email": "jo@example.com"}})
    reader.click("#rail >> text=Privacy")
    reader.page.fill("[name=email]", "jo@example.com")
    reader.press("Count what is here")
    reader.press("Erase 1 event of this person")
    seen(reader, "1 erased")
    assert reader.clicks == 3


def test_a_newcomer_learns_what_parked_means(reader: Reader) -> None:
    """One click."""
    reader.click("#rail >> text=Destinations")
    seen(reader, "A parked destination gets nothing; its events wait in order")
    assert reader.clicks == 1


def test_a_test_event_is_followed_to_its_answer(
    reader: Reader, site: Console, start_worker: Callable[..., Worker]
) -> None:
    """Accepted, sent, answered, on a page that nobody loads again."""
    with Sandbox(keep_events=1) as sandbox:
        start_worker(API_URL=sandbox.url)
        reader.open(f"{site.url}/setup")
        reader.page.fill("[name=pixel]", "C0EXAMPLE0PIXEL0CODE")
        reader.page.fill("[name=code]", "TEST12345")
        reader.press("Send, and follow it")
        seen(reader, "Request id")
        (event,) = sandbox.events()
        assert event.test_event_code == "TEST12345"


def test_a_worker_that_is_killed_in_a_replay_leaves_nothing_half_done(
    reader: Reader, site: Console, start_worker: Callable[..., Worker]
) -> None:
    """The page says how far it is; another worker brings it to its end, each letter once."""
    with Sandbox() as sandbox:
        settings = {"API_URL": sandbox.url, "REQUEST_TIMEOUT_S": "0.9", "LEASE_S": "6"}
        worker = start_worker(**settings)
        reader.open(f"{site.url}/dead/edit?reason=rejected&set=properties.currency%3DPLN")
        reader.press("Edit 60 letters, replay later")
        reader.open(f"{site.url}/dead/replay?reason=rejected&rate=10")
        reader.press("Replay 60 letters")
        wait_until(lambda: sandbox.report().distinct > 0)
        worker.kill()
        start_worker(**settings)
        seen(reader, "60 of 60 that went back are delivered")
        assert sandbox.report().distinct == 60
