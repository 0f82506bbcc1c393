"""The options of commands have their fields: what else an act can be told."""

from __future__ import annotations

import csv
import io
import time

from redis import Redis

from tests.builders.consoles import SHOP, Console, event, plant
from tests.builders.letters import bury
from tests.builders.stores import store_of
from tests.integration.serving.test_console_acts import newest
from tiktok_events import Client
from worker.attempts.history import History
from worker.letters.dead_letters import DeadLetters
from worker.letters.filter import LetterFilter
from worker.outbox.parking import Parking
from worker.replays.orders import Replays
from worker.reporting.audit import Audit
from worker.serving.tokens import Role


def test_what_might_count_twice_goes_only_if_somebody_says_so(redis: Redis, site: Console) -> None:
    """The preview counts it as skipped, or as one that goes."""
    long_ago = time.time() - 3 * 86_400
    bury(redis, event(1), destination=SHOP, history=History(long_ago).doubted(long_ago))
    browser = site.browser(Role.OPERATE)
    assert "None of them can be sent" in browser.get("/dead/replay?reason=rejected").text

    browser.press(browser.get("/dead/replay?reason=rejected&accept=1"), "Replay 1 letter")

    (replay,) = Replays(store_of(redis))
    assert replay.request.accept_duplicates


def test_a_letter_becomes_another_conversion(redis: Redis, site: Console) -> None:
    """With an id of its own; the audit says so."""
    plant(redis, letters=1)
    (before,) = DeadLetters(store_of(redis)).find(LetterFilter(destination=SHOP))
    browser = site.browser(Role.EDIT)
    preview = browser.get("/dead/edit?reason=rejected&new=1")
    assert "becomes another conversion" in preview.text

    browser.press(preview, "Edit 1 letter, replay later")

    (after,) = DeadLetters(store_of(redis)).find(LetterFilter(destination=SHOP))
    assert after.event_id != before.event_id
    assert after.edits[-1]["former_event_id"] == before.event_id
    assert newest(redis).facts["new_identity"] is True


def test_a_table_has_no_match_key(redis: Redis, site: Console) -> None:
    """As the command writes it, with the decimals that were chosen."""
    plant(redis, letters=2)
    browser = site.browser(Role.EDIT)
    page = browser.get("/dead/export?reason=rejected")

    table = browser.press(page, "Export 2 letters", format="csv", decimal=",").answer

    assert table.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig")), delimiter=";"))
    assert [row["currency"] for row in rows] == ["PLZ", "PLZ"]
    assert "user" not in " ".join(rows[0])
    assert newest(redis).result == "given out as csv"


def test_what_waits_for_a_parked_destination_is_buried(
    redis: Redis, redis_url: str, site: Console
) -> None:
    """If its number is typed; then the destination goes on."""
    with Client(redis_url, event_source_id=SHOP.partition(":")[2]) as client:
        client.track_many([{"event": "Lead", "page": {"url": "https://shop.example/"}}] * 3)
    Parking(store_of(redis)).park(SHOP, "wrong prices", who="somebody")
    browser = site.browser(Role.EDIT)
    page = browser.get(f"/destinations/{SHOP.replace(':', '%3A')}")
    wrong = browser.press(page, "Bury 3 waiting events, and resume", number="4")
    assert "Nothing was done" in wrong.text
    mark = dict(page.form_of("Bury 3 waiting events, and resume").fields)["mark"]
    browser.post(f"/destinations/{SHOP.replace(':', '%3A')}/bury", mark=mark)
    assert list(DeadLetters(store_of(redis)).find(LetterFilter(destination=SHOP))) == []

    browser.press(wrong, "Bury 3 waiting events, and resume", number="3")

    letters = list(DeadLetters(store_of(redis)).find(LetterFilter(destination=SHOP)))
    assert [letter.message for letter in letters] == ["wrong prices"] * 3
    acts = [entry.action for entry in Audit(store_of(redis)).read()]
    assert acts[:2] == ["resume", "bury"]


def test_no_preview_shows_what_a_person_is_known_by(redis: Redis, site: Console) -> None:
    """To take it out is to see it; who wants that asks for it, which the audit notes."""
    plant(redis, letters=1)
    browser = site.browser(Role.EDIT)
    for path in ("user", "user.ip", "user.email", " user.user_agent"):
        page = browser.get(f"/dead/edit?reason=rejected&unset={path}")
        assert page.answer.status_code == 400
        assert "203.0.113.7" not in page.html


def test_odd_bytes_are_refused_with_a_sentence(redis: Redis, site: Console) -> None:
    """A mark, a choice or a path of a letter may be anything."""
    bury(redis, event(1), destination=SHOP, path="properties.contents.\u00b2." + "9" * 5_000)
    browser = site.browser(Role.EDIT)
    assert browser.post("/setup/look", mark="\u00e9").status_code == 403
    (letter,) = DeadLetters(store_of(redis)).find(LetterFilter(destination=SHOP))
    assert browser.get(f"/dead/{letter.id}").answer.status_code == 200
    mark = next(dict(form.fields)["mark"] for form in browser.get("/setup").forms if form.marked)
    assert browser.post("/setup/look", mark=mark, keys="\u65e5").status_code == 200
