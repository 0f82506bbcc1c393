"""`tiktok-events serve`: answer machines and people over HTTP; and make tokens for them."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Final

import click

from worker.runtime.starting import ended_by_signals
from worker.serving.tokens import NAME, NAME_RULE, SETTING, Role, make_token
from worker.settings import Settings

NEEDED: Final = (
    "starlette",
    "uvicorn",
    "jinja2",
    "prometheus_client",
    "itsdangerous",
    "python_multipart",
)
"""What the extra brings."""

HELP: Final = """Serve the console, metrics and probes over HTTP.

\b
On this machine only:        tiktok-events serve
A token for Prometheus:      tiktok-events serve token prometheus --role view
For other machines as well:  tiktok-events serve --host 0.0.0.0

It keeps nothing: all is read from Redis, so several may run. Without
TIKTOK_EVENTS_SERVE_TOKENS_FILE it listens on this machine only, and whoever is there may look,
but not do anything.

\b
/           the console, for a browser
/live       this process lives; needs no token
/ready      it has read Redis lately; needs no token
/metrics    figures for Prometheus
/scale      how many workers are wanted, and why
/status     what `tiktok-events status --json` says

SIGTERM or Ctrl-C ends it, after what it is just answering.

Exit codes: 0 told to end, 1 refused to start, 2 wrong usage.
"""

MAKING_HELP: Final = """Make a token for NAME, and print it once.

\b
Examples:
  tiktok-events serve token prometheus --role view
  tiktok-events serve token jo@shop --role edit --replace

Its digest is noted in TIKTOK_EVENTS_SERVE_TOKENS_FILE, whose lines are: name, role, digest. Who
deletes a line takes that token back at once. What is done with a token is in the audit under NAME.

\b
view      see everything but personal data
operate   and park, resume, replay, pause, cancel
edit      and edit, purge, export and import dead letters, and see their match keys
erase     and erase people's events

Exit codes: 0 made, 1 the file cannot be used, 2 wrong usage.
"""


@click.group("serve", help=HELP, invoke_without_command=True)
@click.option("--host", help="The address to listen at.  [default: TIKTOK_EVENTS_SERVE_HOST]")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help="The TCP port; 0 takes a free one.  [default: TIKTOK_EVENTS_SERVE_PORT]",
)
@click.pass_context
def serve(context: click.Context, *, host: str | None, port: int | None) -> None:
    """Answer until a signal, unless a token is to be made."""
    if context.invoked_subcommand is not None:
        return
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise click.ClickException(
            f"{', '.join(missing)} cannot be imported: `serve` is an extra. "
            "From a checkout: python -m pip install -r requirements/serve.txt"
        )
    settings = Settings.load(serve_host=host, serve_port=port)
    with ended_by_signals():
        from worker.serving.server import (  # noqa: PLC0415 — because it is an extra
            serve as answer,
        )

        answer(settings)
        sys.exit(0)


@serve.command("token", help=MAKING_HELP)
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="What they may do.",
)
@click.option("--replace", is_flag=True, help="Take the present token of NAME back.")
def token(*, name: str, role: str, replace: bool) -> None:
    """Make a token."""
    if not NAME.fullmatch(name):
        raise click.BadParameter(f"must be {NAME_RULE}", param_hint="NAME")
    path = Settings.load().serve_tokens_file
    if path is None:
        raise click.ClickException(f"{SETTING} must be given: where the digests of tokens stand")
    try:
        made = make_token(path, name, Role(role), replace=replace)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from error
    click.echo(made)
    click.echo(f"{path} has its digest; the token itself is shown this once.", err=True)
