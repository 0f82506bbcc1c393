"""Every kind of client records instead of sending; no server runs here."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tiktok_events import AsyncClient, Client
from tiktok_events.testing import capture_conversions

NOWHERE = "redis://127.0.0.1:1/0"


def test_an_async_client_is_captured_too() -> None:
    """Its calls are awaited as for real, and recorded beside those of others."""

    async def track() -> None:
        async with AsyncClient(NOWHERE, event_source_id="C0PIXEL") as client:
            await client.track({"event": "Lead"})
            await client.track_many([{"event": "Contact"}])

    with capture_conversions() as captured, Client(NOWHERE, event_source_id="C0PIXEL") as client:
        client.track({"event": "Search"})
        asyncio.run(track())
    assert [one["event"] for one in captured] == ["Search", "Lead", "Contact"]


def test_a_captured_client_makes_no_spool(tmp_path: Path) -> None:
    """Whatever the settings of the application say: nothing can fail that would be spooled."""
    file = tmp_path / "spool"
    with (
        capture_conversions() as captured,
        Client(NOWHERE, event_source_id="C0P", on_failure="spool", spool_file=file) as client,
    ):
        client.track({"event": "Search"})
    assert (len(captured), file.exists()) == (1, False)


def test_a_cancelled_event_is_forgotten() -> None:
    """What has a delay is recorded at once; its time never comes, so it can be cancelled."""
    with capture_conversions() as captured, Client(NOWHERE, event_source_id="C0PIXEL") as client:
        client.track({"event": "StartTrial", "event_id": "1"}, delay=60)
        client.track({"event": "StartTrial", "event_id": "1", "properties": {"value": 2}}, delay=60)
        client.track({"event": "Lead", "event_id": "1"})
        values = [one.get("properties") for one in captured]
        answers = [client.cancel("1"), client.cancel("1")]
    assert values == [{"value": 2}, None]
    assert (answers, [one["event"] for one in captured]) == ([True, False], ["Lead"])


def test_an_async_client_cancels_too() -> None:
    """Its answer is that of the others."""

    async def answers() -> list[bool]:
        async with AsyncClient(NOWHERE, event_source_id="C0PIXEL") as client:
            await client.track({"event": "StartTrial", "event_id": "1"}, delay=60)
            return [await client.cancel("1"), await client.cancel("1")]

    with capture_conversions() as captured:
        assert asyncio.run(answers()) == [True, False]
    assert len(captured) == 0
