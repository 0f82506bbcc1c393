"""Our commands, as an operator types them, in this process."""

from __future__ import annotations

from typing import Any

import orjson
from click.testing import CliRunner, Result

from worker.cli.main import main


def tiktok_events(
    *arguments: str, given: str | bytes | None = None, **settings: str | None
) -> Result:
    """Run `tiktok-events …`.

    Args:
        arguments: the command, and what follows it.
        given: its standard input.
        settings: by the name without its prefix; `None` leaves one unset.
    """
    runner = CliRunner(env={f"TIKTOK_EVENTS_{name}": value for name, value in settings.items()})
    return runner.invoke(main, arguments, input=given)


def objects(result: Result) -> list[dict[str, Any]]:
    """What a command printed with --json: one object a line."""
    return [orjson.loads(line) for line in result.stdout.splitlines()]
