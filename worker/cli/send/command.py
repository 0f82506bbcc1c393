"""`tiktok-events send`: hand over a file of events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import click

from tiktok_events.event.prepare import EventPreparer, PreparedEvent
from tiktok_events.outbox.outbox import Appender
from tiktok_events.outbox.store import Store
from tiktok_events.producer import default_ids
from tiktok_events.settings import ClientSettings
from worker.cli import options
from worker.cli.reading import reading_options
from worker.cli.send.options import (
    AUTO,
    MAX,
    Order,
    read_rate,
    read_values,
)
from worker.cli.send.report import Report
from worker.cli.store import open_store
from worker.cli.terminal import Bar
from worker.files.event_file import Entry
from worker.files.event_table import UnusableTable
from worker.files.handover import Append, Preparation, Sending
from worker.files.input_file import STANDARD_INPUT, InputFile, opened
from worker.files.pace import CarefulPace, FullSpeed, Pace, SteadyPace, waiting_in
from worker.files.progress import SendProgress, SentBefore
from worker.files.reading import Contents, contents_of

HELP: Final = """Hand over the events in FILE to be delivered.

FILE holds one JSON event per line, a JSON array, one event, or a table with a column for each
field: CSV of any program, the first sheet of an .xlsx, or TikTok's template for offline events;
packed with gzip, or alone in a zip, or not. - reads standard input.
Match keys are hashed here, before anything leaves this process.

\b
A file:                  tiktok-events send orders.ndjson
After a kill, the rest:  tiktok-events send --resume orders.ndjson
All or nothing:          tiktok-events send --strict orders.ndjson
For another pixel:       tiktok-events send --event-source-id C0PIXEL orders.ndjson
What was refused, why:   tiktok-events send --errors refused.ndjson orders.ndjson
A table whose columns are called event_id, user.email, properties.value, …:
    tiktok-events send --set event=Purchase orders.csv
A table with other names:
    tiktok-events send --set event=Purchase --set properties.currency=EUR \\
      --map event_id=order_no --map user.email=mail --map properties.value=total export.csv.gz
Times without a time zone, as Excel writes them:
    tiktok-events send --time-zone Europe/Berlin orders.xlsx
One event by hand, which happens now:
    echo '{"event": "Purchase", "user": {"email": "ann@example.com"},
           "properties": {"value": 59.98, "currency": "EUR"},
           "page": {"url": "https://shop.example/thanks"}}' | tiktok-events send --now -
From a database:
    psql -qtAc "select json_build_object('event', 'Purchase', 'event_id', id, …) …" |
      tiktok-events send -

An event that cannot be accepted is reported by its line, without its values, and the others
are handed over. One without event_time is refused too, unless --now is given. In a table, a
list such as properties.contents is a JSON column, and event_time is Unix seconds or a date.

How far a file has come is noted in the same step that hands its events over, so that --resume
repeats none, whenever the run was killed. An event of a file that has no event_id gets one from
the content of the file and its place there: sent again within 48 hours, it counts once.
What is read from standard input should have an event_id of its own.

Live traffic does not wait behind a file: by default no more is handed over than the workers
deliver. When nothing has been delivered for two seconds, because no worker runs or the
destination is parked, the rest is handed over at once, until deliveries resume.
--rate 500 hands over 500 events a second, --rate max everything at once.

Handed over is not delivered: tiktok-events status, tiktok-events dead list.

