"""`tiktok-events redis`: the embedded server alone, for a first event and for tests."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import click

from tiktok_events.settings import ENVIRONMENT_PREFIX
from worker.local.embedded import EmbeddedServer, EmbeddedServerError
from worker.local.loopback import is_taken
from worker.runtime.starting import ended_by_signals

CHECK_EVERY_S: Final = 0.5

HELP: Final = """Run a Redis-compatible server on this machine.

It is the one of the demo: Valkey, with an append-only file, on 127.0.0.1 only. It runs until
Ctrl-C. Not for production: there, a server has an owner, a memory limit and a backup.

\b
Examples:
    tiktok-events redis
    tiktok-events redis --port 20379 --directory ./redis-data

Exit codes: 0 told to end, 1 the port is taken or the server ended, 2 wrong usage.
"""


@click.command("redis", help=HELP)
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=6_379,
    show_default=True,
    help="TCP port; the default is where every command looks.",
)
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where its data stay; without it they are gone in the end.",
)
def redis(*, port: int, directory: Path | None) -> None:
    """Run the server until a signal."""
    if is_taken(port):
        raise click.ClickException(
            f"port {port} is taken; a Redis may run there already. Another: --port {port + 1}"
        )
    with ended_by_signals(), EmbeddedServer(directory, port=port) as server:
        click.echo(f"export {ENVIRONMENT_PREFIX}REDIS_URL={server.url}", err=True)
        click.echo("It runs until Ctrl-C.", err=True)
        while server.running:
            time.sleep(CHECK_EVERY_S)
        raise EmbeddedServerError("the server ended")
