"""Every screen, wide and narrow, light and dark: axe finds nothing in any."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.sync_api import Browser
from redis import Redis

from tests.builders.chromium import Reader
from tests.builders.consoles import OTHER, SHOP, Console
from tests.builders.figures import accepted, settled
from tests.e2e.serving.conftest import sign_in
from worker.reporting.figures.period import Period
from worker.serving.console.places import PLACES
from worker.serving.tokens import Role

AXE: Final = Path(__file__).parents[2] / "data" / "axe" / "axe.min.js"
SCREENS: Final = (
    *(one.path for one in PLACES if not one.posts and "{" not in one.path),
    *("/find?q=order-3", "/trace?q=order-3", "/trace?q=nothing-of-ours"),
    *(f"/destinations/{SHOP}", f"/destinations/{OTHER}"),
    *("/dead?reason=rejected", "/dead?reason=wrong", "/dead/1-0", "/dead/no-letter"),
    *("/dead/edit?reason=rejected&set=properties.currency%3DPLN", "/dead/purge?reason=rejected"),
    *("/dead/replay?reason=rejected", "/replays/1", "/replays/1/cancel", "/replays/2", "/acts/1-0"),
    "/figures?by=day&since=7d",
)
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
RULES: Final = "axe.run(document, {resultTypes: ['violations']})"


@pytest.mark.parametrize("width", [1440, 360])
def test_no_screen_has_a_finding(redis: Redis, site: Console, program: Browser, width: int) -> None:
    """Nor scrolls sideways, nor asks for what its own policy refuses."""
    fill(redis, site)
    reader = Reader(program, viewport={"width": width, "height": 900})
    reader.page.context.add_init_script(path=AXE)
    reader.open(site.url)
    found = {"/signin": findings(reader, width)}
    sign_in(reader, site)
    for path in SCREENS:
        reader.open(site.url + path)
        found[path] = findings(reader, width)
    reader.close()
    assert {path: said for path, said in found.items() if said} == {}
    assert [said for said in reader.complaints if "the server responded" not in said] == []


def findings(reader: Reader, width: int) -> list[str]:
    """What axe has against a page, light and dark, and how wide it is if that is too wide."""
    told = []
    for scheme in SCHEMES:
        reader.page.emulate_media(color_scheme=scheme)
        violations = reader.ask(RULES)["violations"]
        told += [f"{one['id']}, {scheme}: {one['nodes'][0]['html'][:120]}" for one in violations]
    wide = reader.ask("document.documentElement.scrollWidth")
    return [*told, f"{wide} wide"] if wide > width else told


def fill(redis: Redis, site: Console) -> None:
    """Two hours of figures, and a replay."""
    for hours in range(2):
        period = Period.at("h", int(time.time()) - 3_600 * hours)
        accepted(redis, 1_234_567, hour=period)
        settled(redis, {"Purchase": {"delivered": 1_234_000, "latency:2": 5}}, hour=period)
    hands = site.browser(Role.OPERATE)
    hands.press(hands.get("/dead/replay?reason=rejected&rate=1"), "Replay 60 letters")