Exit codes: 0 all handed over, 1 one was refused or Redis cannot be used, 2 wrong usage.
"""


NO_TIMES: Final = (
    "no column says when the events happened; name it with --map event_time=COLUMN, or give --now "
    "if they happen now"
)


@click.command("send", help=HELP)
@click.argument("file")
@click.option("--strict", is_flag=True, help="Hand over nothing if one event is refused.")
@click.option("--resume", is_flag=True, help="Go on where the last run on this file ended.")
@reading_options
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="FIELD=VALUE",
    callback=read_values,
    help="Set this field in every event, whatever the file says. Repeatable.",
)
@click.option("--now", is_flag=True, help="Events without a time happen now.")
@click.option("--event-source-id", metavar="ID", help="For events that name none.")
@click.option(
    "--rate",
    default=AUTO,
    show_default=True,
    metavar=f"N|{AUTO}|{MAX}",
    callback=read_rate,
    help="Events a second.",
)
@click.option(
    "--errors",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write what is refused there: one JSON object a line, without values.",
)
@options.as_json
def send(**given: Any) -> None:
    """Hand over the events of a file."""
    order = Order(**given)
    order.check()
    report = Report(order.file, as_json=order.as_json)
    with opened(order.file, again=order.strict) as source:
        work = Work(order, source, ClientSettings.load(), report)
        if order.strict:
            work.check_all()
        if not report.refused:
            work.send_all()
    report.end()
    if report.any_refused:
        raise click.exceptions.Exit(1)


class Work:
    """One file, to be checked and handed over.

    Args:
        order: what was asked for.
        source: the file.
        settings: where the outbox is, and the limits.
        report: is told what happens.
    """

    def __init__(
        self, order: Order, source: InputFile, settings: ClientSettings, report: Report
    ) -> None:
        self._order = order
        self._source = source
        self._settings = settings
        self._report = report
        self._resumable = source.repeatable and order.file != STANDARD_INPUT
        self._ids = default_ids(order.event_source_id, settings.pixel_code)
        self._digest = self._read_digest() if self._resumable else None

    def check_all(self) -> None:
        """Find all that would be refused."""
        preparation = self._preparation()
        with (
            self._report.writing(self._order.errors),
            self._bar("checking") as bar,
            self._contents() as contents,
        ):
            for entry in self._entries(contents, bar, after=0):
                preparation.prepare(entry)

    def send_all(self) -> None:
        """Hand over, slice after slice."""
        with (
            open_store(self._settings) as store,
            closing(self._appender(store)) as appender,
            self._bar("handing over") as bar,
        ):
            append, before = self._begin(store, appender)
            # In strict mode all was told before.
            errors = None if self._order.strict else self._order.errors
            sending = Sending(append, self._pace(store), self._report.flush)
            with (
                self._report.writing(errors, before.done),
                self._report.telling(sending),
                self._contents() as contents,
            ):
                entries = self._entries(contents, bar, after=before.done)
                slices = self._preparation().slices(entries, before.begun)
                for part in sending.hand_over(slices):
                    bar.advance(self._source.moved(part.size_bytes))

    def _appender(self, store: Store) -> Appender:
        return Appender(
            store.redis,
            linger_ms=self._settings.linger_ms,
            rings=self._settings.rings,
            shards=store.shards,
        )

    def _begin(self, store: Store, appender: Appender) -> tuple[Append, SentBefore]:
        if self._digest is None:
            return _unnoted(appender), SentBefore()
        progress = SendProgress(
            store,
            self._work_digest(),
            linger_ms=self._settings.linger_ms,
            rings=self._settings.rings,
        )
        resume = self._order.resume
        with self._report.telling(None):
            before = progress.begin(resume=resume)
        self._report.begin(before, resume=resume)
        return progress.append, before if resume else SentBefore()

    @contextmanager
    def _contents(self) -> Iterator[Contents]:
        """What the file holds, open until whoever reads it has ended."""
        with contents_of(self._source, self._order.reading, self._report.guessed) as contents:
            self._check_columns(contents)
            yield contents

    def _entries(self, contents: Contents, bar: Bar, *, after: int) -> Iterator[Entry]:
        for entry in contents.entries:
            if entry.number > after:
                yield entry
            else:
                bar.advance(self._source.moved(entry.size_bytes))

    def _check_columns(self, contents: Contents) -> None:
        """Refuse a table that says of no event what happened, or when."""
        if contents.fields is None:
            return
        given = {*contents.fields, *(field.dotted for field, _ in self._order.values)}
        if "event" not in given:
            raise UnusableTable("no column is event; give --set event=Purchase, or the like")
        if "event_time" not in given and not self._order.now:
            raise UnusableTable(NO_TIMES)
        self._report.left_out(contents.left_out)

    def _preparation(self) -> Preparation:
        settings = self._settings
        preparer = EventPreparer(
            self._ids,
            settings.default_region,
            settings.max_event_bytes,
            strip=settings.strip_url_parameters or frozenset(),
            user_keys=settings.user_keys or frozenset(),
        )
        refuse, values = self._report.refuse, self._order.values
        return Preparation(
            preparer,
            refuse,
            values,
            self._digest,
            self._order.slice_entries,
            needs_time=not self._order.now,
        )

    def _pace(self, store: Store) -> Pace:
        rate = self._order.rate
        if isinstance(rate, float):
            return SteadyPace(rate)
        if rate == MAX:
            return FullSpeed()
        return CarefulPace(waiting_in(store), self._report.idle)

    def _read_digest(self) -> str:
        with self._bar("reading") as bar:
            return self._source.digest(bar.advance)

    def _work_digest(self) -> str:
        """Other events out of the same file are other work."""
        made_of = repr((self._digest, self._order.makes, sorted(self._ids.items())))
        return blake2b(made_of.encode(), digest_size=16).hexdigest()

    def _bar(self, label: str) -> Bar:
        bar = Bar(label, self._source.size_bytes, sizes=True)
        self._report.say = bar.say
        return bar


def _unnoted(appender: Appender) -> Append:
    """Standard input cannot be read again, so there is nothing to go on behind."""

    def append(events: Sequence[PreparedEvent], *, done: int, refused: int) -> None:
        del done, refused
        appender.append(events)

    return append
