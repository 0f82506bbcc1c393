"""What operators come for, by as few clicks as were promised, without scripts."""

from __future__ import annotations

from redis import Redis

from tests.builders.consoles import OTHER, SHOP, Console, event, plant
from tests.builders.letters import letter
from tests.builders.stores import store_of
from tiktok_events import Client
from worker.letters.dead_letters import DeadLetters
from worker.outbox.parking import Parking
from worker.replays.orders import Replays
from worker.serving.tokens import Role


def test_a_currency_mistake_is_repaired_in_four_clicks(redis: Redis, site: Console) -> None:
    """From Now: open, edit, type the value, edit and replay; others stay as they are."""
    plant(redis, letters=200, others=20)
    browser = site.browser(Role.EDIT)
    letters = browser.follow(browser.get("/"), "Open 200 letters")
    assert "200 dead letters" in letters.text
    form = browser.press(letters, "Edit 200…")
    assert "PLZ" in form.text
    preview = browser.press(form, "Show what changes", value="PLN")
    assert "valid in all 200" in preview.text
    replay = browser.press(preview, "Edit and replay 200 letters")
    assert "The letters are edited" in replay.text
    (asked,) = Replays(store_of(redis))
    assert asked.request.selected == 200


def test_a_revoked_token_is_seen_and_resumed_in_two_clicks(redis: Redis, site: Console) -> None:
    """From Now: why and how, then the probe."""
    plant(redis)
    browser = site.browser(Role.OPERATE)
    why = browser.follow(browser.get("/"), "See how to resume")
    assert "Access token is incorrect or has been revoked" in why.text
    browser.press(why, "Resume with one probe")
    assert OTHER not in Parking(store_of(redis)).parked()


def test_what_became_of_an_order_is_one_word(redis: Redis, site: Console) -> None:
    """Typed into the field that every page has."""
    plant(redis)
    answer = site.browser(Role.VIEW).get("/find?q=order-3")
    assert "1 event, dead" in answer.text
    assert 'Unsupported currency "PLZ"' in answer.text


def test_a_person_is_erased_in_three_clicks(redis: Redis, redis_url: str, site: Console) -> None:
    """Counted first; the value is in no address and not in the audit."""
    with Client(redis_url, event_source_id="C4DEMO00SHOP00PL0003") as client:
        client.track({"event": "Lead", "user": {"email": "jo@example.com"}})
        client.track({"event": "Lead", "user": {"email": "bo@example.com"}})
    browser = site.browser(Role.ERASE)
    asked = browser.follow(browser.get("/"), "Privacy")
    counted = browser.press(asked, "Count what is here", email="jo@example.com")
    assert "1 event of this person is here" in counted.text
    assert "jo@example.com" not in counted.html + counted.path
    done = browser.press(counted, "Erase 1 event of this person")
    assert "1 erased" in done.text
    assert "jo@example.com" not in browser.get("/audit").text
    assert (
        "0 events of this person"
        in browser.press(asked, "Count what is here", email="jo@example.com").text
    )


def test_a_newcomer_learns_what_parked_means_in_one_click(redis: Redis, site: Console) -> None:
    """The second sentence of Destinations."""
    plant(redis)
    browser = site.browser(Role.VIEW)
    page = browser.get(next(url for _, url in browser.get("/").links if url == "/destinations"))
    assert "A parked destination gets nothing; its events wait in order" in page.text


def test_pages_skip_no_letter_though_all_have_one_deadline(redis: Redis, site: Console) -> None:
    """The cursor knows the id, too."""
    dead = DeadLetters(store_of(redis))
    plant(redis, letters=0, others=0)
    for number in range(120):
        dead.bury(letter(event(number), destination=SHOP, expires_at=4_000_000_000.0))
    browser = site.browser(Role.VIEW)
    page, seen = browser.get("/dead?reason=rejected"), list[str]()
    while True:
        seen += [url for _, url in page.links if url.startswith("/dead/") and url[6].isdigit()]
        if not any(text == "Next 50" for text, _ in page.links):
            break
        page = browser.follow(page, "Next 50")
    assert len(set(seen)) == len(seen) == 120
