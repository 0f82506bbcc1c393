"""`tiktok-events send`: hand over a file of events."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO, Final, cast

import click

from tiktok_events import Client, InvalidEvent, OutboxUnavailable
from tiktok_events.destination import EVENT_SOURCES
from tiktok_events.event import EventPreparer
from worker.cli import options
from worker.cli.terminal import Bar, counted, print_json
from worker.event_file import Entry, read_entries

SLICE: Final = 1_000
"""Events handed over in one atomic step."""

SHOWN: Final = 100
"""Refusals told for people; --json tells them all."""

HELP: Final = """Hand over the events in FILE, to be delivered by the workers.

FILE holds one JSON event per line, a JSON array, or one event; - reads standard input.
Match keys are hashed here, before anything leaves this process.

\b
A file:                  tiktok-events send orders.ndjson
All or nothing:          tiktok-events send --strict orders.ndjson
For another pixel:       tiktok-events send --event-source-id C0PIXEL orders.ndjson
One event by hand:
    echo '{"event": "Purchase", "user": {"email": "ann@example.com"},
           "properties": {"value": 59.98, "currency": "EUR"},
           "page": {"url": "https://shop.example/thanks"}}' | tiktok-events send -
From a database:
    psql -qtAc "select json_build_object('event', 'Purchase', 'event_id', id, …) …" |
      tiktok-events send -

An event that cannot be accepted is reported by its line, without its values, and the others
are handed over. Give every event its own event_id and event_time, so that the same file
may be sent again within 48 hours: TikTok counts each id once.

Handed over is not delivered: tiktok-events status, tiktok-events dead list.

Exit codes: 0 all handed over, 1 one was refused or Redis cannot be used, 2 wrong usage.
"""


@click.command("send", help=HELP)
@click.argument("file")
@click.option("--strict", is_flag=True, help="Hand over nothing if one event is refused.")
@click.option("--event-source-id", metavar="ID", help="Of events that name none.")
@options.as_json
def send(*, file: str, strict: bool, event_source_id: str | None, as_json: bool) -> None:
    """Hand over the events of a file."""
    with (
        _opened(file, seekable=strict) as stream,
        Client(event_source_id=event_source_id, on_failure="raise") as client,
    ):
        sending = Sending(client, _preparer(client, event_source_id), as_json=as_json)
        if strict:
            _check_all(sending, stream)
            stream.seek(0)
        if not (strict and sending.refused):
            _send_all(sending, stream)
    sending.end()
    if sending.refused:
        raise click.exceptions.Exit(1)


@contextmanager
def _opened(file: str, *, seekable: bool) -> Iterator[BinaryIO]:
    """The file; standard input is held in memory if it must be read twice."""
    try:
        opened = click.open_file(file, "rb")
    except OSError as error:
        raise click.ClickException(f"cannot read {file}: {error.strerror}") from error
    with opened as stream:
        if seekable and not (file != "-" and stream.seekable()):
            yield io.BytesIO(stream.read())
        else:
            yield cast("BinaryIO", stream)


def _preparer(client: Client, event_source_id: str | None) -> EventPreparer:
    """What the client will do with each event, to find those that it refuses."""
    settings = client.settings
    ids = {} if settings.pixel_code is None else {"web": settings.pixel_code}
    if event_source_id is not None:
        ids = dict.fromkeys(EVENT_SOURCES, event_source_id)
    return EventPreparer(ids, settings.default_region, settings.max_event_bytes)


@dataclass(slots=True)
class Sending:
    """What became of the events so far.

    Attributes:
        client: hands over.
        preparer: tells which events the client refuses.
        as_json: whether programs read the output.
        accepted: events handed over.
        refused: events that cannot be.
        last: the last entry that is dealt with.
    """

    client: Client
    preparer: EventPreparer
    as_json: bool
    accepted: int = 0
    refused: int = 0
    last: Entry | None = None

    def hand_over(self, entries: list[Entry], bar: Bar) -> None:
        """Hand over one slice, without what is refused."""
        events = [entry.event for entry in entries]
        try:
            # What is no event is refused like an event that is wrong.
            self.client.track_many(cast("list[dict[str, Any]]", events))
        except InvalidEvent:
            events = [entry.event for entry in entries if self.check(entry, bar)]
            self.client.track_many(cast("list[dict[str, Any]]", events))
        self.accepted += len(events)
        self.last = entries[-1]

    def check(self, entry: Entry, bar: Bar) -> bool:
        """Whether the client accepts it; a refusal is told and counted."""
        path, problem = "", entry.problem
        if entry.event is not None:
            try:
                self.preparer.prepare(entry.event)
            except InvalidEvent as error:
                path, problem = error.path, error.message
            else:
                return True
        self._tell(entry, path, problem, bar)
        self.refused += 1
        return False

    def end(self) -> None:
        """Print the counts."""
        if self.as_json:
            print_json({"accepted": self.accepted, "refused": self.refused})
            return
        if self.refused > SHOWN:
            click.echo(f"… and {self.refused - SHOWN:,} more; --json tells them all", err=True)
        click.echo(f"{counted(self.accepted, 'event')} handed over, {self.refused:,} refused.")
        if self.accepted:
            click.echo("Next: tiktok-events status")

    def _tell(self, entry: Entry, path: str, problem: str, bar: Bar) -> None:
        if self.as_json:
            print_json({entry.unit: entry.number, "path": path or None, "message": problem})
        elif self.refused < SHOWN:
            where = f"{path}: " if path else ""
            bar.say(f"{entry.unit} {entry.number:,}: {where}{problem}")


def _check_all(sending: Sending, stream: BinaryIO) -> None:
    with Bar("checking", _size(stream), sizes=True) as bar:
        for entry in read_entries(stream):
            sending.check(entry, bar)
            bar.advance(entry.size_bytes)


def _send_all(sending: Sending, stream: BinaryIO) -> None:
    with Bar("handing over", _size(stream), sizes=True) as bar:
        entries = read_entries(stream)
        while part := list(islice(entries, SLICE)):
            try:
                sending.hand_over(part, bar)
            except OutboxUnavailable as error:
                raise click.ClickException(f"{error}\n{_where(sending, part)}") from error
            bar.advance(sum(entry.size_bytes for entry in part))


def _where(sending: Sending, part: list[Entry]) -> str:
    """How far it came, for whoever sends the rest."""
    first, last = part[0], part[-1]
    done = "Nothing was handed over before."
    if sending.last is not None:
        done = f"All up to {sending.last.unit} {sending.last.number:,} is handed over."
    return (
        f"{done} Whether {first.unit}s {first.number:,} to {last.number:,} are is not known: "
        "sent again, they count once only if each has an event_id of its own."
    )


def _size(stream: Any) -> int | None:
    """Bytes there are to read, if anybody knows."""
    if isinstance(stream, io.BytesIO):
        return stream.getbuffer().nbytes
    try:
        return os.fstat(stream.fileno()).st_size or None
    except OSError:
        return None
