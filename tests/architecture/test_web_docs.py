"""What the page on web requests and the Pixel says is true: its code, settings and properties."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tiktok_events.outbox import keys
from tiktok_events.settings import ClientSettings
from tiktok_events.web import WebSettings
from tiktok_events.web.browser_event import PROPERTIES

PAGE = (Path(__file__).parents[2] / "docs/how-to/web.md").read_text()


def test_the_code_runs(redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Block after block, in one name space; one event is enqueued, and the page reports it."""
    monkeypatch.setenv("TIKTOK_EVENTS_REDIS_URL", redis_url)
    space: dict[str, Any] = {"__name__": "page"}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        exec(block, space)  # noqa: S102 — because it is our own page
    assert redis.hget(keys.COUNTERS, "accepted") == b"1"
    assert space["paired"].event["user"]["ttclid"] == "E.C.P.example"
    assert space["paired"].event_id in space["page"]


def test_the_settings_are_all_there() -> None:
    """The table holds every setting that a producer on the web has more, with its default."""
    table = re.findall(r"^\| `([A-Z_]+)` \| (?:`(\S+)`)? ?\|", PAGE, re.MULTILINE)
    ours = {one.name: one.default for one in fields(WebSettings)}
    for one in fields(ClientSettings):
        del ours[one.name]
    expected = [(k.upper(), str(v) if isinstance(v, str) else "") for k, v in ours.items()]
    assert table == expected


def test_the_properties_are_all_there() -> None:
    """The list of what the page is told is the one of the code."""
    listed = PAGE.partition("never a match key:")[2].partition(".")[0]
    assert set(re.findall(r"`(\w+)`", listed)) == set(PROPERTIES)
