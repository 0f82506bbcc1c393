"""The console in a real browser: scripts, keys, narrow windows, and the policy that guards it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.builders.chromium import Browser
from tests.builders.consoles import SHOP, Console, console, plant
from tests.builders.stores import store_of
from worker.replays.orders import Replays
from worker.serving.console.places import PLACES
from worker.serving.tokens import Role

SCREENS = [one.path for one in PLACES if not one.posts and "{" not in one.path]
SCREENS += ["/find?q=order-3", "/trace?q=order-3", f"/destinations/{SHOP}", "/dead?reason=rejected"]


@pytest.fixture
def site(redis: Redis, tmp_path: Path) -> Iterator[Console]:
    """A console with dead letters, and a destination that is parked."""
    plant(redis, letters=60, others=5)
    with console(redis, tmp_path) as found:
        yield found


@pytest.fixture
def reader(browser: Browser, site: Console) -> Browser:
    """Somebody who has signed in by the keyboard."""
    browser.open(site.url)
    browser.ask("document.querySelector('#token').focus()")
    browser.go(site.tokens[Role.ERASE] + "\r")
    return browser


def test_a_mistake_is_repaired_from_the_keyboard(reader: Browser, redis: Redis) -> None:
    """`g l` leads to the letters, `e` to the preview of an edit; a button does it."""
    reader.go("gl")
    assert reader.ask("document.querySelector('h1').textContent") == "Dead letters"
    reader.press('Unsupported currency "…"')
    reader.go("e")
    reader.ask("document.querySelector('main [name=value]').focus()")
    reader.go("PLN\r")
    reader.press("Edit and replay 60 letters")
    (asked,) = Replays(store_of(redis))
    assert asked.request.selected == 60
    assert reader.complaints == []


@pytest.mark.parametrize("width", [360, 1440])
def test_no_screen_scrolls_sideways(reader: Browser, site: Console, width: int) -> None:
    """Nor asks for what its own policy refuses."""
    reader.resize(width)
    wide = {}
    for path in SCREENS:
        reader.open(site.url + path)
        wide[path] = reader.ask("document.documentElement.scrollWidth")
    assert {path: found for path, found in wide.items() if found > width} == {}
    assert reader.complaints == []


def test_a_script_that_found_its_way_into_a_page_is_not_run(reader: Browser) -> None:
    """The policy refuses it, and the browser says so."""
    reader.ask(
        "document.body.append(Object.assign("
        "document.createElement('script'), {textContent: 'window.intruder = true'}))"
    )
    assert reader.ask("window.intruder") is None
    (complaint,) = reader.complaints
    assert "Content Security Policy" in complaint
