"""Every screen, wide and narrow, light and dark: axe finds nothing in any."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.sync_api import Browser
from redis import Redis

from tests.builders.chromium import Reader
from tests.builders.consoles import OTHER, SHOP, Console, event
from tests.builders.figures import accepted, settled
from tests.builders.letters import letter
from tests.builders.stores import store_of
from tests.e2e.serving.conftest import sign_in
from worker.letters.dead_letters import DeadLetters
from worker.reporting.figures.period import Period
from worker.serving.console.places import PLACES
from worker.serving.tokens import Role

AXE: Final = Path(__file__).parents[2] / "data" / "axe" / "axe.min.js"
SCREENS: Final = (
    *(one.path for one in PLACES if not one.posts and "{" not in one.path),
    *("/find?q=order-3", "/trace?q=order-3", "/trace?q=nothing-of-ours"),
    *(f"/destinations/{SHOP}", f"/destinations/{OTHER}"),
    *("/dead?reason=rejected", "/dead?reason=wrong", "/dead/1-0", "/dead/no-letter"),
    *("/dead/66-0", "/dead/67-0"),
    *("/dead/edit?reason=rejected&set=properties.currency%3DPLN", "/dead/purge?reason=rejected"),
    *("/dead/replay?reason=rejected", "/replays/1", "/replays/1/cancel", "/replays/2", "/acts/1-0"),
    "/figures?by=day&since=7d",
)


@dataclass(frozen=True)
class Told:
    """What an event of a far country, or of a careless program, has in it."""

    name: str
    message: str
    currency: str
    value: float


LONG: Final = (
    Told("אירוע", 'قيمة غير صالحة "شيء" في الحقل', "JPY", 123_456_789_012.0),
    Told("CompletePayment🎉" * 3, "<b>Very</b> many words, " * 12, "EUR", 9_999_999_999.99),
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
    """Two hours of figures, long words, and a replay."""
    for hours in range(2):
        period = Period.at("h", int(time.time()) - 3_600 * hours)
        accepted(redis, 1_234_567, hour=period)
        settled(redis, {"Purchase": {"delivered": 1_234_000, "latency:2": 5}}, hour=period)
    for number, told in enumerate(LONG):
        dead = letter(
            {**event(number, currency=told.currency, value=told.value), "event": told.name},
            destination=f"web:C4DEMO0LONG0000000{number:02}",
            message=told.message,
            path="properties.contents[3].a_path_that_is_longer_than_others",
            request_id="2026" * 8,
            expires_at=time.time() + 3_000,
        )
        DeadLetters(store_of(redis)).bury(dead)
    hands = site.browser(Role.OPERATE)
    hands.press(hands.get("/dead/replay?reason=rejected&rate=1"), "Replay 62 letters")
