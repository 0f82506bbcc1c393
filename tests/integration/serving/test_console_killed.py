"""The console is killed in the middle of an act: nothing is half done, and the audit says so."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import requests
from redis import Redis

from tests.builders.consoles import Browser, plant
from tests.builders.serving import Serving
from tests.builders.stores import store_of
from tests.builders.wait import wait_until
from worker.letters.dead_letters import DeadLetters
from worker.reporting.audit import Audit
from worker.serving.tokens import Role, make_token

LETTERS = 3_000


def test_a_killed_console_leaves_every_letter_whole(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    """Each is edited or as it was, and the entry has counted those that are."""
    plant(redis, letters=LETTERS, others=0)
    token = make_token(tmp_path / "tokens", "anna", Role.EDIT)
    with Serving(REDIS_URL=redis_url, SERVE_TOKENS_FILE=str(tmp_path / "tokens")) as serving:
        browser = Browser(serving.url)
        browser.post("/signin", token=token, next="/")
        preview = browser.get("/dead/edit?reason=rejected&set=properties.currency%3DPLN")

        def press() -> None:
            with suppress(requests.RequestException):
                browser.press(preview, f"Edit {LETTERS:,} letters, replay later")

        pressing = threading.Thread(target=press)
        pressing.start()
        wait_until(lambda: edits(redis) > 0)
        serving._process.kill()
        pressing.join()
    browser.session.close()
    currencies = [letter.currency for letter in DeadLetters(store_of(redis))]
    assert len(currencies) == LETTERS
    assert set(currencies) <= {"PLN", "PLZ"}
    assert edits(redis) == currencies.count("PLN")


def edits(redis: Redis) -> int:
    """What the audit has counted so far."""
    counts = (entry.count or 0 for entry in Audit(store_of(redis)).read(action="edit"))
    return next(counts, 0)
