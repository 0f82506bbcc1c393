"""The console in a real browser: keys, what is live, charts, and the policy that guards it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Route
from redis import Redis

from tests.builders.chromium import Reader
from tests.builders.consoles import Console, console, plant
from tests.builders.figures import accepted, fold_all, settled
from tests.builders.stores import store_of
from tests.builders.wait import wait_until
from tests.e2e.serving.conftest import sign_in
from worker.replays.orders import Replays
from worker.reporting.figures.period import Period
from worker.serving.console import live

STREAM: Final = "Boolean(document.querySelector('#live')._htmx?.sse?.reader)"
SEEN: Final = """
    Object.defineProperty(document, "hidden", {value: %s, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
"""
LIVE_S: Final = 60_000
"""Milliseconds until something new must stand on a live page."""


def test_a_mistake_is_repaired_from_the_keyboard(reader: Reader, redis: Redis) -> None:
    """`g l` leads to the letters, `e` to the preview of an edit; a button does it."""
    reader.go("g", "l")
    assert reader.page.text_content("h1") == "Dead letters"
    reader.press('Unsupported currency "…"')
    reader.go("e")
    reader.page.fill("main [name=value]", "PLN")
    reader.go("Enter")
    reader.press("Edit and replay 60 letters")
    (asked,) = Replays(store_of(redis))
    assert asked.request.selected == 60
    assert reader.complaints == []


def test_a_live_page_changes_in_place(reader: Reader, redis: Redis) -> None:
    """Where the reader is stays where it was; in a pause nothing moves, and then it goes on."""
    reader.page.focus(".task a")
    plant(redis, letters=7, others=0)
    shown(reader, "67 letters")
    assert reader.ask("document.activeElement.textContent") == "Open 67 letters"
    assert "72" in (reader.page.text_content("#rail") or "")
    reader.page.click("text=Live, pause")
    wait_until(lambda: not reader.ask(STREAM))
    plant(redis, letters=1, others=0)
    reader.page.click("text=Paused, go on")
    shown(reader, "68 letters")
    assert reader.complaints == []


def test_a_script_that_comes_late_is_waited_for(browser: Reader, site: Console) -> None:
    """What is live begins when all of it is there."""

    def later(route: Route) -> None:
        browser.page.wait_for_timeout(500)
        route.continue_()

    browser.page.route("**/hx-sse.min.js", later)
    browser.open(site.url)
    sign_in(browser, site)
    wait_until(lambda: browser.ask(STREAM))
    browser.close()


def test_nothing_is_sent_to_a_tab_that_nobody_sees(reader: Reader, redis: Redis) -> None:
    """Its stream is closed, and begins anew when somebody comes back."""
    shown(reader, "60 letters")
    wait_until(lambda: reader.ask(STREAM))
    reader.ask(SEEN % "true")
    wait_until(lambda: not reader.ask(STREAM))
    plant(redis, letters=4, others=0)
    reader.ask(SEEN % "false")
    shown(reader, "64 letters")


def test_where_no_stream_is_left_the_page_polls(
    redis: Redis, tmp_path: Path, browser: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request at a time, every three seconds."""
    plant(redis, letters=3, others=0)
    monkeypatch.setattr(live, "MOST", 0)
    with console(redis, tmp_path) as site:
        browser.open(site.url)
        asked: list[str] = []
        browser.page.on("request", lambda request: asked.append(request.url))
        sign_in(browser, site)
        plant(redis, letters=2, others=0)
        shown(browser, "5 letters")
        assert sum(url == f"{site.url}/" for url in asked) < 10
        browser.close()


def shown(reader: Reader, text: str) -> None:
    """Wait until a live page says this."""
    reader.page.locator("#live", has_text=text).wait_for(timeout=LIVE_S)


def test_figures_are_drawn_over_their_table(reader: Reader, site: Console, redis: Redis) -> None:
    """Three charts, which the arrow keys go through; the table has the numbers."""
    for hour in range(3):
        period = Period.at("h", int(reader.ask("Date.now() / 1000")) - 3_600 * hour)
        accepted(redis, 100 + hour, hour=period)
        settled(redis, {"Purchase": {"delivered": 90 + hour}}, hour=period)
    fold_all(redis)
    reader.open(f"{site.url}/figures")
    assert reader.page.locator(".chart canvas").count() == 3
    reader.page.focus(".chart")
    reader.page.keyboard.press("ArrowLeft")
    reader.page.keyboard.press("ArrowLeft")
    assert "delivered91" in (reader.page.text_content(".chart .u-legend") or "")
    assert reader.complaints == []


def test_without_scripts_a_figure_is_a_bar_of_its_table(site: Console, program: Browser) -> None:
    """And nothing is missing but what moves."""
    reader = Reader(program, java_script_enabled=False)
    reader.open(site.url)
    sign_in(reader, site)
    reader.open(f"{site.url}/figures")
    assert reader.page.locator(".drawn svg").first.is_visible()
    assert not reader.page.locator(".chart").first.is_visible()
    reader.close()


def test_a_script_that_found_its_way_into_a_page_is_not_run(reader: Reader) -> None:
    """The policy refuses it, and the browser says so."""
    reader.ask(
        "document.body.append(Object.assign("
        "document.createElement('script'), {textContent: 'window.intruder = true'}))"
    )
    assert reader.ask("window.intruder") is None
    (complaint,) = reader.complaints
    assert "Content Security Policy" in complaint
