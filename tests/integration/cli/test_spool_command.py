"""`tiktok-events spool` shows what producers of this machine kept, and moves it on."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from click.testing import Result
from redis import Redis

from tests.builders.commands import tiktok_events
from tests.builders.stores import keys
from tiktok_events import Client
from tiktok_events.errors import InvalidSetting
from tiktok_events.settings import ClientSettings
from tiktok_events.spool.spool import Spool
from worker.local.loopback import free_port


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the spool is."""
    return tmp_path / "spool.sqlite"


def run(path: Path, *arguments: str, redis_url: str = "") -> Result:
    """Run `tiktok-events spool` with the settings of a producer."""
    url = redis_url or f"redis://127.0.0.1:{free_port()}/0"
    return tiktok_events("spool", *arguments, REDIS_URL=url, SPOOL_FILE=str(path))


def leave(path: Path, *source_ids: str, count: int = 250) -> None:
    """Be a producer that spooled and ended."""
    with Client(
        f"redis://127.0.0.1:{free_port()}/0", on_failure="spool", spool_file=path
    ) as client:
        for source_id in source_ids:
            client.track_many([{"event": "Lead", "event_source_id": source_id}] * count)


@pytest.mark.parametrize("command", ["status", "flush"])
def test_where_no_spool_is_nothing_waits(path: Path, command: str) -> None:
    """And none is made."""
    result = run(path, command)
    expected = {"status": "Nothing is spooled.", "flush": "0 events moved into the outbox."}
    assert (result.exit_code, result.stdout.strip()) == (0, expected[command])
    assert not path.exists()


def test_the_status_tells_what_waits_for_whom(path: Path) -> None:
    """By destination, in the order of spooling, on a hundred columns."""
    leave(path, "C0PIXEL", "C0OTHER")
    output = run(path, "status").stdout
    lines = output.splitlines()
    assert [line.split()[:2] for line in lines[1:3]] == [
        ["web:C0PIXEL", "250"],
        ["web:C0OTHER", "250"],
    ]
    assert "500 events in" in output
    assert max(map(len, lines)) <= 100


def test_the_status_for_programs_is_one_object_per_line(path: Path) -> None:
    """With numbers in bytes and Unix seconds."""
    leave(path, "C0PIXEL", "C0OTHER")
    found = [orjson.loads(line) for line in run(path, "status", "--json").stdout.splitlines()]
    assert [(one["destination"], one["events"]) for one in found] == [
        ("web:C0PIXEL", 250),
        ("web:C0OTHER", 250),
    ]
    assert all(set(one) == {"destination", "events", "size_bytes", "oldest_at"} for one in found)


def test_a_flush_moves_everything(redis: Redis, redis_url: str, path: Path) -> None:
    """However much it is; a second one finds nothing."""
    leave(path, "C0PIXEL", count=5000)
    first = run(path, "flush", redis_url=redis_url)
    second = run(path, "flush", "--json", redis_url=redis_url)
    assert first.stdout == "5,000 events moved into the outbox.\n"
    assert orjson.loads(second.stdout) == {"flushed": 0, "waiting": 0}
    assert redis.hget(keys.counters, "accepted") == b"5000"


def test_a_file_may_be_named(redis: Redis, redis_url: str, path: Path, tmp_path: Path) -> None:
    """One that another machine has left."""
    leave(path, "C0PIXEL")
    elsewhere = tmp_path / "other.sqlite"
    result = run(elsewhere, "flush", "--file", str(path), redis_url=redis_url)
    assert (result.exit_code, redis.hget(keys.counters, "accepted")) == (0, b"250")


def test_a_flush_without_redis_fails_and_keeps_all(path: Path) -> None:
    """With one sentence."""
    leave(path, "C0PIXEL")
    result = run(path, "flush")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "250" in run(path, "status").stdout


def test_a_flush_beside_another_one_says_so(path: Path, redis: Redis, redis_url: str) -> None:
    """Nothing is moved twice, and nobody believes that nothing waits."""
    leave(path, "C0PIXEL")
    other = Spool.of(ClientSettings(spool_file=path))
    other.take(1)
    other.close()
    result = run(path, "flush", redis_url=redis_url)
    assert result.exit_code == 1
    assert "250 events still in the spool: another process is flushing" in result.stderr
    assert redis.dbsize() == 0


def test_without_a_file_it_is_wrong_usage() -> None:
    """Neither the settings nor the command line names one."""
    result = tiktok_events("spool", "status", SPOOL_FILE="")
    assert (result.exit_code, "give --file" in result.stderr) == (2, True)


def test_a_file_that_is_no_spool_fails_with_one_sentence(path: Path) -> None:
    """It is left as it was."""
    path.write_bytes(b"something else " * 100)
    result = run(path, "status")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert path.read_bytes() == b"something else " * 100


@pytest.mark.parametrize("command", ["status", "flush"])
def test_a_spool_that_others_may_write_is_refused(path: Path, command: str) -> None:
    """What they put there would be sent as ours."""
    leave(path, "C0PIXEL", count=1)
    path.chmod(0o660)
    result = run(path, command)
    assert (result.exit_code, "chmod go-w" in result.stderr) == (1, True)


def test_a_producer_does_not_spool_where_others_may_write(path: Path) -> None:
    """It is told at the start."""
    leave(path, "C0PIXEL", count=1)
    path.chmod(0o666)
    with pytest.raises(InvalidSetting, match=r"\(mode 0666\): chmod go-w"):
        Client(on_failure="spool", spool_file=path)
