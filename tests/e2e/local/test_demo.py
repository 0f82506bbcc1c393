"""The demo accounts for every event, needs nothing from its caller, and leaves nothing running."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import pytest
from redis import Redis

from tests.builders.stores import store_of
from tests.builders.wait import wait_until
from worker.local.demo.report import Counters
from worker.local.demo.run import POISONED

COMMAND = [sys.executable, "-m", "worker.cli", "demo"]
NOWHERE = "http://127.0.0.1:1"
HOSTILE = {
    "TIKTOK_EVENTS_API_URL": NOWHERE,
    "TIKTOK_EVENTS_REDIS_URL": "redis://127.0.0.1:1/0",
    "TIKTOK_EVENTS_BROKER_URL": "redis://127.0.0.1:1/0",
    "TIKTOK_EVENTS_ACCESS_TOKEN": "a-real-token",
    "TIKTOK_EVENTS_MAX_EVENT_BYTES": "1024",
    "TIKTOK_EVENTS_BATCH_EVENTS": "not a number",
    "HTTP_PROXY": NOWHERE,
    "http_proxy": NOWHERE,
}
RUN_S = 60
README = (Path(__file__).parents[3] / "README.md").read_text()


@pytest.fixture(scope="module")
def finished() -> subprocess.CompletedProcess[str]:
    """A whole run, in an environment full of other people's settings."""
    return subprocess.run(
        [*COMMAND, "--json", "--events=2000"],
        env=os.environ | HOSTILE,
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )


@pytest.fixture(scope="module")
def figures(finished: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What the run printed."""
    assert finished.returncode == 0, finished.stderr
    document: dict[str, Any] = json.loads(finished.stdout)
    return document


def test_every_event_is_delivered_or_dead(figures: dict[str, Any]) -> None:
    """Four of 2,000 are invalid, three are refused by the API; the others are delivered."""
    assert figures["enqueued"] == 2_000
    assert figures["dead"] == {"invalid": 4, "rejected": 3}
    assert figures["delivered"] == 1_993
    assert figures["problems"] == []


def test_both_sides_count_the_same(figures: dict[str, Any]) -> None:
    """What the worker calls delivered is what the sandbox calls a distinct conversion."""
    assert figures["distinct"] == figures["delivered"]


def test_every_fault_is_met(figures: dict[str, Any]) -> None:
    """The API was disturbed in five ways, and events taken before a reset came a second time."""
    assert len(figures["faults"]) == 5
    assert all(figures["faults"].values())
    assert figures["repeated"] > 0


def test_json_is_one_object(finished: subprocess.CompletedProcess[str]) -> None:
    """Standard output holds one line; the progress is elsewhere."""
    assert len(finished.stdout.splitlines()) == 1
    assert "delivered" in finished.stderr


def test_ctrl_c_ends_everything() -> None:
    """A signal in the middle of the work leaves no process and exits with 1."""
    with _started("--events=200000") as (demo, said):
        _wait_for_line(said, "enqueued")
        children = _descendants(demo.pid)
        demo.send_signal(signal.SIGINT)
        assert demo.wait(15) == 1
        assert len(children) >= 7  # three watchdogs, server, sandbox, worker and its children
        wait_until(lambda: not _living(children), 5.0)


def test_a_killed_demo_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL gives no time to clean up: the watchdogs end every process."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # files stay behind, but not in /tmp
    with _started("--events=200000") as (demo, said):
        _wait_for_line(said, "enqueued")
        children = _descendants(demo.pid)
        demo.kill()
        demo.wait(5)
        wait_until(lambda: not _living(children), 30.0)


def test_a_part_that_ends_fails_the_demo() -> None:
    """Without its sandbox the demo says so, shows its log, and exits with 1."""
    with _started("--events=200000") as (demo, said):
        _wait_for_line(said, "enqueued")
        os.kill(_child(demo.pid, "worker.cli sandbox"), signal.SIGKILL)
        rest = said.read()
        assert demo.wait(15) == 1
    assert "Error: The sandbox ended." in rest
    assert "export TIKTOK_EVENTS_API_URL=" in rest


def test_kept_running_it_works_as_it_says(tmp_path: Path) -> None:
    """What is printed can be pasted, then the README's code reaches the same sandbox."""
    readme = tmp_path / "readme.py"
    readme.write_text("\n".join(re.findall(r"```python\n(.*?)```", README, re.DOTALL)))
    with _started("--events=100", "--keep") as (demo, said):
        _wait_for_line(said, "Paste into another terminal")
        lines = list(iter(lambda: said.readline().rstrip("\n"), "    tiktok-events doctor"))
        commands = [line for line in lines if line.startswith("    ")]
        _paste(*commands, "tiktok-events doctor", f"python {readme}", home=tmp_path)
        url = next(line.partition("=")[2] for line in commands if "REDIS_URL=" in line)
        with Redis.from_url(url, protocol=2) as redis:
            wait_until(lambda: Counters.read(store_of(redis)).delivered == 100 - POISONED + 3)
        demo.send_signal(signal.SIGINT)
        assert demo.wait(15) == 0


def _paste(*lines: str, home: Path) -> None:
    """Run lines in a shell of somebody who has set up nothing."""
    done = subprocess.run(
        ["/bin/bash", "-e"],
        input="\n".join(lines),
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """Start a demo; yield it with its standard error."""
    demo = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert demo.stderr is not None
    with demo.stderr as said:
        try:
            yield demo, said
        finally:
            demo.kill()
            demo.wait()


def _wait_for_line(said: IO[str], part: str) -> str:
    """Read on until a line has a part; pytest's time-out bounds it."""
    for line in said:
        if part in line:
            return line
    raise AssertionError(f"ended without saying {part!r}")


def _descendants(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="],  # noqa: S607 — wherever this system has it
        capture_output=True,
        text=True,
        check=True,
    )
    children: dict[int, list[int]] = {}
    for line in listed.stdout.splitlines():
        child, parent = map(int, line.split())
        children.setdefault(parent, []).append(child)
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found[1:]


def _child(pid: int, part: str) -> int:
    """Return the descendant with this command line that is no watchdog."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "-p", ",".join(map(str, _descendants(pid)))],  # noqa: S607 — as above
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in listed.stdout.splitlines() if part in line]
    return int(next(line for line in lines if "watchdog" not in line).split()[0])


def _living(pids: list[int]) -> list[int]:
    living = []
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, 0)
            living.append(pid)
    return living
