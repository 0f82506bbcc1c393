"""Draw the pictures of `docs/console.md`: `make pictures`, with Debian's Chromium.

A server is planted, a console without tokens shows it, and Chromium draws its pages.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser
from redis import Redis

from tests.builders.chromium import Reader, chromium
from tests.builders.consoles import OTHER, SHOP, plant
from tests.builders.figures import accepted, fold_all, settled
from tests.builders.serving import Serving
from worker.local.embedded import EmbeddedServer
from worker.reporting.figures.period import Period

FOLDER: Final = Path(__file__).parent / "pictures"
LETTERS: Final = 2_013
HOURS: Final = 23
PAGES: Final[dict[str, tuple[str, Literal["light", "dark"]]]] = {
    "console-now": ("/", "light"),
    "console-letter": ("/dead/1-0", "light"),
    "console-dead": ("/dead", "light"),
    "console-figures": ("/figures", "light"),
    "console-trace-dark": ("/trace?q=order-3", "dark"),
}


def main() -> None:
    """Draw all of them."""
    FOLDER.mkdir(exist_ok=True)
    with EmbeddedServer() as server, Redis.from_url(server.url, protocol=2) as redis:
        plant(redis, LETTERS, 212)
        _count(redis)
        with Serving(REDIS_URL=server.url) as serving, chromium() as browser:
            for name, (path, scheme) in PAGES.items():
                _draw(browser, serving.url + path, FOLDER / f"{name}.png", scheme)


def _count(redis: Redis) -> None:
    """Figures of a day: more by day than by night."""
    chance = random.Random(18)
    for ago in range(1, HOURS):
        hour = Period.at("h", int(time.time()) - 3_600 * ago)
        events = 9_000 - 600 * abs(ago - 11) + chance.randint(0, 900)
        for destination, share in ((SHOP, 2), (OTHER, 3)):
            part = events // share
            dead, slow = chance.randint(0, 30), chance.choice(("latency:1", "latency:2"))
            counts = {"delivered": part - dead, "dead:rejected": dead, slow: part}
            money = {"value:EUR": part * 42_000}
            accepted(redis, part, to=destination, hour=hour)
            cell = {"Purchase": counts | money, "": {"requests": part // 40}}
            settled(redis, cell, to=destination, hour=hour)
    fold_all(redis)


def _draw(browser: Browser, url: str, file: Path, scheme: Literal["light", "dark"]) -> None:
    reader = Reader(browser, viewport={"width": 1200, "height": 800}, color_scheme=scheme)
    reader.open(url)
    reader.page.screenshot(path=file)
    reader.close()


if __name__ == "__main__":
    main()
