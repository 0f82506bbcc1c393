"""Options and values that several commands take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields, replace
from functools import wraps
from typing import Any, BinaryIO, Final

import click

from tiktok_events.errors import InvalidDestination
from tiktok_events.event.destination import EVENT_SOURCES, Destination
from worker.cli.labelled import labels
from worker.cli.terminal import printable
from worker.letters.filter import LetterFilter
from worker.letters.letter import Reason, field_of
from worker.reporting.timestamp import parse_timestamp

as_json: Final = click.option(
    "--json", "as_json", is_flag=True, help="For programs: one JSON object per line."
)
yes: Final = click.option("--yes", is_flag=True, help="Do not ask.")
STDIN: Final = "<stdin>"
"""The name that click gives standard input."""

dry_run: Final = click.option("--dry-run", is_flag=True, help="Say what would be done, do nothing.")


def destination_key(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    """Callback of a parameter that names a destination, by its label or its key: the key.

    Raises:
        click.BadParameter: it is no such word.
    """
    if value is None:
        return None
    try:
        return Destination.from_key(value).key
    except InvalidDestination as error:
        if key := labels().key_of(value):
            return key
        raise click.BadParameter(
            f"write event_source:event_source_id, such as web:C0PIXEL, or a label ({error})"
        ) from error


def is_text(_context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
    """Callback of a parameter that takes words: the same words.

    Raises:
        click.BadParameter: a word has bytes that are not UTF-8, which no id has.
    """
    for word in [value] if isinstance(value, str) else value:
        if not word.isascii() and word != word.encode(errors="replace").decode():
            raise click.BadParameter(f"not UTF-8: {printable(word)}")
    return value


def need_an_answer(file: BinaryIO | None, *, answered: bool) -> None:
    """Refuse standard input as a file where a question is to be answered on it.

    Raises:
        click.UsageError: nothing answers it beforehand.
    """
    if file is not None and getattr(file, "name", STDIN) == STDIN and not answered:
        raise click.UsageError("standard input cannot answer the question as well; give --yes")


def letter_filters(command: Callable[..., None]) -> Any:
    """The options that choose dead letters; the command gets them as `wanted`."""

    @wraps(command)
    def with_filter(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in _FILTERED}
        command(wanted=LetterFilter(**chosen), **given)

    decorated: Any = with_filter
    for option in reversed(_FILTERS):
        decorated = option(decorated)
    return decorated


def letter_choice(command: Callable[..., None]) -> Any:
    """The ways to choose dead letters to do something with; the command gets a `selection`.

    By ids, by filters or `--all`: exactly one of them, because nothing is not everything.
    """

    @wraps(command)
    def with_selection(
        *, ids: tuple[str, ...], wanted: LetterFilter, every: bool, **given: Any
    ) -> None:
        if [bool(ids), wanted.narrows, every].count(True) != 1:
            raise click.UsageError(
                "choose by IDs, or by filters such as --reason, or --all; "
                "`tiktok-events dead list` shows what there is"
            )
        command(selection=replace(wanted, ids=ids), **given)

    with_all = click.option("--all", "every", is_flag=True, help="Every dead letter.")
    with_ids = click.argument("ids", nargs=-1, metavar="[ID]...", callback=is_text)
    return with_ids(letter_filters(with_all(with_selection)))


def _destination_or_none(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    return "" if value == "none" else destination_key(context, parameter, value)


def _field(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    return value and field_of(value)


def timestamp(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> float | None:
    """Callback of a parameter that is a point in time: Unix seconds.

    Raises:
        click.BadParameter: it is none.
    """
    try:
        return None if value is None else parse_timestamp(value, time.time())
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


_FILTERS: Final = (
    click.option(
        "--reason",
        type=click.Choice([reason.value for reason in Reason]),
        metavar="REASON",
        help="Died for this reason: " + ", ".join(Reason) + ".",
    ),
    click.option("--code", type=int, metavar="N", help="Refused by the API with this code."),
    click.option(
        "--field",
        callback=_field,
        metavar="PATH",
        help="This field was wrong: properties.contents[].price.",
    ),
    click.option("--event", metavar="NAME", help="Events of this name."),
    click.option(
        "--destination",
        callback=_destination_or_none,
        metavar="DEST",
        help="Of this destination; `none`: of letters without one.",
    ),
    click.option(
        "--source",
        type=click.Choice(EVENT_SOURCES),
        metavar="SOURCE",
        help="Of this event source: " + ", ".join(EVENT_SOURCES) + ".",
    ),
    click.option(
        "--since", callback=timestamp, metavar="WHEN", help="Died since: 2h, 3d, 2026-11-22T14:30."
    ),
    click.option("--until", callback=timestamp, metavar="WHEN", help="Died before."),
    click.option(
        "--ambiguous/--not-ambiguous",
        default=None,
        help="May have been accepted unseen, or surely not.",
    ),
    click.option(
        "--recoverable/--not-recoverable",
        default=None,
        help="Can still be sent, or is too old.",
    ),
    click.option("--event-id", metavar="ID", help="Of the event with this event_id."),
    click.option("--text", metavar="TEXT", help="In the message or the field, whatever the case."),
)
_FILTERED: Final = tuple(field.name for field in fields(LetterFilter) if field.name != "ids")
