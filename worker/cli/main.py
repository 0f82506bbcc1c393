"""The group of all commands."""

from __future__ import annotations

import logging
from typing import Any, Final

import click

from worker.cli.commands import Commands, Sign

HELP: Final = """Deliver conversions to TikTok's Events API.

\b
Try it, all on this machine:       tiktok-events demo
Is everything fit for work?        tiktok-events doctor
Start a worker:                    tiktok-events worker
Hand over events from a file:      tiktok-events send events.ndjson
See what waits and what failed:    tiktok-events status
                                   tiktok-events dead list
"""


COMMANDS: Final = {
    "demo": "Run everything on this machine and deliver a sample stream.",
    "worker": "Start a worker; run as many as you like, on any machine.",
    "serve": "Serve the console, metrics and probes over HTTP.",
    "send": "Hand over the events in FILE to be delivered.",
    "status": "Show what waits, and how each destination is doing.",
    "trace": "Tell what became of an event, why, and what to do.",
    "figures": "Show what was accepted, delivered and died, by hour or day.",
    "quality": "Show how well events can be matched, and what is at risk.",
    "dead": "Look after dead letters: find, repair, replay, purge them.",
    "replays": "See how far replays are, pause, resume and cancel them.",
    "destinations": "See destinations, park and resume them.",
    "erase": "Erase one person's events that wait or are dead.",
    "audit": "Show who parked, repaired, replayed, purged or erased what.",
    "spool": "Look after events that wait on this machine for Redis.",
    "explain": "Tell what becomes of each match key and field in FILE.",
    "sandbox": "Simulate TikTok's Events API 2.0 on this machine.",
    "redis": "Run a Redis-compatible server on this machine.",
    "doctor": "Check that everything is fit for work, and say what to do.",
}
"""The commands, in the order in which a newcomer needs them."""

ROOMS: Final = frozenset({"dead", "send", "doctor"})
"""Commands with a package of their own: they stand in its module `command`."""


def place_of(name: str) -> str:
    """Where a command is, as `module:attribute`."""
    if name == "sandbox":
        return "tiktok_events_sandbox.command:sandbox"
    module = f"{name}.command" if name in ROOMS else name
    return f"worker.cli.{module}:{name}"


class Program(Commands):
    """The group of all commands; each has a module of its name."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Names, in the order of `COMMANDS`."""
        return list(COMMANDS)

    def invoke(self, context: click.Context) -> Any:
        """Run a command."""
        from worker.cli.failures import (  # noqa: PLC0415 — because help needs no Redis
            told_in_a_sentence,
        )

        # What the client says of fields goes to an application's log; `explain` says it here.
        logging.getLogger("tiktok_events").addHandler(logging.NullHandler())
        with told_in_a_sentence():
            return super().invoke(context)


@click.group(
    cls=Program,
    commands=[Sign(name, sentence, place_of(name)) for name, sentence in COMMANDS.items()],
    help=HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage. Settings: environment variables "
    "TIKTOK_EVENTS_…, see .env.example.",
)
@click.version_option(package_name="tiktok-events-worker", prog_name="tiktok-events")
def main() -> None:
    """Group the commands."""
