"""What all commands share on a terminal: width, colour, questions, and figures for people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, Self

import click
import orjson
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from worker.reporting.stored import LATEST, is_timestamp

WIDTH: Final = 100
"""The width where the output is no terminal: it fits a ticket and a log."""

GAP: Final = 2
"""Blanks between two columns of a table."""

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "m"))


def console(*, stderr: bool = False) -> Console:
    """Where a command prints: as wide as the terminal, coloured only on one."""
    found = Console(stderr=stderr, highlight=False)
    if not found.is_terminal:
        found.width = WIDTH
    return found


def plain_table(*headings: str) -> Table:
    """A table without lines: more room for what is in it, easy to copy from."""
    return Table(*headings, box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")


def facts_table(facts: Iterable[tuple[str, str]]) -> Table:
    """Names and what they stand for, one line each; long ones are folded."""
    table = plain_table()
    table.show_header = False
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(name, cell(value))
    return table


def print_json(value: Any) -> None:
    """Print one JSON object on one line."""
    click.echo(orjson.dumps(value))


def confirm(question: str, *, yes: bool) -> None:
    """Ask, unless `yes`; the question goes to stderr, so that --json stays clean.

    Raises:
        click.ClickException: the answer is no, or nobody can answer.
    """
    if yes:
        return
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort:
        click.echo(err=True)
        raise click.ClickException("nobody answered; give --yes to do it unasked") from None
    if not agreed:
        raise click.ClickException("nothing was done")


class Bar:
    """What a long command is doing: a bar on stderr while that is a terminal.

    Args:
        label: what is being done.
        total: how many steps there are; `None` when nobody knows.
        sizes: whether steps are bytes.
    """

    def __init__(self, label: str, total: float | None, *, sizes: bool = False) -> None:
        self._console = console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn() if sizes else MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task(label, total=total)

    def advance(self, steps: float = 1) -> None:
        """Some steps are done."""
        self._progress.advance(self._task, steps)

    def reach(self, steps: float) -> None:
        """So many steps are done in all."""
        self._progress.update(self._task, completed=steps)

    def say(self, text: str) -> None:
        """Print a line on stderr, above the bar."""
        self._console.print(cell(text), soft_wrap=True)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._progress.stop()


def cell(text: str, limit: int | None = None, *, style: str = "") -> Text:
    """Return foreign text for a table: without markup or control characters, cut at `limit`."""
    return Text(printable(text, limit), style=style)


def printable(text: str, limit: int | None = None) -> str:
    """Return text without control characters, cut at `limit` characters."""
    if limit is not None and len(text) > limit:
        text = f"{text[: limit - 1]}…"
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def cut_middle(text: str, limit: int) -> str:
    """Cut the middle and keep both ends: ids differ at the end, destinations at the start."""
    if len(text) <= limit:
        return text
    head = (limit - 1) // 2
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


def fitted(text: str, width: int, *, middle: bool = False) -> str:
    """Foreign text in exactly so many columns, cut or filled up.

    Args:
        text: as it is.
        width: columns, at least 2.
        middle: whether to keep both ends of what is too long.
    """
    clean = printable(text)
    if cell_len(clean) <= width:
        return set_cell_size(clean, width)
    tail = (width - 1) // 2 if middle else 0
    end = set_cell_size(clean[::-1], tail)[::-1] if tail else ""
    return set_cell_size(f"{set_cell_size(clean, width - 1 - tail)}…{end}", width)


def counted(number: int, noun: str) -> str:
    """A number and its noun: `1 event`, `1,204 events`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def age(seconds: float) -> str:
    """A duration in its largest unit: `45s`, `12m`, `5h`, `3d`; `?` when it is none."""
    if not abs(seconds) <= LATEST:  # also what is no number at all
        return "?"
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(int(seconds), 0)}s"


def until(timestamp: float, now: float, *, past: str) -> str:
    """How long until a timestamp, as `in 5h`; `past` when it is over. Both Unix seconds."""
    return past if timestamp <= now else f"in {age(timestamp - now)}"


def utc(timestamp: float) -> str:
    """A timestamp (Unix seconds) as `2026-11-22 14:03:11 UTC`; junk as the number it is."""
    if not is_timestamp(timestamp):
        return f"no date: {timestamp:.10g}"
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M:%S} UTC"
