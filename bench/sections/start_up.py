"""What it costs to start: CPU of the commands and of the client's import."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from typing import Any

from rich.table import Table

from bench.lab.program import clean_environment, located
from bench.lab.report import table
from bench.lab.rounds import interleaved
from worker.local.embedded import EmbeddedServer

COMMANDS = ("--version", "--help", "status", "dead list", "replays list", "worker --help")
CLIENTS = {
    "python": "pass",
    "import redis": "import redis",
    "import tiktok_events": "import tiktok_events",
    "Client(…)": "import tiktok_events; tiktok_events.Client('redis://127.0.0.1/0')",
}
"""The first two are the floor."""


def cases() -> dict[str, list[str]]:
    """Return what is started, by name."""
    programs = (f"tiktok-events {words}" for words in COMMANDS)
    return {
        **{name: located(name.split()) for name in programs},
        **{name: [sys.executable, "-c", code] for name, code in CLIENTS.items()},
    }


def measure_start_up(rounds: int) -> dict[str, Any]:
    """Return CPU milliseconds by case: the least, and the median of the rounds.

    Everything runs once before, so that bytecode is written and files are in memory.
    """
    commands = cases()
    with EmbeddedServer() as server:
        environment = environment_for(server.url)
        for command in commands.values():
            cpu_s_of(command, environment)
        found = interleaved(
            rounds, tuple(commands), lambda name: cpu_s_of(commands[name], environment) * 1_000
        )
    times = {name: [each[name] for each in found] for name in commands}
    return {name: {"least": min(runs), "median": median(runs)} for name, runs in times.items()}


def environment_for(redis_url: str) -> dict[str, str]:
    """Return one in which Python keeps its bytecode, as an installation does."""
    clean = clean_environment()
    kept = {name: value for name, value in clean.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"TIKTOK_EVENTS_REDIS_URL": redis_url}


def cpu_s_of(command: list[str], environment: Mapping[str, str]) -> float:
    """Run a command to its end, and return the CPU seconds it took.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def table_of(found: dict[str, Any]) -> Table:
    """Return CPU by what was started."""
    rows = [
        (name, f"{times['least']:,.0f}", f"{times['median']:,.0f}") for name, times in found.items()
    ]
    return table("Start-up", ("", "CPU ms, least", "median"), rows)
