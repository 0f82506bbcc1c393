"""The command `tiktok-events explain`: what becomes of an event and its match keys, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click
import orjson
from rich.table import Table
from rich.text import Text

from tiktok_events.errors import InvalidSetting
from tiktok_events.event.match_keys import KeyOutcome, check_region
from worker.cli import options
from worker.cli.reading import reading_options
from worker.cli.terminal import cell, console, print_json
from worker.files.explain import (
    EventExplanation,
    event_as_json,
    explain_event,
    is_digest,
    mask_event,
)
from worker.files.input_file import opened
from worker.files.outlook import FieldOutcome
from worker.files.reading import Reading, contents_of
from worker.letters.file import FORMAT as LETTER_FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiktok_events.event.explanation import KeyExplanation
    from worker.files.event_file import Entry

_KEY_WIDTH: Final = 14
_OUTCOME_WIDTH: Final = 10
_PREPARED_WIDTH: Final = 18
_SENT_WIDTH: Final = 14

# A digest's ends tell two of them apart and keep the table narrow.
_DIGEST_START_CHARS: Final = 8
_DIGEST_END_CHARS: Final = 4

# Of a user agent or click id, the table shows no more; --json has all of it.
_CELL_CHARS: Final = 160

_STYLES: Final = {
    KeyOutcome.HASHED: "green",
    KeyOutcome.PASSED: "green",
    KeyOutcome.NORMALISED: "green",
    KeyOutcome.UNTOUCHED: "",
    KeyOutcome.RENAMED: "yellow",
    KeyOutcome.DROPPED: "yellow",
}

_OUTCOME_STYLES: Final = {
    FieldOutcome.NOT_SENT: "bold red",
    FieldOutcome.LEFT_OUT: "yellow",
    FieldOutcome.MENDED: "green",
    FieldOutcome.AS_IT_IS: "",
}

HELP: Final = """Tell what becomes of each match key and field in FILE.

FILE is read as `tiktok-events send` reads it: JSON, CSV or .xlsx; - reads standard input.
Nothing is enqueued and nothing is sent.

\b
Why does this event match nobody?
    tiktok-events explain event.json

\b
Numbers without country code are German:
    tiktok-events explain --region DE orders.ndjson

\b
One event from the shell, personal values readable:
    echo '{"user": {"email": " Ann@Example.com "}}' |
      tiktok-events explain --show-values -

\b
All digests, for a comparison with the Pixel's:
    tiktok-events explain --json orders.ndjson | jq '.keys[].sent'

\b
What became of a key:
    hashed      prepared, then SHA-256
    passed      a SHA-256 digest already, sent in lower case
    normalised  prepared and sent plain, as TikTok wants this key
    untouched   no match key to prepare, sent as it is
    renamed     no key of TikTok's, read as the one that it means
    dropped     left out, because nothing usable was in it, or TikTok knows no such key

\b
What became of any other field, where it does not go out as it is:
    mended      it has one safe reading, and that is sent
    left out    it has none; the conversion is sent without it
    not sent    the conversion cannot be sent because of it
    as it is    sent unchanged, and worth a look

Personal values are masked (a•••@e•••.com) unless --show-values is given.

