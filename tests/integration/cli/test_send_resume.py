"""A file is handed over once, however often its sender is killed and started again."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest
from click.testing import Result
from redis import Redis

from tests.builders.commands import tiktok_events
from tests.builders.environment import environment
from tests.builders.stores import keys
from tests.builders.waiting import ids_waiting

ROOT = Path(__file__).parents[3]
OUTBOX = keys.outbox("web:P")
STATE = keys.state("web:P")


@dataclass
class Sender:
    """The command on one file, and the outbox it fills."""

    redis: Redis
    url: str
    file: Path
    options: tuple[str, ...] = field(default=("--rate", "max"))

    @property
    def settings(self) -> dict[str, str]:
        """What the command is told beside its arguments."""
        return {"REDIS_URL": self.url, "PIXEL_CODE": "P"}

    def run(self, *arguments: str) -> Result:
        """Run `tiktok-events send` here."""
        command = ["send", "--now", str(self.file), *self.options, *arguments]
        return tiktok_events(*command, **self.settings)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Run it as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "worker.cli", "send", "--now", str(self.file), *arguments],
            cwd=ROOT,
            env=environment(self.settings),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def ids(self, destination: str = "web:P") -> list[str]:
        """The ids of the events in the outbox, in order."""
        return ids_waiting(self.redis, destination)


@pytest.fixture
def sender(redis: Redis, redis_url: str, tmp_path: Path) -> Sender:
    """A sender with an empty outbox and no file yet."""
    return Sender(redis, redis_url, tmp_path / "events.ndjson")


def lines(count: int, *, ids: bool = True) -> bytes:
    """Events, one a line; every hundredth line is none."""
    made = []
    for number in range(1, count + 1):
        id_ = f',"event_id":"order-{number}"' if ids else ""
        made.append(f'{{"event":"Lead"{id_}}}\n' if number % 100 else "oops\n")
    return "".join(made).encode()


# --- killed --------------------------------------------------------------------------------


def wait_for_step(sender: Sender, process: subprocess.Popen[bytes], after: int) -> bool:
    """Whether the process takes another step before it ends."""
    while process.poll() is None:
        if int(sender.redis.hget(STATE, "waiting") or 0) > after:
            return True
    return False


def end_somewhere(process: subprocess.Popen[bytes], within_s: float) -> bool:
    """Kill the process after a time, unless it has ended; whether it was killed."""
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait(60) < 0


@pytest.mark.parametrize("ids", [True, False], ids=["with ids", "without ids"])
def test_killed_again_and_again_every_row_arrives_once(
    sender: Sender, tmp_path: Path, *, ids: bool
) -> None:
    """SIGKILL at any moment: every event is there once, in order, every refusal told once."""
    rows, rng = 30_000, random.Random(20)
    sender.file.write_bytes(lines(rows, ids=ids))
    errors = tmp_path / "errors.ndjson"
    arguments = ["--resume", "--rate", "20000", "--errors", str(errors)]
    kills = 0
    while kills < 6:
        process = sender.start(*arguments)
        if not wait_for_step(sender, process, len(sender.ids())):
            break
        kills += end_somewhere(process, rng.uniform(0, 0.15))
    assert sender.start(*arguments).wait(60) == 1
    told = [orjson.loads(line)["line"] for line in errors.read_bytes().splitlines()]
    counts = Counter(sender.ids())
    assert kills > 2
    assert told == list(range(100, rows + 1, 100))
    assert (len(counts), set(counts.values())) == (rows - len(told), {1})
    if ids:
        expected = [f"order-{number}" for number in range(1, rows + 1) if number % 100]
        assert sender.ids() == expected


def test_a_run_that_is_overtaken_stops(sender: Sender) -> None:
    """Two at once on one file: the newer one goes on alone, nothing is there twice."""
    sender.file.write_bytes(lines(30_000))
    older = sender.start("--rate", "2000")
    assert wait_for_step(sender, older, 0)
    result = sender.run("--resume")
    assert (result.exit_code, older.wait(60)) == (1, 1)
    assert set(Counter(sender.ids()).values()) == {1}
    assert len(sender.ids()) == 29_700


# --- going on ------------------------------------------------------------------------------


def cut_short(sender: Sender, at: int) -> None:
    """The file was handed over up to an entry, as if the run had been killed there."""
    sender.run()
    (key,) = sender.redis.keys(keys.sending("*"))
    sender.redis.hset(key, mapping={"done": at, "accepted": at, "refused": 0})
    sender.redis.delete(OUTBOX)


def test_what_is_done_is_not_done_again(sender: Sender) -> None:
    """The counts of both runs are told."""
    sender.file.write_bytes(b"".join(b'{"event":"Lead","event_id":"%d"}\n' % n for n in range(9)))
    cut_short(sender, 6)
    result = sender.run("--resume")
    assert (result.exit_code, sender.ids()) == (0, ["6", "7", "8"])
    assert "Going on: an earlier run handed over 6 events of this file, up to number 6." in (
        result.stderr
    )
    assert "3 events handed over, 0 refused.\nBefore: 6 handed over, 0 refused." in result.stdout


def test_a_file_that_is_done_stays_done(sender: Sender) -> None:
    """Its refusals still count for the exit code, and programs are told both counts."""
    sender.file.write_bytes(lines(200))
    sender.run()
    result = sender.run("--resume", "--json")
    assert (result.exit_code, len(sender.ids())) == (1, 198)
    counts = {"accepted": 0, "refused": 0, "before": {"accepted": 198, "refused": 2}}
    assert orjson.loads(result.stdout) == counts


def test_an_array_goes_on_too(sender: Sender) -> None:
    """By the place of its events."""
    sender.file.write_bytes(orjson.dumps([{"event": "Lead", "event_id": str(n)} for n in range(9)]))
    cut_short(sender, 7)
    sender.run("--resume")
    assert sender.ids() == ["7", "8"]


def test_without_resume_a_file_begins_anew_and_says_so(sender: Sender) -> None:
    """As it always did."""
    sender.file.write_bytes(lines(2))
    assert sender.run().stderr == ""
    assert "An earlier run handed over 2 events of this file" in sender.run().stderr
    assert sender.ids() == ["order-1", "order-2"] * 2


def test_another_order_is_another_work(sender: Sender) -> None:
    """The same file for another pixel, or with another value, is not done yet."""
    sender.file.write_bytes(lines(2))
    sender.run("--resume")
    sender.run("--resume", "--event-source-id", "OTHER")
    sender.run("--resume", "--set", "properties.value=3")
    assert len(sender.ids()) == 4
    assert len(sender.ids("web:OTHER")) == 2


def test_a_changed_file_is_another_file(sender: Sender) -> None:
    """Its name does not count."""
    sender.file.write_bytes(lines(2))
    sender.run("--resume")
    sender.file.write_bytes(lines(3))
    sender.run("--resume")
    assert len(sender.ids()) == 5


def test_events_without_an_id_get_the_same_again(sender: Sender) -> None:
    """From the content and the place, so that a file that is sent twice counts once."""
    sender.file.write_bytes(lines(3, ids=False))
    sender.run()
    sender.run("--event-source-id", "OTHER")
    first = sender.ids()
    assert sender.ids("web:OTHER") == first
    assert len(set(first)) == 3
    sender.file.write_bytes(lines(4, ids=False))
    sender.run()
    assert set(sender.ids()[3:]).isdisjoint(first)


# --- its share -----------------------------------------------------------------------------


def test_without_workers_only_a_little_is_put_ahead_of_live_traffic(sender: Sender) -> None:
    """The rest waits in the file; an interrupt says how to go on."""
    sender.file.write_bytes(lines(30_000))
    process = sender.start()
    assert wait_for_step(sender, process, 4_000)
    before = len(sender.ids())
    process.terminate()
    process.wait(60)
    assert before <= 5_000
    sender.run("--resume")
    assert len(sender.ids()) == 29_700


def test_a_pipe_has_no_place_to_go_on_from(sender: Sender, tmp_path: Path) -> None:
    """A file that can be read once only is handed over like standard input."""
    sender.file = tmp_path / "pipe"
    os.mkfifo(sender.file)
    process = sender.start()
    with sender.file.open("wb") as pipe:
        pipe.write(lines(50))
    assert (process.wait(60), len(sender.ids())) == (0, 50)
    assert sender.redis.keys(keys.sending("*")) == []
