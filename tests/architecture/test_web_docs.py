"""What the page on web requests and the Pixel says is true: its code, its shops, its settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import pytest
from redis import Redis

from tests.builders.stores import keys
from tiktok_events.settings import ClientSettings
from tiktok_events.web import WebSettings

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs/how-to/web.md").read_text()
BLOCK: Final = re.compile(r"(?:^<!-- (\S+) -->\n\n)?^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS: Final = BLOCK.findall(PAGE)
SHOPS: Final = ("django", "flask", "fastapi")


def test_the_code_runs(redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is of no shop, block after block, in one name space: one event is enqueued and told."""
    monkeypatch.setenv("TIKTOK_EVENTS_REDIS_URL", redis_url)
    space: dict[str, Any] = {"__name__": "page"}
    for shop, language, block in BLOCKS:
        if language == "python" and not shop:
            exec(block, space)  # noqa: S102 — because it is our own page
    assert redis.hget(keys.counters, "accepted") == b"1"
    assert space["event"]["user"]["ttclid"] == "E.C.P.example"
    assert '{"event_id": "order-1001"}' in space["page"]


@pytest.mark.parametrize("place", sorted({shop for shop, _, _ in BLOCKS if shop}))
def test_what_is_of_a_shop_stands_there(place: str) -> None:
    """Word for word, so that what a reader copies is what the tests run."""
    file = (ROOT / place).read_text()
    assert [text for shop, _, text in BLOCKS if shop == place and text not in file] == []


@pytest.mark.parametrize("shop", SHOPS)
def test_a_whole_view_of_each_framework_is_there(shop: str) -> None:
    """With its consent, its page and its test."""
    text = "".join(block for place, _, block in BLOCKS if place.startswith(f"examples/{shop}/"))
    words = ("may_advertise", "events.track(", "captured_conversions.assert_one(", "report.pixel")
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize("shop", SHOPS)
def test_the_shops_own_test_passes(shop: str) -> None:
    """Run as the reader runs it, in its folder; it needs no server."""
    environment = {**os.environ, "TIKTOK_EVENTS_PIXEL_CODE": "C0EXAMPLE0PIXEL0CODE"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        ".",
    ]
    ended = subprocess.run(
        command,
        cwd=ROOT / "examples" / shop,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert "2 passed" in ended.stdout


def test_the_settings_are_all_there() -> None:
    """The table holds every setting that a producer on the web has more, with its default."""
    table = re.findall(r"^\| `([A-Z_]+)` \| (?:`(\S+)`)? ?\|", PAGE, re.MULTILINE)
    ours = {one.name: one.default for one in fields(WebSettings)}
    for one in fields(ClientSettings):
        del ours[one.name]
    expected = [(k.upper(), str(v) if isinstance(v, str) else "") for k, v in ours.items()]
    assert table == expected