Exit codes: 0 explained, 1 FILE or an event of it cannot be read, 2 a wrong option.
"""


def read_region(text: str | None) -> str | None:
    """Return the region that ``--region`` names, ``None`` where it is not given.

    Raises:
        click.BadParameter: it is no region.
    """
    try:
        return check_region(text) if text else None
    except InvalidSetting as error:
        raise click.BadParameter(str(error)) from error


@click.command("explain", help=HELP)
@click.argument("file")
@click.option(
    "--region",
    metavar="DE",
    envvar="TIKTOK_EVENTS_DEFAULT_REGION",
    show_envvar=True,
    callback=lambda _context, _option, text: read_region(text),
    help="Where phone numbers without country code are at home.",
)
@click.option("--show-values", is_flag=True, help="Do not mask personal values.")
@reading_options
@options.as_json
def explain(
    *, file: str, region: str | None, show_values: bool, reading: Reading, as_json: bool
) -> None:
    """Explain every event of the file, as it is read."""
    number, failed = 0, False
    for entry in _entries(file, reading):
        if entry.event is None:
            where = f"{entry.path}: " if entry.path else ""
            _say_problem(file, f"{entry.unit} {entry.number:,}: {where}{entry.problem}")
            failed = True
            continue
        number += 1
        explained = explain_event(number, event_of(entry.event), region)
        shown = explained if show_values else mask_event(explained)
        _print_json(shown) if as_json else _print_tables(shown)
    if failed:
        raise click.exceptions.Exit(1)


def event_of(given: dict[str, Any]) -> dict[str, Any]:
    """The event itself; of a line that `dead export` wrote, the event of the letter."""
    body = given.get("body")
    if given.get("format") != LETTER_FORMAT or not isinstance(body, dict):
        return given
    source, _, rest = str(given.get("destination")).partition(":")
    return {**body, "event_source": source, "event_source_id": rest.partition(":")[0]}


def _entries(file: str, reading: Reading) -> Iterator[Entry]:
    def tell(sentence: str) -> None:
        click.echo(f"{file}: {sentence}", err=True)

    with opened(file) as source, contents_of(source, reading, tell) as contents:
        empty = True
        for entry in contents.entries:
            empty = False
            yield entry
    if empty:
        _say_problem(file, "there is no event in it")


def _say_problem(file: str, problem: str) -> None:
    click.echo(f"Error: {file}: {problem}", err=True)


def _print_json(event: EventExplanation) -> None:
    print_json(event_as_json(event))


def _print_tables(event: EventExplanation) -> None:
    out = console()
    out.print(_heading(event))
    if event.keys:
        out.print(_key_table(event))
    if event.remark:
        out.print(_printable(event.remark))
    if event.fields:
        out.print(_field_table(event))
    out.print()


def _heading(event: EventExplanation) -> Text:
    name = event.event or "no event name"
    event_id = f" · {event.event_id}" if event.event_id else ""
    return cell(f"event {event.number}: {name}{event_id}", _CELL_CHARS, style="bold")


def _key_table(event: EventExplanation) -> Table:
    table = Table(show_lines=False, expand=False)
    table.add_column("key", width=_KEY_WIDTH, overflow="fold")
    table.add_column("became", width=_OUTCOME_WIDTH)
    table.add_column("prepared", width=_PREPARED_WIDTH, overflow="fold")
    table.add_column("sent", width=_SENT_WIDTH, overflow="fold")
    table.add_column("why", overflow="fold")
    for key in event.keys:
        table.add_row(*_row(key))
    return table


def _field_table(event: EventExplanation) -> Table:
    table = Table(show_lines=False, expand=False)
    table.add_column("field", overflow="fold")
    table.add_column("became", width=_OUTCOME_WIDTH)
    table.add_column("why", overflow="fold")
    for one in event.fields:
        outcome = Text(one.outcome.value, style=_OUTCOME_STYLES[one.outcome])
        table.add_row(_printable(one.path or "the event"), outcome, _printable(one.reason))
    return table


def _row(key: KeyExplanation) -> list[Text]:
    name = key.key if key.position is None else f"{key.key}[{key.position}]"
    return [
        _printable(name),
        Text(key.outcome.value, style=_STYLES[key.outcome]),
        _printable(key.prepared or ""),
        _printable(_shortened(key.sent)),
        _printable(key.reason),
    ]


def _shortened(sent: Any) -> str:
    """Return what is sent as a cell of the table."""
    if sent is None:
        return ""
    if is_digest(sent):
        return f"{sent[:_DIGEST_START_CHARS]}…{sent[-_DIGEST_END_CHARS:]}"
    return sent if isinstance(sent, str) else orjson.dumps(sent).decode()


def _printable(text: str) -> Text:
    return cell(text, _CELL_CHARS)
