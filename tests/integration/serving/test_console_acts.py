"""What is done in the console: previewed, counted, done once, and in the audit."""

from __future__ import annotations

from redis import Redis

from tests.builders.consoles import OTHER, SHOP, Console, event, plant
from tests.builders.letters import bury
from tests.builders.stores import keys, store_of
from worker.letters.dead_letters import DeadLetters
from worker.letters.filter import LetterFilter
from worker.outbox.parking import Parking
from worker.replays.orders import Replays
from worker.reporting.audit import Audit
from worker.reporting.audit_entry import Entry
from worker.serving.tokens import Role

ALL_REJECTED = "/dead/edit?reason=rejected&set=properties.currency%3DPLN"


def newest(redis: Redis) -> Entry:
    """The newest entry of the audit."""
    return next(Audit(store_of(redis)).read())


def currencies(redis: Redis) -> list[str | None]:
    """Of all letters of the shop."""
    letters = DeadLetters(store_of(redis)).find(LetterFilter(destination=SHOP))
    return [letter.currency for letter in letters]


def test_an_edit_is_previewed_and_then_done_for_all_that_match(redis: Redis, site: Console) -> None:
    """The preview changes nothing and says the number; the audit has the person."""
    plant(redis, letters=5)
    browser = site.browser(Role.EDIT)
    preview = browser.get(ALL_REJECTED)
    assert "✓ valid in all 5" in preview.text
    assert currencies(redis) == ["PLZ"] * 5
    done = browser.press(preview, "Edit 5 letters, replay later")
    assert "5 edited" in done.text
    assert currencies(redis) == ["PLN"] * 5
    entry = newest(redis)
    assert (entry.action, entry.count, entry.who) == ("edit", 5, "edit-person (console)")


def test_a_preview_is_good_for_one_press(redis: Redis, site: Console) -> None:
    """Back, and once more: nothing is done."""
    plant(redis)
    browser = site.browser(Role.EDIT)
    preview = browser.get(ALL_REJECTED)
    browser.press(preview, "Edit 5 letters, replay later")
    again = browser.press(preview, "Edit 5 letters, replay later")
    assert "Nothing was done" in again.text
    assert sum(1 for one in Audit(store_of(redis)).read() if one.action == "edit") == 1


def test_a_preview_is_good_for_its_person_and_its_act(redis: Redis, site: Console) -> None:
    """A token of another's, or of another verb, is none."""
    plant(redis)
    preview = site.browser(Role.ERASE).get(ALL_REJECTED)
    token = dict(preview.form_of("Edit 5 letters, replay later").fields)["preview"]
    browser = site.browser(Role.EDIT)
    for path, page in (
        ("/dead/edit", ALL_REJECTED),
        ("/dead/purge", "/dead/purge?reason=rejected"),
    ):
        mark = next(dict(form.fields)["mark"] for form in browser.get(page).forms if form.marked)
        assert browser.post(path, mark=mark, preview=token).status_code == 409
    assert currencies(redis) == ["PLZ"] * 5


def test_another_number_at_the_press_returns_the_preview(redis: Redis, site: Console) -> None:
    """With both numbers; nothing is done."""
    plant(redis)
    browser = site.browser(Role.EDIT)
    preview = browser.get("/dead/purge?reason=rejected")
    dead = DeadLetters(store_of(redis))
    dead.purge(list(dead.find(LetterFilter(reason="rejected")))[:2])
    again = browser.press(preview, "Purge 5 letters")
    assert "Nothing was done: 5 letters matched when you looked, 3 letters match now" in again.text
    assert len(currencies(redis)) == 3
    assert "3 purged" in browser.press(again, "Purge 3 letters").text


def test_what_dies_meanwhile_is_not_meant(redis: Redis, site: Console) -> None:
    """The act is about the letters that were there when it was previewed."""
    plant(redis, letters=2)
    browser = site.browser(Role.EDIT)
    preview = browser.get("/dead/purge?reason=rejected")
    bury(redis, event(9), destination=SHOP)
    assert "2 purged" in browser.press(preview, "Purge 2 letters").text
    assert len(currencies(redis)) == 1


def test_many_are_purged_only_by_whoever_types_the_number(redis: Redis, site: Console) -> None:
    """Above a thousand."""
    for number in range(1_001):
        bury(redis, event(number), destination=SHOP)
    browser = site.browser(Role.EDIT)
    preview = browser.get("/dead/purge?reason=rejected")
    refused = browser.press(preview, "Purge 1,001 letters", number="1000")
    assert "Type 1,001" in refused.text
    assert len(currencies(redis)) == 1_001
    assert "1,001 purged" in browser.press(refused, "Purge 1,001 letters", number="1,001").text


def test_ticked_ones_and_all_at_once_is_asked_about(redis: Redis, site: Console) -> None:
    """A browser that draws both buttons may send both; nobody guesses."""
    plant(redis)
    browser = site.browser(Role.EDIT)
    asked = browser.get("/dead/purge?reason=rejected&scope=all&id=1-0&id=2-0")
    assert "These 2, or all 5?" in asked.text
    ticked = browser.follow(asked, "The 2 ticked ones")
    assert "Purge 2 letters" in ticked.text
    browser.press(ticked, "Purge 2 letters")
    assert len(currencies(redis)) == 3


