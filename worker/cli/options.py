"""Options and values that several commands take."""

from __future__ import annotations

from typing import Any, Final

import click

from tiktok_events.destination import Destination
from tiktok_events.errors import InvalidDestination
from worker.dead_letters import Reason

as_json: Final = click.option(
    "--json", "as_json", is_flag=True, help="For programs: one JSON object per line."
)
yes: Final = click.option("--yes", is_flag=True, help="Do not ask.")
dry_run: Final = click.option("--dry-run", is_flag=True, help="Say what would be done, do nothing.")


def destination_key(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    """Callback of a parameter that names a destination: its key, spelled as in Redis.

    Raises:
        click.BadParameter: it is no such word.
    """
    if value is None:
        return None
    try:
        return Destination.from_key(value).key
    except InvalidDestination as error:
        raise click.BadParameter(
            f"write event_source:event_source_id, such as web:C0PIXEL ({error})"
        ) from error


def letter_filters(command: Any) -> Any:
    """The options that choose dead letters by what they have in common."""
    reasons = click.Choice([reason.value for reason in Reason])
    for option in (
        click.option("--event", metavar="NAME", help="Only events of this name."),
        click.option(
            "--destination",
            callback=destination_key,
            metavar="DEST",
            help="Only of this destination.",
        ),
        click.option("--reason", type=reasons, help="Only those that died of this."),
    ):
        command = option(command)
    return command
