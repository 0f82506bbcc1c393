"""The group of all commands, and how an error ends one."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import version
from typing import Any, Final

import click
from redis.exceptions import RedisError

from tiktok_events.errors import TikTokEventsError

FAILED: Final = 1

HELP: Final = """Deliver conversions to TikTok's Events API.

\b
Try it, all on this machine:       tiktok-events demo
Is everything fit for work?        tiktok-events doctor
Start a worker:                    tiktok-events worker
Hand over events from a file:      tiktok-events send events.ndjson
See what waits and what failed:    tiktok-events status
                                   tiktok-events dead list
"""


COMMANDS: Final = (
    "demo",
    "worker",
    "send",
    "status",
    "dead",
    "replays",
    "destinations",
    "erase",
    "audit",
    "spool",
    "explain",
    "sandbox",
    "doctor",
)


class Commands(click.Group):
    """Loads a command when it is asked for: Celery alone takes half a second to import.

    Shows our own errors as one sentence and exit code 1; a bug keeps its traceback.
    """

    def list_commands(self, _context: click.Context) -> list[str]:
        """Names, in the order a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """The command of that name, from the module of that name."""
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"worker.cli.{name}"), name)
        return command

    def invoke(self, context: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(context)
        except TikTokEventsError as error:
            click.echo(f"Error: {error}", err=True)
        except RedisError as error:
            click.echo(f"Error: Redis cannot be used: {error}", err=True)
        sys.exit(FAILED)


@click.group(
    cls=Commands,
    help=HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage. Settings: environment variables "
    "TIKTOK_EVENTS_…, see .env.example.",
)
@click.version_option(version("tiktok-events-worker"), prog_name="tiktok-events")
def main() -> None:
    """Hold the commands together."""