def test_ticked_without_a_tick_does_nothing(redis: Redis, site: Console) -> None:
    """It is never all of them."""
    plant(redis)
    browser = site.browser(Role.OPERATE)
    assert "Nothing is ticked" in browser.get("/dead/replay?reason=rejected&scope=ticked").text


def test_an_edit_that_is_refused_begins_no_replay(redis: Redis, site: Console) -> None:
    """The other letters are edited; a person decides."""
    plant(redis, letters=3)
    bury(redis, {**event(7), "event": ""}, destination=SHOP)
    browser = site.browser(Role.EDIT)
    done = browser.press(browser.get(ALL_REJECTED), "Edit and replay 4 letters")
    assert "The replay was not begun" in done.text
    assert "1 refused" in done.text
    assert list(Replays(store_of(redis))) == []


def test_a_replay_is_paused_resumed_and_cancelled(redis: Redis, site: Console) -> None:
    """On its page, which says what is left."""
    plant(redis, letters=4)
    browser = site.browser(Role.OPERATE)
    preview = browser.get("/dead/replay?reason=rejected&rate=20")
    assert "Their cause is still there" in preview.text
    running = browser.press(preview, "Replay 4 letters")
    assert "0 of 4 are back in their outbox" in running.text
    paused = browser.press(running, "Pause")
    assert "Paused" in paused.text
    asked = browser.follow(browser.press(paused, "Go on"), "Cancel the other 4…")
    assert "4 letters would stay dead letters" in asked.text
    assert "Cancelled" in browser.press(asked, "Cancel the other 4").text
    (replay,) = Replays(store_of(redis))
    assert (replay.request.rate, replay.request.asked_by) == (20, "operate-person (console)")


def test_a_destination_is_parked_and_resumed(redis: Redis, site: Console) -> None:
    """With the reason that is shown to the next one."""
    plant(redis)
    browser = site.browser(Role.OPERATE)
    resumed = browser.press(browser.get(f"/destinations/{OTHER}"), "Resume with one probe")
    assert "Resumed" in resumed.text
    assert "let it go on" in resumed.text
    assert Parking(store_of(redis)).parked() == {}
    assert newest(redis).who == "operate-person (console)"


def test_match_keys_are_hidden_until_somebody_asks(redis: Redis, site: Console) -> None:
    """And the audit says who asked."""
    plant(redis)
    browser = site.browser(Role.EDIT)
    hidden = browser.get("/dead/1-0")
    assert "a" * 64 not in hidden.html
    assert "203.0.113.7" not in hidden.html
    shown = browser.press(hidden, "show them")
    assert "a" * 64 in shown.html
    assert (newest(redis).action, newest(redis).what) == ("reveal", "letter 1-0")


def test_an_export_comes_back_after_a_purge(redis: Redis, site: Console) -> None:
    """Each line is a letter; both are in the audit."""
    plant(redis, letters=3, others=0)
    browser = site.browser(Role.EDIT)
    preview = browser.get("/dead/purge?reason=rejected")
    exported = browser.press(preview, "Export them first").answer
    assert len(exported.content.splitlines()) == 3
    assert newest(redis).action == "export"
    browser.press(preview, "Purge 3 letters")
    form = browser.get("/dead/import").form_of("Put the letters back")
    answer = browser.session.post(
        f"{site.url}/dead/import",
        data=dict(form.fields),
        files={"file": ("letters.ndjson", exported.content)},
        timeout=10,
    )
    assert "3 put back" in " ".join(answer.text.split()).replace("<b>", "")
    assert len(currencies(redis)) == 3


def test_a_file_of_something_else_changes_nothing(redis: Redis, site: Console) -> None:
    """Its lines are named, not quoted."""
    browser = site.browser(Role.EDIT)
    form = browser.get("/dead/import").form_of("Put the letters back")
    answer = browser.session.post(
        f"{site.url}/dead/import",
        data=dict(form.fields),
        files={"file": ("x.ndjson", b'{"event": "secret"}\n\xff\n')},
        timeout=10,
    )
    assert answer.status_code == 400
    assert "Nothing was put back" in answer.text
    assert "secret" not in answer.text
    assert len(DeadLetters(store_of(redis))) == 0


def test_a_match_key_is_not_set_in_an_address(redis: Redis, site: Console) -> None:
    """Addresses stand in histories and logs."""
    plant(redis)
    answer = site.browser(Role.EDIT).get(
        "/dead/edit?reason=rejected&path=user.email&value=jo%40x.io"
    )
    assert answer.status == 400
    assert "jo@x.io" not in answer.text


def test_junk_in_redis_is_shown_as_what_it_is(redis: Redis, site: Console) -> None:
    """Whoever can write there can write anything; no page fails for it."""
    plant(redis, letters=1)
    redis.hset(keys.dead, "7-0", "no letter")
    redis.zadd(keys.replays, {"3": 1.0})
    redis.hset(keys.replay(3), "state", "what?")
    redis.hset(keys.parked, "nowhere", "x")
    browser = site.browser(Role.ERASE)
    for path in ("/", "/destinations", "/dead", "/dead/7-0", "/replays", "/replays/3", "/audit"):
        assert browser.get(path).status == 200, path
