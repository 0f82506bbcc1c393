"""The page on backups, followed: its commands on a running server, then a restore."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, Final

from redis import Redis

from tests.builders.stores import store_of
from tiktok_events import Client
from worker.local.embedded import EmbeddedServer
from worker.operations.status import read_figures

PAGE: Final = (Path(__file__).parents[3] / "docs/operate/backup.md").read_text()


def follow(redis: Any, directory: Path, backup: Path) -> None:
    """Type the commands of the page."""
    (block,) = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines():
        program, *arguments = line.partition("#")[0].split()
        if program == "cp":
            shutil.copytree(directory / Path(arguments[1]).name, backup / Path(arguments[2]).name)
        else:
            redis.execute_command(*arguments)


def track(url: str, count: int) -> None:
    """Enqueue events."""
    with Client(url, event_source_id="C0PIXEL") as client:
        client.track_many([{"event": "Lead"}] * count)


def test_what_was_accepted_before_a_backup_is_there_after_a_restore(tmp_path: Path) -> None:
    """What came after it is not; the figures close."""
    source, restored = tmp_path / "source", tmp_path / "restored"
    source.mkdir()
    restored.mkdir()
    with EmbeddedServer(source) as server, Redis.from_url(server.url) as redis:
        track(server.url, 3)
        follow(redis, source, restored)
        track(server.url, 2)
        assert redis.config_get("auto-aof-rewrite-percentage") == {
            "auto-aof-rewrite-percentage": "100"
        }
    with EmbeddedServer(restored) as server, Redis.from_url(server.url) as redis:
        figures = read_figures(store_of(redis))
        assert (figures.count("accepted"), figures.waiting, figures.unaccounted) == (3, 3, 0)
