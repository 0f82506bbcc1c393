"""What a start loads, and what it leaves until it is needed."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from worker.cli import main
from worker.cli.commands import Commands, Sign

HEAVY = frozenset(
    {"celery", "kombu", "requests", "marshmallow", "phonenumbers", "sentry_sdk", "jsonschema"}
)
NEEDS_REDIS = frozenset({"redis", "asyncio", "sqlite3", "rich", "structlog", "orjson"})


def loaded_by(program: str) -> set[str]:
    """Names of all modules that a fresh process has after this program."""
    told = f"import atexit, sys; atexit.register(lambda: print(*sys.modules)); {program}"
    ended = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, check=True, text=True, timeout=60
    )
    return set(ended.stdout.splitlines()[-1].split())


def signs() -> list[tuple[Commands, Sign]]:
    """Every sign of every group, and the group."""
    dead = main.commands["dead"]
    assert isinstance(dead, Sign)
    groups = (main, dead.load())
    return [
        (group, command)
        for group in groups
        if isinstance(group, Commands)
        for command in group.commands.values()
        if isinstance(command, Sign)
    ]


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_of_the_program_loads_no_command(option: str) -> None:
    """Nor what only commands need: a person waits for it."""
    loaded = loaded_by(f"from worker.cli import main; main([{option!r}])")
    assert loaded & (HEAVY | NEEDS_REDIS) == set()
    assert {name for name in loaded if name.startswith("worker.")} == {
        "worker.cli",
        "worker.cli.main",
        "worker.cli.commands",
    }


@pytest.mark.parametrize("command", ["status", "dead list", "dead stats", "replays list", "audit"])
def test_a_command_that_asks_redis_loads_no_worker(command: str) -> None:
    """Neither Celery, nor what prepares, sends or reports events, nor what logs."""
    words = [*command.split(), "--help"]
    loaded = loaded_by(f"from worker.cli import main; main({words!r})")
    assert loaded & (HEAVY | {"structlog"}) == set()


def test_the_client_loads_neither_worker_nor_validator() -> None:
    """An application pays for what it uses; the metadata of phone numbers is the largest part."""
    program = "import tiktok_events; tiktok_events.Client('redis://127.0.0.1:1/0')"
    loaded = loaded_by(program)
    assert loaded & HEAVY == set()
    assert {name for name in loaded if name.partition(".")[0] in {"worker", "tasks"}} == set()


@pytest.mark.parametrize(
    ("group", "sign"), [pytest.param(*pair, id=pair[1].name) for pair in signs()]
)
def test_a_sign_says_what_its_command_says(group: Commands, sign: Sign) -> None:
    """Name and sentence are those of the command that is loaded in its place."""
    _, command, rest = group.resolve_command(click.Context(group), [str(sign.name), "--json"])
    assert command is not None
    assert not isinstance(command, Sign)
    assert (command.name, command.get_short_help_str(1_000)) == (sign.name, sign.help)
    assert rest == ["--json"]
