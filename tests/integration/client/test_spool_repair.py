"""A damaged spool gives up what is whole of it, and keeps the rest beside."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import Result

from tests.builders.commands import tiktok_events
from tiktok_events import Client
from tiktok_events.spool.spool import Spool
from worker.local.loopback import free_port

EVENTS = 400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A spool with a block for each of many events, in many pages."""
    place = tmp_path / "spool.sqlite"
    url = f"redis://127.0.0.1:{free_port()}/0"
    with Client(url, on_failure="spool", spool_file=place) as client:
        for number in range(EVENTS):
            client.track({"event": "Lead", "event_source_id": "C0PIXEL", "event_id": str(number)})
    return place


def run(path: Path, *arguments: str) -> Result:
    """Run `tiktok-events spool`."""
    return tiktok_events("spool", *arguments, SPOOL_FILE=str(path), REDIS_URL=None)


def repaired(path: Path) -> dict[str, Any]:
    """What the repair says."""
    result = run(path, "repair", "--json")
    assert result.exit_code == 0, result.output
    said: dict[str, Any] = orjson.loads(result.stdout)
    return said


def events_in(path: Path) -> int:
    """How many events a spool holds."""
    spool = Spool(path, 67_108_864, 5.0)
    held = sum(one.events for one in spool.contents())
    spool.close()
    return held


def spoil(path: Path, page: int) -> None:
    """A disk has lost a page of 4,096 bytes."""
    with path.open("r+b") as file:
        file.seek(page * 4_096)
        file.write(b"\xff" * 4_096)


def test_a_spool_that_is_whole_is_left_alone(path: Path) -> None:
    """Also beside others that use it."""
    assert repaired(path)["aside"] is None
    assert "nothing was changed" in run(path, "repair").stdout
    assert (events_in(path), list(path.parent.glob("*damaged*"))) == (EVENTS, [])


def test_a_lost_page_takes_its_own_blocks_only(path: Path) -> None:
    """All others are kept; every block is told of, and the old file stays."""
    before = path.stat().st_size
    spoil(path, 12)
    assert run(path, "flush").exit_code == 1
    said = repaired(path)
    assert 0 < said["unreadable"] < EVENTS / 4
    assert said["events"] == said["blocks"] == EVENTS - said["unreadable"] == events_in(path)
    aside = Path(str(said["aside"]))
    assert (aside.parent, aside.stat().st_size) == (path.parent, before)
    assert repaired(path)["aside"] is None


def test_blocks_that_are_not_whole_are_counted(path: Path) -> None:
    """Cut in the middle, of another number, of no destination."""
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE spooled SET payload = substr(payload, 1, 40) WHERE id = 7")
        connection.execute("UPDATE spooled SET events = 2 WHERE id = 8")
        connection.execute("UPDATE spooled SET destination = 'nowhere' WHERE id = 9")
    connection.close()
    said = repaired(path)
    assert (said["broken"], said["unreadable"], said["events"]) == (3, 0, EVENTS - 3)
    assert events_in(path) == EVENTS - 3


def test_a_file_that_is_none_is_set_aside(path: Path) -> None:
    """Producers have a place again."""
    path.write_bytes(b"\x00garbage" * 1_000)
    said = repaired(path)
    assert (said["events"], said["unreadable"]) == (0, None)
    assert events_in(path) == 0
    assert Path(str(said["aside"])).read_bytes().startswith(b"\x00garbage")


def test_what_was_set_aside_can_be_repaired_again(path: Path) -> None:
    """A run that was killed loses nothing."""
    spoil(path, 12)
    said = repaired(path)
    again = repaired(Path(str(said["aside"])))
    assert again["events"] == said["events"]
