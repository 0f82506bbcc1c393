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
    "demo": "Run everything on this machine and deliver a stream of conversions.",
    "worker": "Start a worker; run as many as you like, on as many machines as you like.",
    "serve": "Answer over HTTP: probes for an orchestrator, figures for machines, a console.",
    "send": "Hand over the events in FILE, to be delivered by the workers.",
    "status": "Show how many events are where, and what each destination is doing.",
    "trace": "Tell what became of an event: where it is, why, and what to do.",
    "figures": "Show what was accepted, delivered and died, by the hour or the day.",
    "quality": "Show how well events can be matched, and what value is at risk of being lost.",
    "dead": "Look after dead letters: events that are not sent again unless you say so.",
    "replays": "See how far replays are, pause, resume and cancel them.",
    "destinations": "See destinations, park and resume them.",
    "erase": "Erase one person's events that wait or are dead; those of others stay.",
    "audit": "Show who parked, resumed, repaired, replayed, purged or erased what.",
    "spool": "Look after the spool: events that wait on this machine for Redis.",
    "explain": "Tell how each match key in FILE is prepared, and what else of an event is changed.",
    "sandbox": "Simulate TikTok's Events API 2.0 on this machine.",
    "redis": "Run a Redis-compatible server on this machine, to try things out.",
    "doctor": "Check settings, Redis, broker, workers and destinations, and say what to do.",
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
